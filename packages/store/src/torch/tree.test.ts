import { expect, test } from "vitest";
import { failing } from "../errors.ts";
import { memorySource } from "../files/byte_source.ts";
import type { OpenedFile } from "../formats/format.ts";
import { plainElements } from "../tensors/elements.ts";
import { PickledDict, PickledTuple } from "./pickle.ts";
import { plainTree } from "./tree.ts";
import { PickledClass, PickledStorage, PickledTensor } from "./world.ts";

const fail = failing("load", "a.pt", "PyTorch");
const elements = plainElements("torch.float32", "float32", 4);
const storage = new PickledStorage("0", elements, 24, 0);
const place = { source: memorySource(new Uint8Array(24), "a"), from: 0, bytes: 24, crc: null };

function tree(value: unknown): OpenedFile {
  return plainTree(value, { placeOf: () => place, bigEndian: false }, false, fail);
}

function dict(...entries: [unknown, unknown][]): PickledDict {
  const made = new PickledDict();
  for (const [key, value] of entries) made.entries.set(key, value);
  return made;
}

const view = (shape: number[], strides: number[], offset = 0): PickledTensor =>
  new PickledTensor(storage, elements, offset, shape, strides);

test("dicts of other keys become maps, and what is shared stays shared", () => {
  const shared = [1];
  const state = tree(dict(["a", shared], [2, shared], ["map", dict([new PickledTuple([1, 2]), "x"], [1.5, "y"])]))
    .state!([]);
  expect(state).toEqual({ a: [1], 2: [1], map: new Map<unknown, unknown>([[[1, 2], "x"], [1.5, "y"]]) });
  expect((state as Record<string, unknown>)["a"]).toBe((state as Record<string, unknown>)["2"]);
});

test("what would be a tree without end is refused", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  expect(() => tree(circle)).toThrow("contains itself");
  let deep: unknown[] = [];
  for (let i = 0; i < 200_000; i++) deep = [deep];
  expect(() => tree(deep)).toThrow("lies in 100 others; at most 100 are read");
  // 2^60 leaves, if it were copied as often as it is referred to.
  let doubled: unknown[] = [view([2], [1])];
  for (let i = 0; i < 60; i++) doubled = [doubled, doubled];
  expect(tree(doubled).tensors.length).toBe(1);
});

test("views outside of their storage, and names that are taken, are refused", () => {
  for (
    const [shape, strides, offset] of [[[7], [1], 0], [[2, 3], [3, 1], 1], [[2], [2 ** 40], 0], [[1], [1], 6], [[0], [
      1,
    ], 7]] as const
  ) {
    expect(() => tree(dict(["a", view([...shape], [...strides], offset)]))).toThrow(
      /"a" has shape .* in a storage of 6 elements/,
    );
  }
  for (
    const [shape, strides, offset] of [[[-1], [1], 0], [[2], [-1], 5], [[2], [0.5], 0], [[2], [1, 1], 0], [
      [1],
      [1],
      NaN,
    ]] as const
  ) {
    expect(() => tree(dict(["a", view([...shape], [...strides], offset)]))).toThrow(/no whole numbers from 0/);
  }
  expect(() => tree(dict(["a", view([2 ** 31, 2 ** 31, 4], [0, 0, 0])]))).toThrow(/too many elements/);
  expect(() => tree(dict(["a", view([0, 2 ** 31, 2 ** 31], [0, 0, 0])]))).toThrow(/too many elements/);
  expect(() => tree(dict(["a", view(new Array(65).fill(1), new Array(65).fill(0))]))).toThrow(/65 dimensions/);
  expect(() => tree(dict(["__proto__", 1]))).toThrow('the key "__proto__"');
  expect(() => tree(dict(["0", 1], [0, 2]))).toThrow('the key "0" twice');
  expect(() => tree(dict(["a", new Set([view([1], [1])])]))).toThrow('"a" is a set of tensors');
  expect(() => tree(dict(["a", new PickledClass("float")]))).toThrow('"a" is the class float, and no plain data');
  expect(() => tree(storage)).toThrow("a bare storage");
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../engine.ts";
import { nativeCode, useNativeCode } from "../../native_code.ts";
import { interpretedNative } from "../../testing/interpreted_native.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { matmul } from "./matmul.ts";

// Code with tiles, interpreted, so that it is tested on every processor.
const before = nativeCode();
let engine: Engine;
beforeAll(() => {
  useNativeCode(interpretedNative(64, true));
  engine = new Engine({}, 1);
});
afterAll(() => useNativeCode(before));

const layouts: readonly [StorageLayout, StorageLayout][] = [
  ["contiguous", "contiguous"],
  ["permuted", "permuted"],
  ["stepped", "backwards"],
  ["repeated", "contiguous"],
];

/** A product by tiles and by the reference, with bias and rectifier, and without. */
function multiply(left: number[], right: number[], [a, b]: readonly [StorageLayout, StorageLayout], seed: number) {
  const random = seeded(seed);
  const inputs = [randomOperand(random, "float32", left, a), randomOperand(random, "float32", right, b)];
  const bias = randomOperand(random, "float32", [right.at(-1)!], "contiguous");
  const product = (more: typeof inputs, activation: "none" | "relu") =>
    compare(engine, {
      name: "matmul",
      routine: matmul,
      inputs: [...inputs, ...more],
      attrs: { rounded: true, activation },
      terms: left.at(-1)!,
    });
  return [product([], "none"), product([bias], "relu")];
}

test("products by tiles are those of rounded operands", () => {
  const sizes: [number, number, number][] = [
    [1, 1, 1],
    [1, 40, 33],
    [35, 5, 1],
    [16, 32, 16],
    [17, 33, 47],
    [33, 31, 65],
    [3, 550, 20],
  ];
  sizes.forEach(([m, k, n], i) => {
    for (const layout of layouts) multiply([m, k], [k, n], layout, i);
  });
});

test("batches by tiles, and empty operands", () => {
  multiply([3, 9, 20], [3, 20, 18], layouts[0]!, 1);
  multiply([2, 1, 9, 20], [3, 20, 18], layouts[1]!, 2);
  multiply([3, 9, 20], [20, 18], layouts[2]!, 3);
  multiply([4, 0], [0, 5], layouts[0]!, 4);
  multiply([0, 4], [4, 5], layouts[0]!, 5);
});

test("code with tiles is there from the first run on, so that results keep their bits", () => {
  const random = seeded(3);
  const inputs = [[40, 50], [50, 20]].map((shape) => randomOperand(random, "float32", shape, "contiguous"));
  const run = () =>
    compare(new Engine({}, 1), { name: "matmul", routine: matmul, inputs, attrs: { rounded: true }, terms: 50 });
  const runs = [run()];
  const fresh = new Engine({}, 1);
  for (let i = 0; i < 3; i++) {
    runs.push(compare(fresh, { name: "matmul", routine: matmul, inputs, attrs: { rounded: true }, terms: 50 }));
  }
  for (const result of runs) expect(result).toEqual(runs[0]);
});

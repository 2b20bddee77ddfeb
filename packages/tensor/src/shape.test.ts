import { describe, expect, test } from "vitest";
import { Generator } from "./random.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  inferShape,
  isContiguous,
  normalizeDim,
  normalizeDims,
  sizeOf,
  viewStrides,
} from "./shape.ts";

/** The storage position of every element, in row-major order. */
function positions(shape: readonly number[], strides: readonly number[]): number[] {
  const all = shape.reduce<number[]>(
    (starts, size, d) => starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * strides[d]!)),
    [0],
  );
  return all;
}

describe("viewStrides", () => {
  /** All ways to write a number as a product of up to four sizes, 1 among them. */
  function shapesOf(numel: number, dims = 4): number[][] {
    if (dims === 0) return numel === 1 ? [[]] : [];
    const rest = shapesOf(numel, dims - 1);
    for (let size = 1; size <= numel; size++) {
      if (numel % size === 0) rest.push(...shapesOf(numel / size, dims - 1).map((tail) => [size, ...tail]));
    }
    return rest;
  }

  test("a view reads the same elements in the same order, and the result is null only if there is none", () => {
    const generator = new Generator(3);
    const targets = shapesOf(12);
    let [viewed, refused] = [0, 0];
    for (let round = 0; round < 60; round++) {
      const draw = (n: number) => Math.floor(generator.uniforms(1)[0]! * n);
      // A permuted, stepped, sometimes expanded tensor of 12 elements.
      const shape = targets[draw(targets.length)]!;
      const order = shape.map((_, d) => d).sort(() => draw(3) - 1);
      const strides = new Array<number>(shape.length);
      let step = 1 + draw(2);
      for (const d of order) {
        strides[d] = shape[d]! > 1 && draw(8) === 0 ? 0 : step;
        step *= shape[d]! + (draw(4) === 0 ? 1 : 0);
      }
      const wanted = positions(shape, strides);
      for (const target of targets) {
        const found = viewStrides(shape, strides, target);
        if (found !== null) {
          viewed++;
          expect(positions(target, found), `[${shape}] strides [${strides}] as [${target}]`).toEqual(wanted);
        } else {
          refused++;
          expect(existsView(target, wanted), `[${shape}] strides [${strides}] as [${target}]`).toBe(false);
        }
      }
    }
    expect(Math.min(viewed, refused)).toBeGreaterThan(100);
  });

  /** Whether any strides give these positions: each dimension's stride can be read off its second element. */
  function existsView(shape: readonly number[], wanted: readonly number[]): boolean {
    const row = contiguousStrides(shape);
    const strides = shape.map((size, d) => size > 1 ? wanted[row[d]!]! - wanted[0]! : 0);
    return positions(shape, strides).every((position, i) => position + wanted[0]! === wanted[i]);
  }

  test("an empty tensor can be viewed in another empty shape", () => {
    expect(viewStrides([0, 3], [3, 1], [5, 0])).toEqual([1, 1]);
    expect(viewStrides([], [], [1, 1])).toEqual([1, 1]);
    expect(viewStrides([1, 1], [7, 9], [])).toEqual([]);
  });
});

test("contiguity ignores dimensions of size 1, and nothing is contiguous", () => {
  expect(contiguousStrides([2, 0, 3])).toEqual([3, 3, 1]);
  expect(isContiguous([2, 3], [3, 1])).toBe(true);
  expect(isContiguous([2, 1, 3], [3, 99, 1])).toBe(true);
  expect(isContiguous([3, 2], [1, 3])).toBe(false);
  expect(isContiguous([2, 3], [6, 2])).toBe(false);
  expect(isContiguous([0, 3], [99, 99])).toBe(true);
  expect(isContiguous([], [])).toBe(true);
});

test("broadcasting", () => {
  expect(broadcastShapes("add", [2, 1, 3], [4, 1])).toEqual([2, 4, 3]);
  expect(broadcastShapes("add", [], [2])).toEqual([2]);
  expect(broadcastShapes("add", [0, 3], [1, 3])).toEqual([0, 3]);
  expect(broadcastShapes("add", [1], [0])).toEqual([0]);
  expect(broadcastStrides([3, 1], [1, 7], [2, 3, 4])).toEqual([0, 1, 0]);
  expect(() => broadcastShapes("add", [2, 3], [2, 4])).toThrow(
    "add: shapes [2, 3] and [2, 4] do not broadcast: dim -1 is 3 against 4; sizes must be equal or 1",
  );
  expect(() => broadcastShapes("add", [0], [2])).toThrow(/dim -1 is 0 against 2/);
});

test("dims count from both ends, and none is out of range or named twice", () => {
  expect(normalizeDim("sum", -1, 3)).toBe(2);
  expect(normalizeDim("sum", 0, 0)).toBe(0);
  expect(normalizeDims("sum", undefined, 3)).toEqual([0, 1, 2]);
  expect(normalizeDims("sum", [], 2)).toEqual([0, 1]);
  expect(normalizeDims("sum", [-1, 0], 3)).toEqual([2, 0]);
  for (const dim of [3, -4, 0.5, NaN]) {
    expect(() => normalizeDim("sum", dim, 3)).toThrow(`sum: dim ${dim} is out of range for a tensor with 3 dimensions`);
  }
  expect(() => normalizeDims("sum", [0, -3], 3)).toThrow(/sum: dims \[0, -3\] name a dimension twice/);
  expect(() => normalizeDims("sum", { keepdim: true } as never, 3)).toThrow(/^sum: expected a dim or an array of dims/);
});

test("shapes of callers are checked", () => {
  expect(() => checkShape("zeros", [2, -1])).toThrow("zeros: shape [2, -1] has size -1");
  expect(() => checkShape("zeros", [1.5])).toThrow(RangeError);
  expect(() => checkShape("zeros", 3 as never)).toThrow(/zeros: expected a shape such as \[2, 3\], got 3/);
  expect(() => checkShape("zeros", [2 ** 30, 2 ** 30])).toThrow(/more elements than can be counted/);
  checkShape("zeros", [0, 5]);
});

test("inferShape fills in one size", () => {
  expect(inferShape("view", [2, -1], [3, 4])).toEqual([2, 6]);
  expect(inferShape("view", [-1], [])).toEqual([1]);
  expect(inferShape("view", [0, 3], [0, 5])).toEqual([0, 3]);
  expect(sizeOf(inferShape("view", [], [1, 1]))).toBe(1);
  expect(() => inferShape("view", [-1, -1], [4])).toThrow(/only one size can be -1/);
  expect(() => inferShape("view", [5, -1], [12])).toThrow(/12 is not a multiple of 5/);
  expect(() => inferShape("view", [0, -1], [0])).toThrow(/could be anything/);
  expect(() => inferShape("view", [5], [4])).toThrow(
    "view: cannot give a tensor of shape [4] (4 elements) the shape [5]: that has 5 elements",
  );
  expect(() => inferShape("view", [-2, -2], [4])).toThrow(/-2 is not a size/);
});

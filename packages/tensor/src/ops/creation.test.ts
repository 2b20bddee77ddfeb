import { describe, expect, test } from "vitest";
import {
  arange,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from "../mod.ts";

describe("tensor", () => {
  test("the dtype follows the values", () => {
    expect(tensor([1, 2]).dtype).toBe("float32");
    expect(tensor([true]).dtype).toBe("bool");
    expect(tensor([1n]).dtype).toBe("int64");
    expect(tensor([1n, true]).dtype).toBe("int64");
    expect(tensor([1n, 2]).dtype).toBe("float32");
    expect(tensor([]).dtype).toBe("float32");
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  test("values are copied, those of typed arrays too", () => {
    const row = Float64Array.of(1, 2);
    const x = tensor(row);
    row[0] = 9;
    expect([x.dtype, x.toArray()]).toEqual(["float64", [1, 2]]);
    expect(tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]).toArray()).toEqual([[1, 2], [3, 4]]);
    expect(tensor(row, { dtype: "int32" }).toArray()).toEqual([9, 2]);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "rows of two lengths",
      () => tensor([[1], [1, 2]]),
      /^tensor: rows differ in length: expected 1 at depth 1, got 2/,
    ],
    ["a row among values", () => tensor([1, [2]] as never), /^tensor: rows differ in length: expected a value/],
    ["a value among rows", () => tensor([[1], 2] as never), /^tensor: expected an array of 1 at depth 1, got 2/],
    ["strings", () => tensor(["1"] as never), /^tensor: expected a number, .* got the string "1"/],
    ["undefined", () => tensor([undefined] as never), /^tensor: expected a number, .* got undefined/],
    ["null", () => tensor(null as never), /^tensor: expected a number, .* got null/],
    ["holes", () => tensor(new Array(2)), /^tensor: expected a number, .* got undefined/],
  ])("refuses %s", (_, make, message) => expect(make).toThrow(message));
});

describe("fromTypedArray", () => {
  test("shares memory with the array", () => {
    const values = Float32Array.of(1, 2, 3, 4);
    const x = fromTypedArray(values, [2, 2], { device: "reference" });
    values[0] = 5;
    expect(x.toArray()).toEqual([[5, 2], [3, 4]]);
    x.t().at(0, 1).fill_(7);
    expect([...values]).toEqual([5, 2, 7, 4]);
  });

  test("a part of a larger buffer", () => {
    const values = new Int32Array(8).subarray(2, 6);
    const x = fromTypedArray(values, undefined, { device: "reference" }).add_(1);
    expect([...values]).toEqual([1, 1, 1, 1]);
    expect([...new Int32Array(values.buffer)]).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
    expect(x.shape).toEqual([4]);
  });

  test("each class has its dtype; bits and flags on demand", () => {
    expect(fromTypedArray(new BigInt64Array(1)).dtype).toBe("int64");
    expect(fromTypedArray(new Uint8ClampedArray(1)).dtype).toBe("uint8");
    expect(fromTypedArray(Uint16Array.of(0x3c00), [1], { dtype: "float16" }).toArray()).toEqual([1]);
    expect(fromTypedArray(Uint16Array.of(0x3f80), [1], { dtype: "bfloat16" }).toArray()).toEqual([1]);
    const bytes = Uint8Array.of(0, 5, 1);
    expect(fromTypedArray(bytes, [3], { dtype: "bool" }).toArray()).toEqual([false, true, true]);
    expect([...bytes]).toEqual([0, 5, 1]);
    expect(fromTypedArray(Float32Array.of(1.5), [1], { dtype: "int32" }).toArray()).toEqual([1]);
  });

  test("throws for other sizes and other classes", () => {
    expect(() => fromTypedArray(new Float32Array(3), [2, 2])).toThrow(/shape \[2, 2\] has 4 elements, the array 3/);
    expect(() => fromTypedArray(new Uint32Array(1) as never)).toThrow(
      /a Uint32Array has no dtype; use one of Float32Array/,
    );
    expect(() => fromTypedArray(new Uint16Array(1))).toThrow(/Uint16Array has no dtype/);
    expect(() => fromTypedArray(new Float32Array(1), [-1])).toThrow(/sizes are non-negative integers/);
  });
});

describe("arange", () => {
  test("excludes the end, whatever the step", () => {
    expect(arange(0, 1, 0.1, { dtype: "float64" }).shape).toEqual([10]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(2.5).toArray()).toEqual([0, 1, 2]);
    expect(arange(0).shape).toEqual([0]);
    expect(arange(3, { dtype: "int64" }).toArray()).toEqual([0n, 1n, 2n]);
    expect(arange(1, 3, { dtype: "int32" }).toArray()).toEqual([1, 2]);
    expect(arange(100000).at(-1).item()).toBe(99999); // no error accumulates
  });

  test("throws for steps that never reach the end", () => {
    for (const make of [() => arange(0, 5, 0), () => arange(0, 5, -1), () => arange(NaN), () => arange(0, Infinity)]) {
      expect(make).toThrow(/^arange: from .* never reaches the end; use a finite step/);
    }
  });
});

describe("linspace", () => {
  test("holds both ends exactly", () => {
    for (const steps of [2, 3, 7, 100, 1001]) {
      const x = linspace(-0.1, 0.3, steps, { dtype: "float64" });
      expect(x.at(0).item()).toBe(-0.1);
      expect(x.at(-1).item()).toBe(0.3);
      expect(x.shape).toEqual([steps]);
    }
    expect(linspace(2, 9, 1).toArray()).toEqual([2]);
    expect(linspace(2, 9, 0).toArray()).toEqual([]);
    expect(linspace(1, 1, 3).toArray()).toEqual([1, 1, 1]);
    expect(linspace(0, 10, 5, { dtype: "int32" }).toArray()).toEqual([0, 2, 5, 7, 10]);
  });

  test.each([-1, 2.5, NaN])("throws for %s steps", (steps) => {
    expect(() => linspace(0, 1, steps)).toThrow(`linspace: steps ${steps} is not a non-negative integer`);
  });
});

test("full, zeros, ones and their likes", () => {
  expect(full([2], true).dtype).toBe("bool");
  expect(full([2], 3n).dtype).toBe("int64");
  expect(() => full([1], 300, { dtype: "uint8" })).toThrow("full: 300 is not within the range of uint8, 0 to 255");
  const like = zeros([2, 3], { dtype: "int16" }).t();
  for (const x of [zerosLike(like), onesLike(like), fullLike(like, 2), emptyLike(like)]) {
    expect([x.shape, x.dtype, x.isContiguous()]).toEqual([[3, 2], "int16", true]);
  }
  expect(zerosLike(like, { dtype: "float64" }).dtype).toBe("float64");
  expect(eye(2, 3).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]);
  expect(eye(2, { dtype: "bool" }).toArray()).toEqual([[true, false], [false, true]]);
  const shape = [2, 2];
  const x = zeros(shape);
  shape[0] = 9;
  expect(x.shape).toEqual([2, 2]);
});

test.each<[string, () => unknown, RegExp]>([
  ["a number for a shape", () => zeros(3 as never), /^zeros: expected a shape such as \[2, 3\], got 3/],
  ["a negative size", () => full([2, -1], 0), /^full: shape \[2, -1\] has size -1/],
  ["a size with a fraction", () => zeros([1.5]), /size 1.5/],
  ["more than can be", () => zeros([2 ** 40, 2 ** 40]), /more elements than can be counted/],
  ["a negative matrix", () => eye(-1), /^eye/],
])("refused: %s", (_, make, message) => expect(make).toThrow(message));

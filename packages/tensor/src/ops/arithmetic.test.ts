import { describe, expect, test } from "vitest";
import { arange, bernoulli, ones, tensor, zeros } from "../mod.ts";

// Values are recorded from PyTorch (conformance/fixtures/elementwise_*.json, reductions.json, ordering.json, products.json).

const int = (values: number[]) => tensor(values, { dtype: "int32" });
const bool = tensor([true, false]);

test.each<[string, () => unknown, RegExp]>([
  [
    "shapes that do not broadcast",
    () => ones([2, 3]).add(ones([2])),
    /^add: shapes \[2, 3\] and \[2\] do not broadcast: dim -1/,
  ],
  ["neg of bool", () => bool.neg(), /^neg: not defined on bool; cast with \.to\("int32"\), or use a logical/],
  ["sub of bools", () => bool.sub(bool), /^sub: not defined on bool/],
  ["bits of floats", () => ones([1]).bitwiseAnd(1), /^bitwiseAnd: defined on integers and bool, got float32/],
  ["shifts of bools", () => bool.bitwiseLeftShift(true), /^bitwiseLeftShift/],
  [
    "a rounding mode",
    () => ones([1]).div(2, { roundingMode: "up" as never }),
    /^div: roundingMode is "up"; use one of "trunc"/,
  ],
  ["integer division by zero", () => int([1]).floorDivide(0), /^floorDivide: integer division by zero/],
  ["integer remainder by zero", () => int([1]).remainder(int([0])), /^remainder: integer division by zero/],
  ["an integer to a negative power", () => int([2]).pow(-1), /^pow: int32 to the negative power -1 is not an integer/],
  ["clamp without bounds", () => ones([1]).clamp({}), /^clamp: give min, max or both/],
  ["a condition that is no bool", () => ones([1]).maskedFill(ones([1]), 0), /mask must be bool/],
])("refused: %s", (_, run, message) => expect(run).toThrow(message));

test("integers wrap at the ends of their range", () => {
  expect(int([2 ** 31 - 1]).add(1).toArray()).toEqual([-(2 ** 31)]);
  expect(int([70000]).mul(70000).toArray()).toEqual([605032704]);
  expect(int([70000]).square().toArray()).toEqual([605032704]);
  expect(int([3]).pow(40).toArray()).toEqual([Number(BigInt.asIntN(32, 3n ** 40n))]);
  expect(tensor([2n ** 63n - 1n]).add(1n).toArray()).toEqual([-(2n ** 63n)]);
  expect(tensor([200], { dtype: "uint8" }).mul(2).toArray()).toEqual([144]);
  expect(tensor([-128], { dtype: "int8" }).abs().toArray()).toEqual([-128]);
  expect(tensor([100], { dtype: "int8" }).sum().item()).toBe(100);
  expect(tensor([100, 100], { dtype: "int8" }).sum().item()).toBe(200); // int32
  expect(tensor([100, 100], { dtype: "int8" }).sum(0, { dtype: "int8" }).item()).toBe(-56);
  expect(int([2 ** 31 - 1, 1, 5]).cumsum(0).toArray()).toEqual([2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 5]);
  expect(int([65537, 65537, 3]).cumprod(0).toArray()).toEqual([65537, 131073, 393219]);
});

test("int64 is exact beyond 2^53", () => {
  const x = tensor([2n ** 60n + 1n, 3n]);
  expect(x.mul(7n).toArray()).toEqual([BigInt.asIntN(64, (2n ** 60n + 1n) * 7n), 21n]);
  expect(x.sum().toArray()).toBe(2n ** 60n + 4n);
  expect(x.floorDivide(-2n).toArray()).toEqual([-(2n ** 59n) - 1n, -2n]);
  expect(x.remainder(2n).toArray()).toEqual([1n, 1n]);
  expect(x.sort(0, { descending: true }).values.toArray()).toEqual([2n ** 60n + 1n, 3n]);
});

describe("reductions", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "options in the place of dims",
      () => ones([2]).sum({ keepdim: true } as never),
      /^sum: .* options come after the dims/,
    ],
    ["a dim that is not there", () => ones([2]).sum(1), /^sum: dim 1 is out of range for a tensor with 1 dimensions/],
    ["the largest of nothing", () => zeros([2, 0]).amax(1), /^amax: shape \[2, 0\] has no elements along/],
    ["the index of the largest of nothing", () => zeros([0]).argmax(), /^argmax: shape \[0\]/],
    ["max over nothing", () => zeros([0, 2]).max(0), /^max: shape \[0, 2\] has no elements/],
    ["the mean of integers", () => int([1]).mean(), /^mean: needs a floating-point tensor, got int32; cast with/],
    ["the deviation of integers", () => int([1]).std(), /^std: needs a floating-point/],
    ["the softmax of integers", () => int([1]).softmax(0), /^softmax: needs a floating-point/],
    ["the norm of integers", () => int([1]).norm(), /^norm: needs/],
    ["cumsum along no dim", () => ones([2]).cumsum(1), /^cumsum: dim 1/],
    ["an unknown dtype", () => ones([2]).mean(0, { dtype: "float" as never }), /^mean: unknown dtype "float"/],
  ])("refuse %s", (_, run, message) => expect(run).toThrow(message));

  test("of nothing", () => {
    const nothing = zeros([0, 2]);
    expect(nothing.sum(0).toArray()).toEqual([0, 0]);
    expect(nothing.prod().item()).toBe(1);
    expect(nothing.mean().item()).toBeNaN();
    expect(nothing.any().toArray()).toBe(false);
    expect(nothing.all().toArray()).toBe(true);
    expect(nothing.amax(1).shape).toEqual([0]);
    expect(nothing.logsumexp(0).toArray()).toEqual([-Infinity, -Infinity]);
  });

  test("NaN is passed on by sums and wins every comparison", () => {
    const x = tensor([1, NaN, 3]);
    for (const value of [x.sum(), x.amax(), x.amin(), x.max(), x.prod(), x.cumsum(0).at(2), x.logsumexp(0)]) {
      expect(value.item()).toBeNaN();
    }
    expect(x.argmax().item()).toBe(1);
    expect(x.min(0).indices.item()).toBe(1);
  });

  test("of equal elements the first is chosen", () => {
    const x = tensor([[1, 3, 3], [2, 2, 2]]);
    expect(x.argmax(1).toArray()).toEqual([1, 0]);
    expect(x.max(1).indices.toArray()).toEqual([1, 0]);
    expect(x.argmax().item()).toBe(1);
  });

  test("norms of other orders", () => {
    const x = tensor([3, 0, -4], { dtype: "float64" });
    expect(x.norm().item()).toBe(5);
    expect(x.norm(1).item()).toBe(7);
    expect(x.norm(0).item()).toBe(2);
    expect(x.norm(Infinity).item()).toBe(4);
    expect(x.norm(-Infinity).item()).toBe(0);
    expect(x.norm(0.5).item()).toBeCloseTo((Math.sqrt(3) + 2) ** 2, 12);
    expect(x.norm(-1).item()).toBe(0);
    expect(tensor([2, 4], { dtype: "float64" }).norm(-1).item()).toBeCloseTo(4 / 3, 12);
  });
});

describe("ordering", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["topk of too many", () => arange(3).topk(4), /^topk: k 4 is not within 0 to 3, the size of dim -1/],
    ["topk of a fraction", () => arange(3).topk(1.5), /^topk: k 1.5/],
    ["sort along no dim", () => arange(3).sort(1), /^sort: dim 1/],
    ["bincount of floats", () => arange(3).bincount(), /^bincount: counts integers, got float32/],
    ["bincount of negative numbers", () => int([-1]).bincount(), /^bincount: -1 is negative/],
    ["bincount of a matrix", () => zeros([2, 2], { dtype: "int32" }).bincount(), /^bincount: expected one dimension/],
    [
      "bincount with other weights",
      () => int([1]).bincount({ weights: ones([2]) }),
      /^bincount: weights of shape \[2\]/,
    ],
    ["bincount with a negative length", () => int([1]).bincount({ minlength: -1 }), /^bincount: minlength -1/],
    ["unique along no dim", () => arange(3).unique({ dim: 1 }), /dim 1 is out of range/],
  ])("refuses %s", (_, run, message) => expect(run).toThrow(message));

  test("sorting is stable, NaN the largest, and 0 equals -0", () => {
    const x = tensor([NaN, 2, 0, -0, 2, -Infinity]);
    expect(x.argsort().toArray()).toEqual([5, 2, 3, 1, 4, 0]);
    expect(x.argsort(0, { descending: true }).toArray()).toEqual([0, 1, 4, 2, 3, 5]);
  });
});

describe("products", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["inner sizes", () => ones([2, 3]).matmul(ones([2, 3])), /^matmul: .* the inner sizes 3 and 2 differ/],
    ["batches", () => ones([2, 1, 1]).matmul(ones([3, 1, 1])), /^matmul: shapes \[2\] and \[3\] do not broadcast/],
    ["dtypes", () => ones([2]).matmul(ones([2], { dtype: "float64" })), /^matmul: dtypes float32 and float64 differ/],
    ["scalars", () => ones([]).matmul(ones([2])), /^matmul: .* 0-dimensional tensors have no product; use mul/],
    ["mm of vectors", () => ones([2]).mm(ones([2])), /^mm: .* expected \[n, k\] and \[k, m\]/],
    ["bmm of matrices", () => ones([2, 2]).bmm(ones([2, 2])), /^bmm/],
    ["mv of matrices", () => ones([2, 2]).mv(ones([2, 2])), /^mv: .* expected \[n, k\] and \[k\]/],
    ["dot of other lengths", () => ones([2]).dot(ones([3])), /^dot: .* two vectors of equal length/],
    ["outer of matrices", () => ones([2, 2]).outer(ones([2])), /^outer/],
  ])("refuse %s that do not fit", (_, run, message) => expect(run).toThrow(message));

  test("of nothing are zeros", () => {
    expect(ones([2, 0]).matmul(ones([0, 3])).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
    expect(ones([0, 2]).matmul(ones([2, 3])).shape).toEqual([0, 3]);
    expect(ones([0]).dot(ones([0])).item()).toBe(0);
  });

  test("long sums are accurate", () => {
    const x = bernoulli(ones([100_000]).mul(0.5)).add(0.1);
    const exact = [...x.toTypedArray()].map(Number).reduce((sum, v) => sum + v * v, 0);
    expect(Math.abs(x.dot(x).item() - exact)).toBeLessThan(exact * 1e-6);
  });
});

describe("closeness", () => {
  test("tolerances, NaN and infinities", () => {
    const [a, b] = [tensor([1, NaN, Infinity, -Infinity]), tensor([1.000009, NaN, Infinity, Infinity])];
    expect(a.isclose(b).toArray()).toEqual([true, false, true, false]);
    expect(a.isclose(b, { equalNan: true }).toArray()).toEqual([true, true, true, false]);
    expect(tensor([1]).allclose(tensor([1.1]))).toBe(false);
    expect(tensor([1]).allclose(tensor([1.1]), { rtol: 0.1 })).toBe(true);
    expect(tensor([1, 2]).equal(tensor([[1, 2]]))).toBe(false);
    expect(tensor([0]).equal(tensor([-0]))).toBe(true);
    expect(tensor([NaN]).equal(tensor([NaN]))).toBe(false);
  });
});

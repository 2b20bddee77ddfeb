/** Errors name the function that was called, not one that it calls, and say what is wrong with the argument. */
import { expect, test } from "vitest";
import * as h from "../mod.ts";
import { ones, tensor, zeros } from "../mod.ts";

const x = ones([2, 3]);
const index = tensor([[0, 1, 0]], { dtype: "int32" });
const vector = tensor([0, 1], { dtype: "int32" });
const wrong = [9, 1.5, NaN, "a", null, {}, true] as never[];

/** Calls that are right but for one argument. */
const calls: Record<string, (bad: never) => unknown> = {
  "nansum's dim": (bad) => x.nansum(bad),
  "nanmean's dim": (bad) => x.nanmean(bad),
  "stdMean's dim": (bad) => x.stdMean(bad),
  "varMean's dim": (bad) => x.varMean(bad),
  "unique's dim": (bad) => x.unique({ dim: bad }),
  "uniqueConsecutive's dim": (bad) => x.uniqueConsecutive({ dim: bad }),
  "repeatInterleave's dim": (bad) => x.repeatInterleave(2, bad),
  "selectScatter's dim": (bad) => x.selectScatter(ones([3]), bad, 0),
  "selectScatter's index": (bad) => x.selectScatter(ones([3]), 0, bad),
  "indexAdd's dim": (bad) => x.indexAdd(bad, vector, x),
  "indexAdd's index": (bad) => x.indexAdd(0, bad, x),
  "indexAdd's source": (bad) => x.indexAdd(0, vector, bad),
  "indexCopy's dim": (bad) => x.indexCopy(bad, vector, x),
  "indexCopy's source": (bad) => x.indexCopy(0, vector, bad),
  "indexFill's dim": (bad) => x.indexFill(bad, vector, 1),
  "indexFill's index": (bad) => x.indexFill(0, bad, 1),
  "indexPut's indices": (bad) => x.indexPut(bad, 1),
  "scatterAdd's dim": (bad) => x.scatterAdd(bad, index, x),
  "scatterAdd's index": (bad) => x.scatterAdd(0, bad, x),
  "scatterAdd_'s index": (bad) => x.clone().scatterAdd_(0, bad, x),
  "tensordot's dims": (bad) => x.tensordot(x.t(), bad),
  "bincount's weights": (bad) => vector.bincount({ weights: bad }),
  "diagonal's offset": (bad) => ones([99, 99]).diagonal({ offset: bad === 9 as never ? "9x" as never : bad }),
  "cat's tensors": (bad) => h.cat(bad),
  "cat's tensor": (bad) => h.cat([x, bad]),
  "stack's tensors": (bad) => h.stack(bad),
  "stack's tensor": (bad) => h.stack([x, bad]),
  "meshgrid's tensors": (bad) => h.meshgrid(bad),
  "meshgrid's tensor": (bad) => h.meshgrid([bad]),
  "fft2's s": (bad) => h.fft2(ones([2, 2, 2]), { s: bad }),
  "fft2's dim": (bad) => h.fft2(ones([2, 2, 2]), { dim: bad }),
  "rfftn's dim": (bad) => h.rfftn(x, { dim: bad }),
  "fftshift's dim": (bad) => h.fftshift(x, { dim: bad }),
};

test.each(Object.entries(calls))("%s", (name, call) => {
  for (const bad of wrong) {
    expect(() => call(bad), String(bad)).toThrow(new RegExp(`^${name.split("'")[0]}: `));
  }
});

test.each<[string, () => unknown, RegExp]>([
  ["cat of tensors one by one", () => h.cat(x as never), /^cat: expected an array of tensors, got a tensor .*\[a, b\]/],
  ["hstack of tensors one by one", () => h.hstack(x as never), /^hstack: expected an array of tensors, got a tensor/],
  ["a tensor for a number", () => x.norm(x as never), /^norm: expected p to be a number, got a tensor .*item\(\)/],
  ["one dim for fftn", () => h.fftn(ones([2, 2]), { dim: 0 as never }), /^fftn: .* got 0; write \[0\]/],
  ["a bigint for a word", () => h.fft(ones([2, 2]), { norm: 1n as never }), /^fft: norm is 1; use one of "backward"/],
  ["the name of a matrix norm", () => x.norm("fro" as never), /^norm: p is "fro"; .*@heddle\/linalg/],
  ["NaN as an order", () => x.norm(NaN), /^norm: p is NaN/],
  ["NaN as an order of dist", () => x.dist(x, NaN), /^dist: p is NaN/],
  [
    "a correction that is a word",
    () => x.var(0, { correction: "a" as never }),
    /^var: expected correction to be a numb/,
  ],
  ["a tolerance that is a word", () => x.isclose(x, { rtol: "a" as never }), /^isclose: expected rtol to be a number/],
  ["the largest element of none", () => zeros([0]).norm(Infinity), /^norm: shape \[0\] has no elements/],
  ["batches that do not broadcast", () => ones([2, 2, 3]).cdist(ones([3, 2, 3])), /^cdist: shapes \[2\] and \[3\]/],
  ["slices of a scalar", () => tensor(1).unique({ dim: 0 }), /^unique: a 0-dimensional tensor has no dims/],
  ["one edge", () => x.histogram(tensor([1])), /^histogram: 1 edges make no bin/],
  [
    "fractions of another dtype than half",
    () => x.to("bfloat16").quantile(tensor([0.5])),
    /^quantile: q is float32, the tensor bfloat16/,
  ],
  [
    "factors of two dtypes",
    () => x.int().matmul(ones([3, 1])),
    /^matmul: dtypes int32 and float32 differ; cast both with .to\("float32"\)/,
  ],
  ["integers that cannot hold floats", () => x.int().add_(0.5), /which a tensor of int32 cannot hold/],
  [
    "a tensor for options",
    () => x.sum(0, x as never),
    /^sum: expected an object of options .* object of class Tensor$/,
  ],
  ["rows without end", () => tensor([1, 2]).combinations(1e12), /^combinations: shape/],
  ["pieces without end", () => x.tensorSplit(1e12), /^tensorSplit: shape/],
])("%s", (_, call, reason) => expect(call).toThrow(reason));

test("indexAdd by an alpha keeps the dtype", () => {
  const rows = tensor([0], { dtype: "int32" });
  const of = (dtype: h.DType, alpha: number) =>
    tensor([5, 1], { dtype }).indexAdd(0, rows, tensor([2], { dtype }), { alpha }).toArray();
  expect(of("uint8", -1)).toEqual([3, 1]);
  expect(of("int32", 3)).toEqual([11, 1]);
  expect(of("bool", 2)).toEqual([true, true]);
  expect(() => of("int32", 0.5)).toThrow(/^indexAdd: alpha is 0\.5, the tensor int32/);
});

import { expect, test } from "vitest";
import { atleast1d, blockDiag, hstack, ones, type Tensor, tensor, zeros } from "../mod.ts";

const x = ones([2, 3]);
const int = (data: readonly number[]): Tensor => tensor(data, { dtype: "int32" });

test.each<[string, () => unknown, RegExp]>([
  [
    "median of integers without elements",
    () => zeros([0], { dtype: "int32" }).median(),
    /median: int32 of shape \[0\]/,
  ],
  ["quantile beyond 1", () => x.quantile([0.5, 2]), /quantile: q 2 is not within 0 to 1/],
  ["quantile by a matrix", () => x.quantile(x), /quantile: q has shape \[2, 3\]/],
  ["kthvalue beyond the end", () => x.kthvalue(4), /kthvalue: k 4 is not within 1 to 3/],
  ["mode of no elements", () => zeros([2, 0]).mode(), /mode: shape \[2, 0\] has no elements along dim 1/],
  ["addmm of other sizes", () => x.addmm(x, x), /mm: shapes \[2, 3\] and \[2, 3\] do not fit/],
  ["addmm to another shape", () => ones([7]).addmm(x, x.t()), /addmm: shapes \[7\] and \[2, 2\]/],
  ["addcdiv of integers", () => x.addcdiv(int([1]), int([2])), /addcdiv: divides floats/],
  ["cdist of other widths", () => x.cdist(ones([2, 4])), /cdist: shapes \[2, 3\] and \[2, 4\]/],
  ["cross in two dimensions", () => ones([2]).cross(ones([2])), /cross: .* does not have size 3/],
  ["diag of three dimensions", () => ones([1, 1, 1]).diag(), /diag: .* use diagonal or diagEmbed/],
  ["repeatInterleave of other lengths", () => x.repeatInterleave([1, 2], 1), /2 repeats for dim 1 of size 3/],
  ["hstack of nothing", () => hstack([]), /hstack: expected at least one tensor/],
  ["blockDiag of a number", () => blockDiag([1 as never]), /blockDiag: expected a tensor, got a number/],
  ["atleast1d of a number", () => atleast1d(1 as never), /atleast1d: expected a tensor, or an array/],
  [
    "scatter without itself and without a rule",
    () => x.scatter(0, int([]).reshape(0, 3), 1, { includeSelf: false }),
    /includeSelf is for a reduction/,
  ],
  ["searchsorted on both sides", () => int([1]).searchsorted(1, { right: true, side: "left" }), /give one of them/],
  ["histc of infinities", () => tensor([1, Infinity]).histc(), /histc: .* give min and max/],
  ["tensordot over other sizes", () => x.tensordot(x, 1), /tensordot: dim 1 of shape \[2, 3\] and dim 0/],
  ["diff of a scalar", () => tensor(1).diff(), /diff: a 0-dimensional tensor/],
  ["hsplit unevenly", () => x.hsplit(2), /does not divide into 2; use tensorSplit/],
  ["rot90 in one dimension", () => x.rot90(1, [0, 0]), /rot90: dims \[0, 0\] name a dimension twice/],
  ["cov with weights for others", () => x.cov({ fweights: int([1, 2]) }), /fweights of shape \[2\] for 3 observations/],
  ["hypot of integers", () => int([3]).hypot(4), /hypot: needs floating-point tensors, got int32/],
  ["takeAlongDim in other dimensions", () => x.takeAlongDim(int([0]), 1), /as many dimensions/],
])("%s is refused with a reason", (_, call, reason) => expect(call).toThrow(reason));

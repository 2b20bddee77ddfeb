import { expect, test } from "vitest";
import { cat, einsum, meshgrid, oneHot, ones, pad, stack, tensor, where, zeros } from "../mod.ts";

// Values are recorded from PyTorch (conformance/fixtures/shapes.json, products.json). This file has errors.

const x = ones([2, 3]);

test.each<[string, () => unknown, RegExp]>([
  ["cat of none", () => cat([]), /^cat: expected at least one tensor/],
  ["cat of other sizes", () => cat([x, ones([2, 4])]), /^cat: shapes \[2, 3\] and \[2, 4\] .* dim 1 differs/],
  ["cat of other ranks", () => cat([x, ones([3])], 1), /they differ in rank/],
  ["cat of scalars", () => cat([ones([]), ones([])]), /^cat: 0-dimensional tensors cannot be joined; use stack/],
  ["cat along no dim", () => cat([x, x], 2), /^cat: dim 2/],
  ["stack of none", () => stack([]), /^stack: expected at least one tensor/],
  ["stack of other shapes", () => stack([x, ones([3, 2])]), /^stack: shapes \[2, 3\] and \[3, 2\] differ/],
  ["stack along no dim", () => stack([x], 3), /^stack: dim 3/],
  ["where without a bool", () => where(x, 1, 0), /^where: the condition must be bool, got float32; compare/],
  ["where of other shapes", () => where(x.gt(0), ones([2]), 0), /^where: shapes .* do not broadcast/],
  ["meshgrid of matrices", () => meshgrid([x]), /^meshgrid: expected vectors, got shape \[2, 3\]/],
  [
    "meshgrid in another order",
    () => meshgrid([ones([2])], { indexing: "yx" as never }),
    /^meshgrid: indexing is "yx"/,
  ],
  ["oneHot of floats", () => oneHot(x), /^oneHot: expected integer classes, got float32/],
  [
    "oneHot of a class too high",
    () => oneHot(tensor([3], { dtype: "int32" }), 3),
    /^oneHot: classes from 3 to 3 .* 0 to 2/,
  ],
  ["oneHot of nothing", () => oneHot(zeros([0], { dtype: "int32" })), /^oneHot: no elements/],
  ["pad of an odd list", () => pad(x, [1]), /^pad: amounts \[1\] do not fit shape \[2, 3\]; give two integers a dim/],
  ["pad of too many dims", () => pad(x, [1, 1, 1, 1, 1, 1]), /^pad/],
  ["pad by a fraction", () => pad(x, [0.5, 1]), /^pad/],
  [
    "pad in another mode",
    () => pad(x, [1, 1], { mode: "mirror" as never }),
    /^pad: mode is "mirror"; use one of "constant"/,
  ],
  [
    "reflection beyond the other end",
    () => pad(x, [3, 0], { mode: "reflect" }),
    /^pad: reflect padding by 3 .* at most 2/,
  ],
  ["more than one turn", () => pad(x, [4, 0], { mode: "circular" }), /at most 3/],
  ["replication of nothing", () => pad(zeros([0]), [1, 1], { mode: "replicate" }), /^pad: replicate/],
  ["cropping more than there is", () => pad(x, [-2, -2]), /^pad: cropping dim 1 of size 3 by 2 and 2/],
  [
    "einsum of an array",
    () => einsum("i,i", [x, x] as never),
    /^einsum: "i,i": 2 operands are named, 1 given; give them one by one, not in an array/,
  ],
  ["einsum of another count", () => einsum("ij,jk->ik", x), /^einsum: "ij,jk->ik": 2 operands are named, 1 given/],
  ["einsum of another rank", () => einsum("ijk->i", x), /"ijk" names 3 dims, but the tensor has 2/],
  ["einsum of other sizes", () => einsum("ij,ij->", x, ones([2, 4])), /dim "j" is 3 in one operand and 4 in another/],
  ["einsum of an unknown label", () => einsum("ij->ik", x), /"k" of the result is in no operand/],
  ["einsum with a label twice", () => einsum("ij->ii", x), /"i" stands twice in the result/],
  ["einsum of other signs", () => einsum("i1->i", x), /has something else than letters/],
])("refused: %s", (_, run, message) => expect(run).toThrow(message));

test("results have their own memory", () => {
  for (const y of [cat([x]), stack([x]), pad(x, [0, 0])]) expect(y.storage).not.toBe(x.storage);
});

test("an empty vector can be concatenated with anything, as in PyTorch", () => {
  expect(cat([zeros([0]), x, zeros([0])]).shape).toEqual([2, 3]);
  expect(cat([zeros([0]), zeros([0])]).shape).toEqual([0]);
});

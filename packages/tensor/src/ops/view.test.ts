import { describe, expect, test } from "vitest";
import { arange, ones, type Tensor, zeros } from "../mod.ts";

// The elements of views are recorded from PyTorch (conformance/fixtures/shapes.json). This file checks that they are views, and errors.

test.each<[string, (x: Tensor) => Tensor]>([
  ["view", (x) => x.view(4, 6)],
  ["reshape of a contiguous tensor", (x) => x.reshape(-1)],
  ["transpose", (x) => x.transpose(0, 2)],
  ["permute", (x) => x.permute([2, 0, 1])],
  ["movedim", (x) => x.movedim([0, 1], [-1, 0])],
  ["narrow", (x) => x.narrow(1, 1, 2)],
  ["select", (x) => x.select(-1, 2)],
  ["unsqueeze", (x) => x.unsqueeze(1)],
  ["squeeze", (x) => x.narrow(0, 0, 1).squeeze(0)],
  ["flatten", (x) => x.flatten(1)],
  ["unflatten", (x) => x.unflatten(2, [2, -1])],
  ["unfold", (x) => x.unfold(2, 2, 2)],
  ["diagonal", (x) => x.diagonal({ offset: 1, dim1: 1, dim2: 2 })],
  ["split", (x) => x.split(1)[1]!],
  ["chunk", (x) => x.chunk(2, 2)[1]!],
  ["unbind", (x) => x.unbind(1)[2]!],
  ["at with slices", (x) => x.at("...", "1::2")],
  ["detach", (x) => x.detach()],
])("%s is a view: a write through it reaches the tensor", (_, take) => {
  const x = zeros([2, 3, 4]);
  const view = take(x);
  expect(view.storage).toBe(x.storage);
  view.fill_(1);
  expect(x.sum().item()).toBe(view.numel);
});

test("copies are made where views are impossible", () => {
  const x = zeros([2, 3]);
  for (const copy of [x.t().reshape(6), x.flip(0), x.clone(), x.t().contiguous(), x.repeat(1, 2), x.roll(1, 0)]) {
    expect(copy.storage).not.toBe(x.storage);
    expect(copy.isContiguous()).toBe(true);
  }
  expect(x.contiguous()).toBe(x);
  expect(x.expand(2, 3)).toBe(x);
});

test("strides and offset", () => {
  const x = arange(24).view(2, 3, 4).narrow(1, 1, 2).transpose(0, 2);
  expect(x.shape).toEqual([4, 2, 2]);
  expect(x.strides).toEqual([1, 4, 12]);
  expect(x.storageOffset).toBe(4);
  expect(x.isContiguous()).toBe(false);
  expect(x.size(-1)).toBe(2);
  expect(ones([3]).expand(2, 3).strides).toEqual([0, 1]);
});

describe("errors name the operation, the values and a remedy", () => {
  const x = arange(12).view(3, 4);

  test.each<[string, () => unknown, RegExp]>([
    ["view of another size", () => x.view(5, 2), /^view: cannot give a tensor of shape \[3, 4\] \(12 elements\)/],
    ["view across a transposition", () => x.t().view(12), /^view: .*strides \[1, 4\].* use reshape/],
    ["reshape", () => x.reshape(-1, 5), /^reshape: .*12 is not a multiple of 5/],
    ["transpose", () => x.transpose(0, 2), /^transpose: dim 2 is out of range .*; expected -2 to 1/],
    ["t of three dims", () => zeros([1, 1, 1]).t(), /^t: expected at most 2 dimensions.*use transpose/],
    ["permute of too few", () => x.permute(0), /^permute: got 1 dims \[0\] for shape \[3, 4\]/],
    ["permute of one twice", () => x.permute(0, 0), /name a dimension twice/],
    ["movedim", () => x.movedim([0, 1], 0), /^movedim: 2 source dims but 1 destinations/],
    [
      "narrow beyond the end",
      () => x.narrow(0, 2, 2),
      /^narrow: start 2 and length 2 do not lie within dim 0 of size 3/,
    ],
    ["narrow of a fraction", () => x.narrow(0, 0.5, 1), /^narrow/],
    ["narrow of less than nothing", () => x.narrow(0, 1, -1), /^narrow/],
    ["select beyond the end", () => x.select(1, 4), /^select: index 4 .* expected -4 to 3/],
    ["select of a scalar", () => zeros([]).select(0, 0), /^select: a 0-dimensional tensor has no dims/],
    ["expand of a size", () => x.expand(6, 4), /^expand: shape \[3, 4\] cannot become \[6, 4\]; only dims of size 1/],
    ["expand to fewer dims", () => x.expand(4), /^expand/],
    ["expand of a new dim by -1", () => x.expand(-1, 3, 4), /^expand/],
    ["expand to a fraction", () => zeros([1]).expand(1.5), /^expand/],
    ["unsqueeze", () => x.unsqueeze(4), /^unsqueeze: dim 4 is out of range/],
    ["squeeze", () => x.squeeze(2), /^squeeze: dim 2/],
    ["flatten backwards", () => x.flatten(1, 0), /^flatten: start 1 is after end 0/],
    ["unflatten", () => x.unflatten(1, [3, 3]), /^unflatten: .*9 elements/],
    ["unfold of too much", () => x.unfold(0, 4, 1), /^unfold: size 4 and step 1 do not fit dim 0 of size 3/],
    ["unfold without a step", () => x.unfold(0, 2, 0), /step ≥ 1/],
    ["unfold by a fraction", () => x.unfold(0, 1, 1.5), /need integers/],
    ["diagonal of a vector", () => zeros([3]).diagonal(), /^diagonal: needs at least 2 dimensions/],
    ["diagonal of one dim", () => x.diagonal({ dim1: 0, dim2: 0 }), /name a dimension twice/],
    ["flip", () => x.flip(2), /^flip: dim 2/],
    ["split by nothing", () => x.split(0), /^split: size 0 is not a positive integer/],
    ["split that does not add up", () => x.split([1, 1]), /^split: sizes \[1, 1\] sum to 2, but dim 0 has size 3/],
    ["split by a negative size", () => x.split([4, -1]), /^narrow/],
    ["chunk", () => x.chunk(0), /^chunk: 0 is not a positive number/],
    ["repeat", () => x.repeat(2), /^repeat: \[2\] does not fit shape \[3, 4\]/],
    ["roll", () => x.roll([1, 2], [0]), /^roll: 2 shifts but 1 dims/],
    ["size", () => x.size(2), /^size: dim 2 is out of range for shape \[3, 4\]/],
  ])("%s", (_, run, message) => expect(run).toThrow(message));
});

test.each<[string, (x: Tensor) => unknown]>([
  ["unbind", (x) => x.unbind()],
  ["split", (x) => x.split(1)],
  ["chunk", (x) => x.chunk(2 ** 21)],
])("%s makes at most 2^20 tensors", (_, make) => {
  const x = ones([1]).expand([2 ** 21]);
  expect(() => make(x)).toThrow(/^(unbind|split): 2097152 pieces are too many; at most 1048576 tensors/);
});

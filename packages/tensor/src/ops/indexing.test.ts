import { describe, expect, test } from "vitest";
import { arange, ones, tensor, zeros } from "../mod.ts";

// Reading and writing by index is recorded from PyTorch (conformance/fixtures/indexing.json, gather_scatter.json).

const int = (values: number[] | number[][]) => tensor(values, { dtype: "int32" });
const x = arange(12).view(3, 4);

describe("at", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["an index beyond the end", () => x.at(3), /index 3 is out of range for dim 0 of size 3; expected -3 to 2/],
    ["an index tensor beyond the end", () => x.at(int([0, 3])), /^at: index 3 is out of range for dim 0 of size 3/],
    [
      "an index tensor before the start",
      () => x.at(":", int([-5])),
      /^at: index -5 .* dim 1 of size 4; expected -4 to 3/,
    ],
    ["too many indices", () => x.at(0, 0, 0), /^at: 3 indices for a tensor of 2 dimensions \(shape \[3, 4\]\)/],
    ["two ellipses", () => x.at("...", "..."), /^at: "\.\.\." can occur only once/],
    ["a negative step", () => x.at("::-1"), /^at: step -1 in "::-1" is not positive; .* use flip/],
    ["no step", () => x.at("::0"), /step 0/],
    ["a fraction", () => x.at(0.5), /index 0.5 is out of range/],
    ["another string", () => x.at("first" as never), /^at: "first" is not an index; write an integer, "start:stop"/],
    [
      "an array",
      () => x.at([0, 2] as never),
      /^at: the array \[0,2\] is not an index.*; tensor\(…\) makes an index of it$/,
    ],
    ["half a slice", () => x.at("1:b" as never), /is not an index/],
    ["undefined", () => x.at(undefined as never), /^at: undefined is not an index/],
    ["floats", () => x.at(tensor([0])), /^at: an index tensor must be an integer or bool tensor, got float32; cast/],
    [
      "a mask of another length",
      () => x.at(tensor([true, false])),
      /^at: a mask of shape \[2\] does not fit dims 0 to 0/,
    ],
    ["a mask of another shape", () => x.at(x.t().gt(1)), /^at: a mask of shape \[4, 3\] does not fit dims 0 to 1/],
    ["index tensors that do not broadcast", () => x.at(int([0, 1]), int([0, 1, 2])), /do not broadcast/],
  ])("refuses %s", (_, read, message) => expect(read).toThrow(message));

  test("simple indices give views, index tensors copies", () => {
    const y = arange(12).view(3, 4);
    y.at("1:", null, -1).fill_(0);
    y.at(int([0])).fill_(-1);
    expect(y.toArray()).toEqual([[0, 1, 2, 3], [4, 5, 6, 0], [8, 9, 10, 0]]);
  });

  test("slices written with spaces, and many different ones", () => {
    expect(x.at(" 1 : 3 " as never).shape).toEqual([2, 4]);
    const long = arange(3000);
    for (let i = 0; i < 2500; i++) expect(long.at(`${i}:${i + 1}`).item()).toBe(i);
  });
});

describe("masks", () => {
  test("without dimensions select all or nothing", () => {
    const [yes, no] = [tensor(true), tensor(false)];
    expect(tensor(5).maskedSelect(yes).toArray()).toEqual([5]);
    expect(tensor(5).maskedSelect(no).shape).toEqual([0]);
    expect(tensor(5).at(yes).toArray()).toEqual([5]);
    expect(tensor([1, 2]).at(no).shape).toEqual([0, 2]);
    expect(x.at(yes, 0).toArray()).toEqual([[0, 1, 2, 3]]);
    expect(x.at(":", yes, int([0, 2])).toArray()).toEqual([[0, 2], [4, 6], [8, 10]]);
    expect(tensor(5).indexPut_([yes], 7).item()).toBe(7);
    expect(tensor(5).indexPut_([no], 7).item()).toBe(5);
  });

  test("must be bool, and broadcast", () => {
    expect(() => x.maskedFill(ones([3, 4]), 0)).toThrow(/^maskedFill: the mask must be bool, got float32; compare/);
    expect(() => x.maskedSelect(int([1]))).toThrow(/^maskedSelect: the mask must be bool/);
    expect(() => x.maskedFill(tensor([true, false]), 0)).toThrow(/shapes \[2\].* do not broadcast/);
    expect(() => zeros([2]).maskedFill_(tensor([[true, false], [true, true]]), 1)).toThrow(
      /^maskedFill_: .* cannot grow/,
    );
    expect(x.maskedFill(x.gt(9).at(2), 0).shape).toEqual([3, 4]);
  });

  test("the value takes the tensor's dtype", () => {
    expect(int([1, 2]).maskedFill(tensor([true, false]), 2.9).toArray()).toEqual([2, 2]);
    expect(zeros([2]).maskedFill(tensor([true, false]), -Infinity).toArray()).toEqual([-Infinity, 0]);
  });
});

describe("indexPut_", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["an index beyond the end", () => zeros([3]).indexPut_([int([3])], 1), /^indexPut_: index 3 is out of range/],
    ["too many indices", () => zeros([3]).indexPut_([0, 0], 1), /^indexPut_: 2 indices/],
    [
      "a value of another shape",
      () => zeros([3, 4]).indexPut_([int([0, 1])], zeros([3, 4])),
      /cannot become \[2, 4\]/,
    ],
    [
      "a value of another dtype",
      () => zeros([3]).indexPut_([int([0])], tensor([1], { dtype: "float64" })),
      /^indexPut_: the value is float64, the tensor float32; cast/,
    ],
  ])("refuses %s", (_, write, message) => expect(write).toThrow(message));

  test("a number is rounded to the tensor's dtype", () => {
    expect(int([1, 2, 3]).indexPut_([int([0, 2])], 7.9).toArray()).toEqual([7, 2, 7]);
  });

  test("through a view", () => {
    const y = zeros([3, 4]);
    y.t().at("1:3").indexPut_([int([0, 1]), int([0, 2])], tensor([5, 6]));
    expect(y.toArray()).toEqual([[0, 5, 0, 0], [0, 0, 0, 0], [0, 0, 6, 0]]);
  });
});

describe("gather and scatter", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["gather beyond the end", () => x.gather(0, int([[3]])), /^gather: index 3 is out of range for dim 0 of size 3/],
    ["gather by a negative index", () => x.gather(0, int([[-1]])), /^gather: index -1/],
    [
      "gather of another rank",
      () => x.gather(0, int([0])),
      /^gather: the index of shape \[1\] must have as many dimensions/,
    ],
    [
      "gather of too much",
      () => x.gather(0, zeros([1, 5], { dtype: "int32" })),
      /^gather: the index .* is larger .* in dim 1/,
    ],
    ["gather by floats", () => x.gather(0, zeros([1, 1])), /^gather: the index must be int32 or int64, got float32/],
    ["gather along no dim", () => x.gather(2, int([[0]])), /^gather: dim 2/],
    [
      "scatter of another dtype",
      () => x.scatter(0, int([[0]]), int([[1]])),
      /^scatter: the source is int32, the tensor float32/,
    ],
    ["scatter of too little", () => x.scatter(0, int([[0, 1]]), ones([1, 1])), /^scatter: .* is not within the source/],
    ["scatter beyond the end", () => x.scatter(1, int([[4]]), 1), /^scatter: index 4/],
    [
      "scatter by an unknown rule",
      () => x.scatter(1, int([[0]]), 1, { reduce: "median" as never }),
      /reduce is "median"; use one/,
    ],
    ["indexSelect by a matrix", () => x.indexSelect(0, int([[0]])), /^indexSelect: the index must be a 1-dimensional/],
    ["indexSelect beyond the end", () => x.indexSelect(0, int([5])), /index 5 is out of range/],
    ["indexAdd of too much", () => x.indexAdd(0, int([0]), ones([2, 4])), /must be \[1, 4\]/],
    [
      "indexAdd of narrow slices",
      () => x.indexAdd(0, int([0]), ones([1, 3])),
      /^indexAdd: the source has shape \[1, 3\]/,
    ],
    [
      "indexCopy_ of too little",
      () => zeros([3]).indexCopy_(0, int([0, 1]), ones([1])),
      /^indexCopy_: .* must be \[2\]/,
    ],
    ["indexFill_ beyond the end", () => zeros([3]).indexFill_(0, int([3]), 1), /index 3/],
    ["take beyond the end", () => x.take(int([12])), /index 12 is out of range/],
    ["tril of a vector", () => ones([3]).tril(), /^tril: needs at least 2 dimensions/],
  ])("%s is refused", (_, run, message) => expect(run).toThrow(message));

  test("a failed write leaves the tensor unchanged", () => {
    const y = zeros([3]);
    expect(() => y.scatter_(0, int([0, 3]), 1)).toThrow();
    expect(() => y.indexPut_([int([1, -4])], 1)).toThrow();
    expect(y.toArray()).toEqual([0, 0, 0]);
  });

  test("scatter_ with the tensor's own memory as source", () => {
    const y = arange(4);
    y.scatter_(0, int([3, 2, 1, 0]), y);
    expect(y.toArray()).toEqual([3, 2, 1, 0]);
  });
});

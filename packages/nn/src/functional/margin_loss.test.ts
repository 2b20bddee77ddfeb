import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, ones, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { pairwiseDistance } from "./distance.ts";
import {
  cosineEmbeddingLoss,
  hingeLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from "./margin_loss.ts";

const generator = new Generator(31);
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);
const close = (found: Tensor, expected: number[]): void => {
  expect(found.numel).toBe(expected.length);
  numbers(found).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
};
const double = { dtype: "float64", generator } as const;
const a = tensor([[0.5, -1, 2], [1.5, 0.25, -0.75]], { dtype: "float64" });
const b = tensor([[1, 0, -0.5], [0, 2, 1]], { dtype: "float64" });
const c = tensor([[0, 1, 2], [-1, 0.5, 0.25]], { dtype: "float64" });

describe("as PyTorch", () => {
  test("multilabelSoftMarginLoss", () => {
    const target = b.gt(0.5).to("float64");
    close(multilabelSoftMarginLoss(a, target, { reduction: "none" }), [0.9714222275804341, 1.1380745679921653]);
    const weight = tensor([1, 2, 0.5], { dtype: "float64" });
    close(multilabelSoftMarginLoss(a, target, { weight }), [0.9309653309226547]);
  });

  test("tripletMarginLoss and pairwiseDistance", () => {
    close(tripletMarginLoss(a, b, c, { reduction: "none" }), [1.677061067472171, 1.1897946157545807]);
    close(tripletMarginLoss(a, b, c, { margin: 0.2, p: 1, swap: true }), [1.824997]);
    close(pairwiseDistance(a, b), [2.7386131526747257, 2.8939585346032515]);
    expect(pairwiseDistance(a, b, { p: 1, keepdim: true }).shape).toEqual([2, 1]);
  });
});

describe("hingeLoss", () => {
  test("is what its definition says", () => {
    const loss = (options: object) => hingeLoss(tensor([0.5, 2, -3]), tensor([1, 1, 1]), options);
    close(loss({ reduction: "none" }), [0.5, 0, 4]);
    close(loss({}), [1.5]);
    close(loss({ reduction: "sum", margin: 2 }), [6.5]);
  });

  test("gradients", () => {
    const x = randn([6], double).requiresGrad_();
    const y = randn([6], double).sign();
    expect(gradcheck((z) => hingeLoss(z!, y), [x])).toBe(true);
  });
});

test("softMarginLoss does not overflow", () => {
  const x = tensor([-1e4, 1e4]).requiresGrad_();
  const loss = softMarginLoss(x, tensor([1, 1]), { reduction: "sum" });
  loss.backward();
  expect(loss.item()).toBe(1e4);
  expect(numbers(x.grad!).map(Math.abs)).toEqual([1, 0]);
});

test("gradients of the triplet loss", () => {
  const inputs = [0, 1, 2].map(() => randn([3, 4], double).requiresGrad_());
  expect(gradcheck((x, y, z) => tripletMarginLoss(x!, y!, z!, { swap: true }), inputs)).toBe(true);
});

test("shapes that differ are refused", () => {
  expect(() => hingeLoss(ones([4, 1]), ones([4]))).toThrow(/hingeLoss: the input has shape \[4, 1\], the target \[4\]/);
  expect(() => marginRankingLoss(ones([4]), ones([3]), ones([4]))).toThrow(
    /marginRankingLoss: .* the second input \[3\]/,
  );
  expect(() => cosineEmbeddingLoss(ones([4, 2]), ones([4, 2]), ones([3]))).toThrow(
    /cosineEmbeddingLoss: the input has shape \[4\], the target \[3\]/,
  );
  expect(() => tripletMarginLoss(a, b, ones([3]))).toThrow(/the negative \[3\]/);
});

test("cosineEmbeddingLoss of a vector of zeros has a slope of a million or less", () => {
  const x = zeros([1, 2]).requiresGrad_();
  cosineEmbeddingLoss(x, tensor([[1, 2]]), tensor([1])).backward();
  // PyTorch's; 1e-12 is added to the squared lengths.
  numbers(x.grad!).forEach((slope, i) => expect(slope / [-447213.6, -894427.2][i]!).toBeCloseTo(1, 5));
});

describe("several labels, and any distance", () => {
  const labels = tensor([[2, 0, -1, 1], [-1, 3, 2, 1]], { dtype: "int32" });
  test("gradients of any order", () => {
    const x = randn([2, 4], { dtype: "float64", generator: new Generator(8), requiresGrad: true });
    const loss = (x: Tensor) => multilabelMarginLoss(x.square(), labels);
    expect(gradcheck(loss, [x])).toBe(true);
    expect(gradgradcheck(loss, [x])).toBe(true);
  });

  test("distances are the caller's", () => {
    const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().amax(-1);
    const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[1, 2]]), tensor([[3, 0]])];
    const given = { distanceFunction, reduction: "none" } as const;
    expect(tripletMarginWithDistanceLoss(anchor, positive, negative, { ...given, margin: 4 }).toArray()).toEqual([3]);
    const swapped = tripletMarginWithDistanceLoss(anchor, positive, negative, { ...given, margin: 4, swap: true });
    expect(swapped.toArray()).toEqual([4]);
  });

  test("labels out of range", () => {
    expect(() => multilabelMarginLoss(ones([2, 3]), labels)).toThrow(/\[2, 3\].*\[2, 4\]/);
    expect(() => multilabelMarginLoss(ones([2, 4]), labels.add(2))).toThrow(/label 4 is out of range for 4/);
    expect(() => multilabelMarginLoss(ones([2, 4]), labels.float())).toThrow(/float32/);
    const row = (...values: number[]) => multilabelMarginLoss(ones([1, 3]), tensor([values], { dtype: "int32" }));
    expect(() => row(0, -2, 1)).toThrow(/label -2 is out of range for 3 classes; expected -1 to 2/);
    expect(row(0, -1, -2).item()).toBe(row(0, -1, 7).item());
  });

  test("distances that are none, and inputs of several shapes", () => {
    const x = ones([2, 3]);
    const loss = tripletMarginWithDistanceLoss;
    expect(() => loss(x, x, x, { distanceFunction: "l1" as never })).toThrow('distanceFunction is "l1"; expected a f');
    expect(() => loss(x, x, ones([3, 3]))).toThrow(/tripletMarginWithDistanceLoss: .*\[2, 3\], the negative \[3, 3\]/);
  });
});

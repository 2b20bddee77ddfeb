import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, ones, rand, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "./binary_loss.ts";

const generator = new Generator(23);
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);
const double = { dtype: "float64", generator } as const;

describe("binaryCrossEntropy", () => {
  test("first and second derivatives, in the target too", () => {
    const p = rand([5], double).mul(0.8).add(0.1).requiresGrad_();
    const target = rand([5], double).requiresGrad_();
    expect(gradcheck((a, b) => binaryCrossEntropy(a!, b!), [p, target])).toBe(true);
    expect(gradgradcheck((a, b) => binaryCrossEntropy(a!, b!), [p, target])).toBe(true);
  });

  test("certainty in error costs 100 and has PyTorch's slopes", () => {
    const p = tensor([0, 1, 0.5], { dtype: "float64" }).requiresGrad_();
    const loss = binaryCrossEntropy(p, tensor([1, 0, 0.25], { dtype: "float64" }), { reduction: "sum" });
    loss.backward();
    expect(loss.item()).toBeCloseTo(200.69314718055995, 10);
    expect(numbers(p.grad!)).toEqual([-1e12, 1e12, 1]);
  });

  test("bad input is named", () => {
    expect(() => binaryCrossEntropy(tensor([0.5, 1.5]), ones([2]))).toThrow(
      "binaryCrossEntropy: the input holds 1.5; probabilities lie within 0 to 1: use binaryCrossEntropyWithLogits for scores",
    );
    expect(() => binaryCrossEntropy(tensor([NaN]), ones([1]))).toThrow(/the input holds NaN/);
    expect(() => binaryCrossEntropy(ones([2, 1]), ones([2]))).toThrow(
      "binaryCrossEntropy: the input has shape [2, 1], the target [2]; they must be equal, use reshape, squeeze or expand on one of them",
    );
    expect(() => binaryCrossEntropy(ones([2]), ones([2]), { reduction: "max" as "sum" })).toThrow(
      /unknown reduction "max"/,
    );
  });
});

describe("binaryCrossEntropyWithLogits", () => {
  test("first and second derivatives, with weights", () => {
    const x = randn([3, 4], double).requiresGrad_();
    const target = rand([3, 4], double).requiresGrad_();
    const options = { weight: rand([3, 1], double), posWeight: rand([4], double) };
    expect(gradcheck((a, b) => binaryCrossEntropyWithLogits(a!, b!, options), [x, target])).toBe(true);
    expect(gradgradcheck((a) => binaryCrossEntropyWithLogits(a!, target.detach(), options), [x])).toBe(true);
  });

  test("does not overflow at ±10,000, and has the right slope at 0", () => {
    const x = tensor([1e4, -1e4, 1e4, -1e4, 0]).requiresGrad_();
    const loss = binaryCrossEntropyWithLogits(x, tensor([0, 1, 1, 0, 1]), { reduction: "none" });
    loss.sum().backward();
    expect(numbers(loss).slice(0, 4)).toEqual([1e4, 1e4, 0, 0]);
    expect(numbers(x.grad!)).toEqual([1, -1, 0, 0, -0.5]);
  });

  test("shapes must be equal", () => {
    expect(() => binaryCrossEntropyWithLogits(ones([2, 1]), ones([2]))).toThrow(
      /binaryCrossEntropyWithLogits: the input has shape \[2, 1\], the target \[2\]/,
    );
  });
});

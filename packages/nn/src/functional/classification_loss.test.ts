import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, memory, ones, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { crossEntropy, multiMarginLoss, nllLoss } from "./classification_loss.ts";

const generator = new Generator(19);
const labels = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

describe("crossEntropy", () => {
  test("first and second derivatives, with everything on", () => {
    const x = randn([4, 3, 2], { dtype: "float64", generator }).requiresGrad_();
    const target = tensor([[0, 2], [1, 1], [-1, 0], [2, -1]], { dtype: "int32" });
    const weight = tensor([0.5, 2, 1], { dtype: "float64" });
    const loss = (input: Tensor) => crossEntropy(input, target, { weight, ignoreIndex: -1, labelSmoothing: 0.2 });
    expect(gradcheck(loss, [x])).toBe(true);
    expect(gradgradcheck(loss, [x])).toBe(true);
  });

  test("is exact where the softmax is 0 or 1", () => {
    const x = tensor([[1e4, -1e4]], { dtype: "float64" });
    expect(crossEntropy(x, labels(0)).item()).toBe(0);
    expect(crossEntropy(x, labels(1)).item()).toBe(2e4);
  });

  test("infinite logits as in PyTorch", () => {
    const x = tensor([[-Infinity, 0, 1]]).requiresGrad_();
    const loss = crossEntropy(x, labels(0));
    expect(loss.item()).toBe(Infinity);
    loss.backward();
    const slopes = Array.from(x.grad!.toTypedArray(), Number);
    [-1, 0.26894143, 0.7310586].forEach((slope, i) => expect(slopes[i]).toBeCloseTo(slope, 6));
    expect(crossEntropy(tensor([[-Infinity, 0, 1]]), labels(1), { labelSmoothing: 0.1 }).item()).toBe(Infinity);
    expect(crossEntropy(tensor([[-Infinity, -Infinity]]), labels(0)).item()).toBeNaN();
  });

  test("an ignored element counts for nothing, even where its logits are infinite or NaN", () => {
    const x = tensor([[NaN, 0], [-Infinity, 1], [0, 0]]).requiresGrad_();
    const loss = crossEntropy(x, labels(-100, -100, 1));
    expect(loss.item()).toBeCloseTo(Math.LN2, 6);
    expect(crossEntropy(x, labels(-100, -100, -100)).item()).toBeNaN();
    expect(crossEntropy(x, labels(-100, -100, -100), { reduction: "sum" }).item()).toBe(0);
  });

  test("labels of other integer dtypes", () => {
    const x = randn([2, 3], { generator });
    const expected = crossEntropy(x, labels(2, 0)).item();
    expect(crossEntropy(x, tensor([2n, 0n])).item()).toBe(expected);
    expect(crossEntropy(x, tensor([2, 0], { dtype: "uint8" })).item()).toBe(expected);
  });

  test("leaves no memory behind", () => {
    const x = randn([4, 3]).requiresGrad_();
    const target = labels(0, 1, 2, 0);
    const before = memory().storages;
    const inner = scope();
    crossEntropy(x, target, { labelSmoothing: 0.1 }).backward();
    inner.end();
    expect(memory().storages).toBe(before + 1); // the gradient
  });

  test("bad input is named", () => {
    const x = zeros([2, 3]);
    expect(() => crossEntropy(x, labels(0, 3))).toThrow(
      "crossEntropy: label 3 is out of range for 3 classes; expected 0 to 2",
    );
    expect(() => crossEntropy(x, labels(-1, 0))).toThrow("crossEntropy: label -1 is out of range for 3 classes");
    expect(() => crossEntropy(x, labels(0, 1, 2))).toThrow(
      "crossEntropy: an input of shape [2, 3] needs labels of shape [2], got [3]",
    );
    expect(() => crossEntropy(x, ones([2]))).toThrow(
      'crossEntropy: the target is float32 of shape [2]; labels are integers of shape [2] (cast with .to("int32")), probabilities floats of shape [2, 3]',
    );
    expect(() => crossEntropy(x, labels(0, 1), { weight: ones([2]) })).toThrow(
      "crossEntropy: the weight has shape [2]; expected [3], one for each class",
    );
    expect(() => crossEntropy(x, ones([2, 3]), { weight: ones([2]) })).toThrow(/the weight has shape \[2\]/);
    expect(() => crossEntropy(x, labels(0, 1), { labelSmoothing: 2 })).toThrow(/labelSmoothing 2 is not within 0 to 1/);
    expect(() => crossEntropy(x, labels(0, 1), { reduction: "median" as "mean" })).toThrow(
      'crossEntropy: unknown reduction "median"; use "none", "mean", "sum"',
    );
    expect(() => crossEntropy(zeros([]), labels(0))).toThrow(/needs a dimension of classes/);
  });
});

describe("nllLoss", () => {
  test("bad input is named", () => {
    expect(() => nllLoss(zeros([2, 3]), labels(0, 5))).toThrow("nllLoss: label 5 is out of range for 3 classes");
    expect(() => nllLoss(zeros([2, 3]), zeros([2, 3]))).toThrow(
      /nllLoss: the target is float32 of shape \[2, 3\]; labels are integers of shape \[2\]/,
    );
    expect(() => nllLoss(zeros([2, 3]), labels(0, 1), { reduction: "all" as "sum" })).toThrow(
      /nllLoss: unknown reduction "all"/,
    );
  });
});

describe("multiMarginLoss", () => {
  test("of one sample", () => {
    expect(multiMarginLoss(tensor([0.1, 0.2, 0.4, 0.8]), tensor(3, { dtype: "int32" })).item()).toBeCloseTo(0.325, 6);
  });

  test("bad input is named", () => {
    expect(() => multiMarginLoss(zeros([2, 3]), labels(0, 4))).toThrow(
      "multiMarginLoss: label 4 is out of range for 3 classes; expected 0 to 2",
    );
    expect(() => multiMarginLoss(zeros([2, 3]), labels(0))).toThrow(
      /needs integer labels of shape \[2\], got int32 of shape \[1\]/,
    );
    expect(() => multiMarginLoss(zeros([2, 3]), labels(0, 1), { p: 3 as 2 })).toThrow(/p is 3; use 1 or 2/);
    expect(() => multiMarginLoss(zeros([2, 3, 4]), labels(0, 1))).toThrow(/expected \[N, C\] or \[C\]/);
  });
});

import { describe, expect, test } from "vitest";
import {
  adaptiveAvgPool2d,
  avgPool2d,
  conv1d,
  conv2d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  Generator,
  maxPool1d,
  maxPool2d,
  ones,
  randn,
  type Tensor,
  zeros,
} from "../mod.ts";

// Values are recorded from PyTorch (conformance/fixtures/convolutions.json). This file has identities and errors.

const x = ones([1, 2, 6, 6]);
const w = ones([4, 2, 3, 3]);

test.each<[string, () => unknown, RegExp]>([
  ["other channels", () => conv2d(x, ones([4, 3, 3, 3])), /^conv2d: .* expected 3 channels, got 2/],
  ["groups that do not divide", () => conv2d(x, ones([3, 1, 3, 3]), { groups: 2 }), /3 is not a multiple of groups/],
  ["no groups", () => conv2d(x, w, { groups: 0 }), /is not a multiple of groups/],
  ["a weight of another rank", () => conv2d(x, ones([4, 2, 3])), /^conv2d: expected a weight of 4 dims/],
  ["an input of another rank", () => conv2d(ones([6, 6]), w), /^conv2d: expected an input of 4 dims \[N, C, …\]/],
  ["another dtype", () => conv2d(x.double(), w), /^conv2d: the input is float64, the weight float32/],
  ["a bias of another size", () => conv2d(x, w, { bias: ones([3]) }), /^conv2d: the bias of shape \[3\] must be \[4\]/],
  ["a kernel too large", () => conv2d(x, ones([4, 2, 7, 7])), /does not fit an input/],
  ["a dilation too large", () => conv2d(x, w, { dilation: 3 }), /does not fit an input/],
  ["stride 0", () => conv2d(x, w, { stride: 0 }), /^conv2d: stride 0 must be one or 2 integers of at least 1/],
  ["a negative padding", () => conv2d(x, w, { padding: -1 }), /^conv2d: padding -1/],
  ["too many strides", () => conv2d(x, w, { stride: [1, 1, 1] }), /^conv2d: stride \[1,1,1\]/],
  [
    "padding by another word",
    () => conv2d(x, w, { padding: "full" as never }),
    /^conv2d: expected padding to be a number .* "full"/,
  ],
  ["same with a stride", () => conv2d(x, w, { padding: "same", stride: 2 }), /padding "same" needs stride 1/],
  [
    "an output padding too large",
    () => convTranspose2d(x, ones([2, 1, 3, 3]), { outputPadding: 1 }),
    /outputPadding 1 must be/,
  ],
  [
    "a transposed output of nothing",
    () => convTranspose2d(ones([1, 1, 1, 1]), ones([1, 1, 1, 1]), { padding: 1 }),
    /less padding/,
  ],
  [
    "pooling padded by too much",
    () => maxPool2d(x, 2, { padding: 2 }),
    /^maxPool2d: padding \[2, 2\] is more than half/,
  ],
  ["a window too large", () => avgPool2d(x, 7), /^avgPool2d: a window of \[7, 7\] does not fit/],
  ["no window", () => maxPool1d(ones([1, 1, 3]), 0), /^maxPool1d: kernel 0/],
  ["an adaptive size of nothing", () => adaptiveAvgPool2d(x, 0), /^adaptiveAvgPool2d: output size 0/],
  [
    "pooling of integers",
    () => avgPool2d(zeros([1, 1, 2, 2], { dtype: "int32" }), 2),
    /^avgPool2d: needs a floating-point/,
  ],
])("refused: %s", (_, run, message) => expect(run).toThrow(message));

describe("identities", () => {
  const generator = new Generator(0);
  const draw = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", generator });

  test("a kernel of one tap is a matrix product over channels", () => {
    const [image, kernel] = [draw(2, 3, 4, 5), draw(6, 3, 1, 1)];
    const product = kernel.view(6, 3).matmul(image.view(2, 3, 20)).view(2, 6, 4, 5);
    expect(conv2d(image, kernel).allclose(product)).toBe(true);
  });

  test("groups are separate convolutions", () => {
    const [image, kernel] = [draw(2, 4, 5), draw(6, 2, 3)];
    const halves = [0, 1].map((g) => conv1d(image.narrow(1, 2 * g, 2), kernel.narrow(0, 3 * g, 3)));
    const whole = conv1d(image, kernel, { groups: 2 });
    halves.forEach((half, g) => expect(whole.narrow(1, 3 * g, 3).allclose(half)).toBe(true));
  });

  test.each<ConvOptions & { readonly padding?: number }>([
    {},
    { stride: 2, padding: 1 },
    { dilation: 2, padding: 2 },
    { groups: 2, stride: 2 },
  ])("the transposed convolution is the adjoint: %o", (options) => {
    const [image, kernel] = [draw(2, 4, 9, 9), draw(6, 4 / (options.groups ?? 1), 3, 3)];
    const out = conv2d(image, kernel, options);
    const seed = draw(...out.shape);
    const back = convTranspose2d(seed, kernel, options);
    expect(out.mul(seed).sum().item()).toBeCloseTo(
      image.narrow(2, 0, back.shape[2]!).narrow(3, 0, back.shape[3]!).mul(back).sum().item(),
      9,
    );
  });

  test.each([1, 2, 3])("the transposed convolution takes output padding beyond its stride in %i dimensions", (dims) => {
    const call = [convTranspose1d, convTranspose2d, convTranspose3d][dims - 1]!;
    for (const [stride, outputPadding, dilation] of [[1, 1, 2], [1, 2, 3], [2, 2, 3]] as const) {
      const [image, kernel] = [draw(1, 2, ...Array(dims).fill(4)), draw(2, 1, ...Array(dims).fill(2))];
      const longer = call(image, kernel, { stride, dilation, outputPadding });
      // Elements added at the end are 0, and the others are unchanged.
      const plain = call(image, kernel, { stride, dilation });
      let rest = longer;
      for (let d = 2; d < dims + 2; d++) rest = rest.narrow(d, 0, plain.shape[d]!);
      expect(rest.allclose(plain)).toBe(true);
      expect(longer.shape.slice(2)).toEqual(plain.shape.slice(2).map((size) => size + outputPadding));
    }
  });

  test("layouts and images without a batch make no difference", () => {
    const [image, kernel] = [draw(2, 3, 7, 6), draw(4, 3, 3, 3)];
    const plain = conv2d(image, kernel);
    const transposed = image.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0);
    expect(transposed.isContiguous()).toBe(false);
    expect(conv2d(transposed, kernel.transpose(2, 3).contiguous().transpose(2, 3)).equal(plain)).toBe(true);
    expect(conv2d(image.select(0, 1), kernel).equal(plain.select(0, 1))).toBe(true);
    expect(conv2d(image.narrow(0, 0, 0), kernel).shape).toEqual([0, 4, 5, 4]);
  });
});

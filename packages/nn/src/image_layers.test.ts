import { arange, ones, randn } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Conv2d } from "./conv.ts";
import { LocalResponseNorm } from "./normalization.ts";
import { ConstantPad1d, ReflectionPad2d, ReplicationPad1d, ZeroPad2d } from "./padding.ts";
import { DepthwiseSeparableConv2d } from "./separable_conv.ts";
import { PixelShuffle, Upsample } from "./upsampling.ts";

describe("padding", () => {
  test("says how much, and takes one amount or one a side", () => {
    expect(String(new ZeroPad2d(2))).toBe("ZeroPad2d([2, 2, 2, 2])");
    expect(String(new ConstantPad1d([1, 0], 7))).toBe("ConstantPad1d(padding=[1, 0], value=7)");
    expect(new ConstantPad1d([1, 0], 7).forward(ones([1, 2])).toArray()).toEqual([[7, 1, 1]]);
    expect(() => new ReflectionPad2d([1, 2])).toThrow(
      "ReflectionPad2d: padding [1, 2] must be one integer, or 4: [left, right, top, bottom]",
    );
  });

  test("of another rank, or of more than there is to mirror", () => {
    expect(() => new ReplicationPad1d(1).forward(ones([1, 1, 3, 3]))).toThrow(
      "ReplicationPad1d: got an input of shape [1, 1, 3, 3]; expected [N, C, L], or the same without N",
    );
    expect(() => new ReflectionPad2d(3).forward(ones([1, 3, 3]))).toThrow(/^pad: reflect padding by 3/);
  });
});

describe("DepthwiseSeparableConv2d", () => {
  test("is a convolution whose kernels are products of a filter and a mix", () => {
    const layer = new DepthwiseSeparableConv2d(2, 3, 3, { padding: 1, stride: 2, dtype: "float64" });
    const x = randn([2, 2, 6, 5], { dtype: "float64" });
    const [filters, mix] = [layer.depthwise.weight.detach(), layer.pointwise.weight.detach()];
    const whole = new Conv2d(2, 3, 3, { padding: 1, stride: 2, dtype: "float64" });
    whole.loadStateDict({ weight: mix.mul(filters.transpose(0, 1)), bias: layer.pointwise.bias!.detach() });
    expect(layer.forward(x).allclose(whole.forward(x), { rtol: 1e-12, atol: 1e-12 })).toBe(true);
  });

  test("has the parameters of both halves, one bias, and several filters a channel", () => {
    const count = (layer: DepthwiseSeparableConv2d): number =>
      layer.parameters().reduce((n, parameter) => n + parameter.numel, 0);
    expect(count(new DepthwiseSeparableConv2d(16, 32, 3))).toBe(16 * 9 + 16 * 32 + 32);
    const multiplied = new DepthwiseSeparableConv2d(16, 32, 3, { depthMultiplier: 2, bias: false });
    expect(count(multiplied)).toBe(2 * 16 * 9 + 2 * 16 * 32);
    expect(multiplied.forward(ones([1, 16, 4, 4])).shape).toEqual([1, 32, 2, 2]);
    expect(Object.keys(multiplied.stateDict())).toEqual(["depthwise.weight", "pointwise.weight"]);
  });
});

test("layers of other resolutions and LocalResponseNorm say what they are", () => {
  expect(String(new Upsample({ scaleFactor: [2, 1], mode: "bilinear" }))).toBe(
    "Upsample(mode=bilinear, scaleFactor=[2, 1])",
  );
  expect(String(new PixelShuffle(2))).toBe("PixelShuffle(upscaleFactor=2)");
  expect(new PixelShuffle(2).forward(arange(4).reshape(4, 1, 1)).toArray()).toEqual([[[0, 1], [2, 3]]]);
  expect(String(new LocalResponseNorm(5))).toBe("LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1)");
  expect(() => new LocalResponseNorm(0)).toThrow("LocalResponseNorm: size is 0");
});

import { gradcheck } from "@heddle/autograd";
import { cat, Generator, ones, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { featureLpPool, lpPool1d, lpPool2d } from "./lp_pooling.ts";
import { adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d, avgPool3d, maxPool3d } from "./pooling.ts";

// Values are recorded from PyTorch (conformance/fixtures/vision.json). Here are gradients by differences, and what is refused.

const generator = new Generator(11);
const double = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", generator }).requiresGrad_();

const pools: Record<string, [number[], (x: Tensor) => Tensor]> = {
  "maxPool3d": [[1, 2, 4, 5, 3], (x) => maxPool3d(x, 2, { stride: [1, 2, 1], padding: [1, 0, 1] })],
  "avgPool3d": [[2, 4, 5, 3], (x) => avgPool3d(x, [2, 3, 2], { stride: 2, padding: 1, ceilMode: true })],
  "adaptiveAvgPool3d": [[1, 2, 5, 4, 3], (x) => adaptiveAvgPool3d(x, [2, 3, null])],
  "adaptiveMaxPool1d": [[2, 7], (x) => adaptiveMaxPool1d(x, 3)],
  "adaptiveMaxPool2d": [[1, 2, 7, 5], (x) => adaptiveMaxPool2d(x, [3, 2])],
  "lpPool1d": [[1, 2, 7], (x) => lpPool1d(x, 2, 3)],
  "lpPool2d": [[1, 1, 5, 4], (x) => lpPool2d(x, 4, [3, 2], { stride: 1 })],
  "featureLpPool": [[2, 6, 3], (x) => featureLpPool(x, 2, 3)],
  "featureLpPool that overlaps": [[1, 5, 2], (x) => featureLpPool(x, 2, 3, { stride: 1 })],
};

test.each(Object.entries(pools))("%s has the gradient that differences give", (_, [shape, pool]) => {
  expect(gradcheck((x) => pool(x!), [double(...shape)])).toBe(true);
});

describe("featureLpPool", () => {
  test("is the norm over groups of channels, at each place", () => {
    const x = tensor([[[3, 0], [4, 2], [5, 1], [12, 1], [0, 7], [0, 0]]]);
    const y = featureLpPool(x, 2, 2);
    expect(y.shape).toEqual([1, 3, 2]);
    expect(y.select(2, 0).toArray()).toEqual([[5, 13, 0]]);
    expect(y.select(2, 1).allclose(tensor([[2, Math.SQRT2, 7]]))).toBe(true);
    expect(featureLpPool(x, 1, 3, { stride: 3 }).toArray()).toEqual([[[12, 3], [12, 8]]]);
  });

  test("does not change when a group's features are turned into each other", () => {
    const [a, b] = randn([2, 1, 4, 4], { generator, dtype: "float64" }).unbind(0) as [Tensor, Tensor];
    const [turnedA, turnedB] = [a.mul(0.6).sub(b.mul(0.8)), a.mul(0.8).add(b.mul(0.6))];
    const pooled = (...features: Tensor[]): Tensor => featureLpPool(cat(features).unsqueeze(0), 2, 2);
    expect(pooled(turnedA, turnedB).allclose(pooled(a, b), { rtol: 1e-12 })).toBe(true);
  });

  test("channels that groups do not fill, and powers that are none", () => {
    expect(() => featureLpPool(ones([1, 5, 2]), 2, 2)).toThrow(
      "featureLpPool: an input of shape [1, 5, 2] has 5 channels, which groups of 2 at a distance of 2 do not fill",
    );
    expect(() => featureLpPool(ones([1, 2]), 2, 4)).toThrow("groups of 4");
    expect(() => featureLpPool(ones([1, 4]), 0, 2)).toThrow("featureLpPool: the power is 0; expected one above 0");
    expect(() => lpPool2d(ones([1, 1, 4, 4]), Infinity, 2)).toThrow("the power is Infinity");
    expect(() => featureLpPool(ones([1, 4]), 2, 0)).toThrow("featureLpPool: size is 0");
  });
});

test("a norm of nothing but zeros has a gradient of zero, not NaN", () => {
  const x = zeros([1, 4, 1]).requiresGrad_();
  featureLpPool(x, 2, 2).sum().backward();
  expect(x.grad!.flatten().toArray()).toEqual([0, 0, 0, 0]);
});

describe("what is refused", () => {
  const volume = ones([1, 1, 4, 4, 4]);
  test.each<[string, () => Tensor, string]>([
    [
      "a rank",
      () => maxPool3d(ones([4, 4, 4]), 2),
      "maxPool3d: got an input of shape [4, 4, 4]; expected [N, C, D, H, W]",
    ],
    [
      "a window too large",
      () => maxPool3d(volume, [5, 1, 1]),
      "a window of [5, 1, 1] does not fit shape [1, 1, 4, 4, 4]",
    ],
    ["too much padding", () => avgPool3d(volume, 2, { padding: [0, 0, 2] }), "more than half the window [2, 2, 2]"],
    ["a divisor of 0", () => avgPool3d(volume, 2, { divisorOverride: 0 }), "avgPool3d: divisorOverride is 0; expected"],
    ["a window of nothing", () => maxPool3d(volume, 0), "maxPool3d: kernel is 0"],
    ["sizes of another rank", () => adaptiveAvgPool3d(volume, [1, 2]), "must be one or 3 positive integers"],
    [
      "an output of nothing",
      () => adaptiveMaxPool2d(ones([1, 4, 4]), 0),
      "adaptiveMaxPool2d: output size 0 must be one or 2",
    ],
    ["nothing to look at", () => adaptiveMaxPool1d(ones([1, 0]), 2), "has nothing to take a maximum of"],
  ])("%s", (_, call, message) => expect(call).toThrow(message));
});

import { arange, randn } from "@heddle/tensor";
import { expect, test } from "vitest";
import { FeatureLPPool, LPPool2d } from "./lp_pooling.ts";
import { AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, MaxPool3d } from "./pooling.ts";
import { Flatten, Unflatten } from "./reshaping.ts";

test("pooling layers take the window's size as their stride, and say what they are", () => {
  const pool = new MaxPool2d(2);
  expect(pool.forward(arange(16).reshape(1, 4, 4)).toArray()).toEqual([[[5, 7], [13, 15]]]);
  expect(String(pool)).toBe("MaxPool2d(kernelSize=[2, 2])");
  expect(String(new AvgPool2d([3, 2], { stride: [2, 1], ceilMode: true }))).toBe(
    "AvgPool2d(kernelSize=[3, 2], stride=[2, 1], ceilMode=true)",
  );
  expect(String(new AdaptiveAvgPool2d([null, 2]))).toBe("AdaptiveAvgPool2d(outputSize=[null, 2])");
});

test("null keeps a size", () => {
  expect(new AdaptiveAvgPool2d([null, 2]).forward(randn([1, 3, 5, 7])).shape).toEqual([1, 3, 5, 2]);
});

test("windows that are none", () => {
  expect(() => new MaxPool2d(0)).toThrow("MaxPool2d: kernelSize is 0");
  expect(() => new MaxPool2d(5).forward(randn([1, 1, 3, 3]))).toThrow(/maxPool2d: a window of \[5, 5\] does not fit/);
});

test("flatten and unflatten are each other's reverse", () => {
  const x = randn([2, 3, 4]);
  expect(new Unflatten(1, [3, -1]).forward(new Flatten().forward(x)).toArray()).toEqual(x.toArray());
  expect(String(new Unflatten(1, [3, 4]))).toBe("Unflatten(dim=1, sizes=[3, 4])");
});

test("pools of volumes, of norms and with a size of their own say what they are", () => {
  expect(String(new MaxPool3d(2, { stride: [1, 2, 2] }))).toBe("MaxPool3d(kernelSize=[2, 2, 2], stride=[1, 2, 2])");
  expect(String(new AdaptiveMaxPool2d(3))).toBe("AdaptiveMaxPool2d(outputSize=3)");
  expect(String(new LPPool2d(2, 3, { stride: 2 }))).toBe(
    "LPPool2d(normType=2, kernelSize=[3, 3], stride=[2], ceilMode=false)",
  );
  expect(String(new FeatureLPPool(2, 4))).toBe("FeatureLPPool(normType=2, size=4, stride=4)");
  expect(new FeatureLPPool(2, 4).forward(randn([1, 8, 3, 3])).shape).toEqual([1, 2, 3, 3]);
});

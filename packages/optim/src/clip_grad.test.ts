import "@heddle/autograd";
import { memory, ones, type Tensor, tensor, tidy } from "@heddle/tensor";
import { expect, test } from "vitest";
import { clipGradNorm_, clipGradValue_ } from "./clip_grad.ts";

function withGradient(...values: number[]): Tensor {
  const param = ones([values.length], { requiresGrad: true });
  param.grad = tensor(values);
  return param;
}

test("the norm is that of all gradients together", () => {
  const params = [withGradient(3), withGradient(0, 4), ones([1], { requiresGrad: true })];
  expect(clipGradNorm_(params, 0.5).item()).toBe(5);
  expect(params[0]!.grad!.item()).toBeCloseTo(0.3, 5);
  expect(params[1]!.grad!.toArray<number[]>()[1]).toBeCloseTo(0.4, 5);
});

test("short gradients stay to the bit", () => {
  const param = withGradient(0.1, -0.2);
  const before = param.grad!.toArray();
  clipGradNorm_(param, 1);
  expect(param.grad!.toArray()).toEqual(before);
});

test("other norms", () => {
  expect(clipGradNorm_([withGradient(3, -4), withGradient(2)], 1, { normType: Infinity }).item()).toBe(4);
  expect(clipGradNorm_([withGradient(3, -4), withGradient(2)], 1, { normType: 1 }).item()).toBe(9);
});

test("nothing to clip", () => {
  expect(clipGradNorm_([], 1).item()).toBe(0);
  expect(clipGradNorm_([ones([2], { requiresGrad: true })], 1).item()).toBe(0);
  const empty = ones([0], { requiresGrad: true });
  empty.grad = ones([0]);
  expect(clipGradNorm_([empty], 1, { normType: Infinity }).item()).toBe(0);
});

test("a norm that is not finite", () => {
  expect(() => clipGradNorm_(withGradient(NaN, 1), 1, { errorIfNonfinite: true })).toThrow("of the gradients is NaN");
  expect(() => clipGradNorm_(withGradient(Infinity), 1, { errorIfNonfinite: true })).toThrow("is Infinity");
  expect(clipGradNorm_(withGradient(Infinity), 1).item()).toBe(Infinity);
});

test("by value", () => {
  const param = withGradient(3, -4, 0.25);
  clipGradValue_([param], 0.5);
  expect(param.grad!.toArray()).toEqual([0.5, -0.5, 0.25]);
});

test("bad limits", () => {
  expect(() => clipGradNorm_([], -1)).toThrow("maxNorm is -1");
  expect(() => clipGradNorm_([], 1, { normType: 0 })).toThrow("normType is 0");
  expect(() => clipGradValue_([], NaN)).toThrow("clipValue is NaN");
});

test("temporaries are freed", () => {
  const param = withGradient(3, -4);
  const before = memory().storages;
  tidy(() => {
    clipGradNorm_([param], 1);
    clipGradValue_([param], 1);
  });
  expect(memory().storages).toBeLessThanOrEqual(before);
});

import { expect, test } from "vitest";
import { manualSeed, poisson, randintLike, type Tensor, tensor, zeros } from "../mod.ts";

const n = 20000;
const mean = (x: Tensor): number => x.float().mean().item();
const spread = (x: Tensor): number => x.float().std().item();

test("filled tensors have the distributions' means, deviations and quantiles", () => {
  manualSeed(5);
  const exponential = zeros([n]).exponential_(2);
  expect(mean(exponential)).toBeCloseTo(0.5, 1);
  expect(spread(exponential)).toBeCloseTo(0.5, 1);
  const cauchy = zeros([n]).cauchy_(1, 2);
  expect(cauchy.median().item()).toBeCloseTo(1, 0);
  expect(cauchy.quantile(0.75).item()).toBeCloseTo(3, 0);
  const logs = zeros([n], { dtype: "float64" }).logNormal_(0.5, 0.25).log();
  expect(mean(logs)).toBeCloseTo(0.5, 1);
  expect(spread(logs)).toBeCloseTo(0.25, 1);
  const trials = zeros([n], { dtype: "int32" }).geometric_(0.25);
  expect(trials.amin().item()).toBe(1);
  expect(mean(trials)).toBeCloseTo(4, 0);
});

test("poisson has the mean and the variance of its rates, small and large", () => {
  manualSeed(6);
  for (const rate of [0.3, 4, 60, 1e6]) {
    const drawn = poisson(zeros([4000]).add(rate));
    expect(drawn.eq(drawn.round()).all().item()).toBe(1);
    expect(Math.abs(mean(drawn) - rate)).toBeLessThan(5 * Math.sqrt(rate / 4000));
    expect(spread(drawn) / Math.sqrt(rate)).toBeCloseTo(1, 1);
  }
  expect(poisson(tensor([0, 0], { dtype: "float16" })).toArray()).toEqual([0, 0]);
});

test("values out of range are refused with a reason", () => {
  expect(() => poisson(tensor([1, -1]))).toThrow("poisson: rate -1 is not a number of at least 0");
  expect(() => poisson(tensor([1], { dtype: "int32" }))).toThrow("poisson: needs a floating-point tensor");
  expect(() => zeros([1]).geometric_(1)).toThrow("geometric_: probability 1 is not between 0 and 1");
  expect(() => zeros([1]).exponential_(0)).toThrow("exponential_: the rate is 0; it must be above 0");
  expect(() => zeros([1]).cauchy_(0, -1)).toThrow("cauchy_: sigma is -1; it must be above 0");
  expect(() => zeros([1]).logNormal_(0, 0)).toThrow("logNormal_: the standard deviation is 0");
  expect(() => zeros([1], { dtype: "int32" }).exponential_()).toThrow("fills floating-point tensors");
});

test("randintLike takes the shape and the dtype", () => {
  const x = randintLike(zeros([2, 3], { dtype: "int8" }), 3, 5);
  expect([x.dtype, x.shape]).toEqual(["int8", [2, 3]]);
  expect(x.ge(3).logicalAnd(x.lt(5)).all().item()).toBe(1);
});

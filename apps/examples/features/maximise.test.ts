import { Generator, memory, rand, randn, tensor, zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { ASCENT, blurred, maximise } from "./maximise.ts";

const PLAIN = { steps: 60, rate: 0.03, jitter: 0, decay: 0.005, blur: 0 };

test("finds the picture that a linear unit looks for: ink where its weight is positive, none elsewhere", () => {
  const weights = randn([2, 1, 28, 28], { generator: new Generator(1) });
  const images = maximise((x) => x.mul(weights).sum([1, 2, 3]), 2, PLAIN);
  expect(images.shape).toEqual([2, 1, 28, 28]);
  // Weights near zero move their pixels little.
  const strong = weights.abs().gt(0.5);
  const wrong = images.gt(0.5).ne(weights.gt(0)).logicalAnd(strong);
  expect(wrong.any().item()).toBe(0);
});

test("fades what does not matter, and blurs what does", () => {
  const unit = zeros([1, 1, 28, 28]);
  unit.narrow(2, 10, 1).narrow(3, 10, 1).fill_(1);
  const excitement = (x: typeof unit) => x.mul(unit).sum([1, 2, 3]);
  const pixel = (x: typeof unit, row: number, column: number): number => x.at(0, 0, row, column).item();
  const sharp = maximise(excitement, 1, { ...PLAIN, steps: 200 });
  expect(pixel(sharp, 10, 10)).toBeGreaterThan(0.9);
  expect(pixel(sharp, 20, 20)).toBeLessThan(0.05);
  const soft = maximise(excitement, 1, { ...PLAIN, blur: 1 });
  expect(pixel(soft, 10, 11)).toBeGreaterThan(pixel(sharp, 10, 11));
});

test("jitter moves the picture back, so that the whole does not drift", () => {
  const unit = rand([1, 1, 28, 28]).gt(0.5).float();
  const still = maximise((x) => x.mul(unit).sum([1, 2, 3]), 1, PLAIN);
  const jittered = maximise((x) => x.mul(unit).sum([1, 2, 3]), 1, { ...PLAIN, jitter: 1 });
  const agreement = (x: typeof unit): number => x.mul(unit.mul(2).sub(1)).sum().item();
  expect(agreement(still)).toBeGreaterThan(agreement(jittered));
  const empty = maximise((x) => x.mul(0).sum([1, 2, 3]), 1, { ...PLAIN, steps: 7, jitter: 3, decay: 0 });
  expect(empty.equal(rand([1, 1, 28, 28], { generator: new Generator(0) }).mul(0.1))).toBe(true);
});

test("keeps nothing but its result", () => {
  const before = memory().storages;
  maximise((x) => x.square().sum([1, 2, 3]), 3, { ...ASCENT, steps: 9 }).dispose();
  expect(memory().storages).toBe(before);
});

test("blurred keeps the sum of pixels away from the edge, and constant images", () => {
  const point = zeros([1, 1, 9, 9]);
  point.narrow(2, 4, 1).narrow(3, 4, 1).fill_(1);
  const soft = blurred(point, 0.8);
  expect(soft.sum().item()).toBeCloseTo(1, 5);
  expect(soft.at(0, 0, 4, 5).item()).toBeCloseTo(soft.at(0, 0, 4, 4).item() * Math.exp(-0.5 / 0.64), 5);
  expect(blurred(tensor([[[[3, 3], [3, 3]]]]), 2).allclose(tensor([[[[3, 3], [3, 3]]]]))).toBe(true);
});

import { Generator, ones, rand, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Draws } from "./random_draws.ts";
import { betaOf, CutMix, MixUp } from "./mix.ts";
import { Cutout } from "./erase.ts";
import { RandomHorizontalFlip } from "./flip.ts";
import { Lambda } from "./lambda.ts";
import { RandomApply, RandomChoice } from "./random_apply.ts";
import { Resize } from "./resize.ts";

const labels = tensor([2, 0, 1], { dtype: "int32" });

describe("MixUp", () => {
  test("pictures and labels are mixed alike, with the one before", () => {
    const images = rand([3, 1, 4, 5], { generator: new Generator(0) });
    const [mixed, targets] = new MixUp({ numClasses: 4 }).apply(images, labels, new Generator(3));
    expect([targets.shape, targets.dtype]).toEqual([[3, 4], "float32"]);
    const share = targets.at(0, 2).item();
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    const row = (own: number, other: number): number[] =>
      [0, 1, 2, 3].map((k) => k === own ? share : k === other ? Math.fround(1 - share) : 0);
    expect(targets.sub(tensor([row(2, 1), row(0, 2), row(1, 0)])).abs().amax().item()).toBeLessThan(1e-6);
    const [first, last] = [images.at(0), images.at(2)];
    expect(mixed.at(0).allclose(first.mul(share).add(last.mul(1 - share)), { atol: 1e-6 })).toBe(true);
    const again = new MixUp({ numClasses: 4 }).apply(images, labels, new Generator(3));
    expect(again[0].equal(mixed)).toBe(true);
  });
});

describe("CutMix", () => {
  test("a rectangle of the one before, and labels by area", () => {
    const images = ones([3, 2, 10, 12]).mul(tensor([0, 1, 2]).reshape([3, 1, 1, 1]));
    const sizes = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const [mixed, targets] = new CutMix({ numClasses: 3 }).apply(images, labels, new Generator(seed));
      const changed = mixed.ne(images);
      const area = changed.at(0, 0).sum().item();
      sizes.add(area);
      expect(targets.at(0, 2).item()).toBeCloseTo(1 - area / 120, 5);
      expect(targets.sum(1).toTypedArray().every((sum) => Math.abs(Number(sum) - 1) < 1e-6)).toBe(true);
      expect(mixed.at(1).maskedSelect(changed.at(1)).sum().item()).toBe(0); // from picture 0
      expect(mixed.at(0).maskedSelect(changed.at(0)).sum().item()).toBe(2 * 2 * area); // from picture 2
      if (area === 0) continue;
      const where = changed.at(0, 0).nonzero().toArray<number[][]>();
      const side = (k: number): number =>
        Math.max(...where.map((p) => p[k]!)) - Math.min(...where.map((p) => p[k]!)) + 1;
      expect(side(0) * side(1)).toBe(area);
    }
    expect(sizes.size).toBeGreaterThan(15);
    expect(images.at(1).sum().item()).toBe(240); // left as they were
  });
});

test("bad batches and options are refused", () => {
  const mix = new MixUp({ numClasses: 3 });
  expect(() => mix.apply(zeros([3, 4, 4]), labels)).toThrow(
    /MixUp: expected float pictures \[N, C, H, W\].*\[3, 4, 4\]/,
  );
  expect(() => mix.apply(zeros([3, 1, 4, 4], { dtype: "uint8" }), labels)).toThrow(/got uint8/);
  expect(() => mix.apply(zeros([2, 1, 4, 4]), labels)).toThrow(/2 pictures and 3 labels/);
  expect(() => new MixUp({ numClasses: 2 }).apply(zeros([3, 1, 4, 4]), labels)).toThrow();
  expect(() => new CutMix({ numClasses: 0 })).toThrow(/CutMix: numClasses must be a positive integer/);
  expect(() => new CutMix({ numClasses: 3, alpha: 0 })).toThrow(/alpha must be positive/);
});

test.each([0.2, 0.5, 1, 3])("shares have the moments of Beta(%f, %f)", (alpha) => {
  const draws = new Draws(new Generator(0), 4096);
  const shares = Array.from({ length: 20_000 }, () => betaOf(alpha, draws));
  const mean = shares.reduce((a, b) => a + b) / shares.length;
  const variance = shares.reduce((a, b) => a + (b - 0.5) ** 2, 0) / shares.length;
  const fourth = shares.reduce((a, b) => a + (b - 0.5) ** 4, 0) / shares.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  expect(variance * 4 * (2 * alpha + 1)).toBeGreaterThan(0.95);
  expect(variance * 4 * (2 * alpha + 1)).toBeLessThan(1.05);
  // The kurtosis is 3 − 6/(2α + 3).
  expect(Math.abs(fourth / variance ** 2 - 3 + 6 / (2 * alpha + 3))).toBeLessThan(0.08);
});

describe("RandomApply and RandomChoice", () => {
  const flip = new RandomHorizontalFlip(1);
  const pair = (count: number): Tensor => tensor([0, 1]).reshape([1, 1, 2]).expand([count, 1, 1, 2]);

  test("each picture of a batch is decided on its own", () => {
    const out = new RandomApply([flip], 0.3).apply(pair(1000), new Generator(0)).at(":", 0, 0, 0);
    expect(out.mean().item()).toBeGreaterThan(0.25);
    expect(out.mean().item()).toBeLessThan(0.35);
    expect(new RandomApply(flip, 0).apply(pair(3)).equal(pair(3))).toBe(true);
    expect(new RandomApply([flip, flip], 1).apply(pair(3)).equal(pair(3))).toBe(true);
    expect(new RandomApply(flip, 1).apply(pair(3)).equal(pair(3).flip([-1]))).toBe(true);
  });

  test("choices come in proportion, and pictures keep their order", () => {
    const still = new RandomHorizontalFlip(0);
    const input = tensor([...Array(800).keys()]).reshape([800, 1, 1, 1]).add(tensor([0, 0.5]));
    const out = new RandomChoice([flip, still], { p: [3, 1] }).apply(input, new Generator(0));
    expect(out.amin([1, 2, 3]).equal(input.amin([1, 2, 3]))).toBe(true);
    const flipped = out.at(":", 0, 0, 0).ne(input.at(":", 0, 0, 0)).float().mean().item();
    expect(flipped).toBeGreaterThan(0.7);
    expect(flipped).toBeLessThan(0.8);
    expect(new RandomChoice([flip, still], { p: [0, 1] }).apply(pair(50)).equal(pair(50))).toBe(true);
  });

  test("a batch must not come apart", () => {
    const choice = new RandomChoice([new Resize(2), new Resize(3)]);
    expect(choice.apply(zeros([1, 4, 4])).ndim).toBe(3);
    expect(() => choice.apply(zeros([50, 1, 4, 4]), new Generator(0))).toThrow(
      /RandomChoice: pictures of one batch came out as \[1, 2, 2\] and as \[1, 3, 3\]/,
    );
  });

  test("with functions they take samples", () => {
    const negative = new Lambda((x) => x.neg());
    const apply = new RandomApply([negative, new Cutout(1, { fill: 5 })], 1);
    expect(apply.batched).toBe(false);
    expect(apply.apply(ones([1, 1, 1])).toArray()).toEqual([[[5]]]);
    const choice = new RandomChoice([negative, new Lambda((x) => x.mul(3))]);
    expect(choice.batched).toBe(false);
    const seen = new Set(Array.from({ length: 30 }, (_, i) => choice.apply(ones([1]), new Generator(i)).item()));
    expect([...seen].sort()).toEqual([-1, 3]);
  });

  test("nothing to choose from, and weights that do not fit", () => {
    expect(() => new RandomChoice([])).toThrow(/expected transforms and a weight from 0 for each/);
    expect(() => new RandomChoice([flip], { p: [1, 2] })).toThrow(/got 1 and \[1, 2\]/);
    expect(() => new RandomChoice([flip], { p: [0] })).toThrow(/not all 0/);
    expect(() => new RandomApply([5 as never])).toThrow(/element 0 \(number\) is not a transform/);
    expect(() => new RandomApply(flip, 2)).toThrow(/p must be a probability/);
  });
});

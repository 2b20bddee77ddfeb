import { Generator, manualSeed, ones, randn } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from "./dropout.ts";
import { dropout, dropout2d } from "./functional/dropout.ts";
import { RReLU } from "./rectifier.ts";

const values = (x: { toTypedArray(): ArrayLike<number | bigint> }): number[] => Array.from(x.toTypedArray(), Number);

describe("dropout", () => {
  test("zeros at the probability, and scales the rest to keep the mean", () => {
    const result = values(dropout(ones([10_000]), 0.3, { generator: new Generator(1) }));
    expect([...new Set(result)].sort()).toEqual([0, Math.fround(1 / 0.7)]);
    const dropped = result.filter((value) => value === 0).length / 10_000;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.02); // four standard errors
  });

  test("the gradient is that of what was kept", () => {
    const x = randn([50]).requiresGrad_();
    const y = dropout(x, 0.5, { generator: new Generator(2) });
    y.sum().backward();
    expect(values(x.grad!)).toEqual(values(y).map((value) => value === 0 ? 0 : 2));
  });

  test("draws by its generator: the same stream, the same zeros; another draw, others", () => {
    const [a, b] = [
      new Dropout(0.5, { generator: new Generator(7) }),
      new Dropout(0.5, { generator: new Generator(7) }),
    ];
    const x = ones([100]);
    const first = values(a.forward(x));
    expect(values(b.forward(x))).toEqual(first);
    expect(values(a.forward(x))).not.toEqual(first);
    manualSeed(1);
    const seeded = values(new Dropout().forward(x));
    manualSeed(1);
    expect(values(dropout(x))).toEqual(seeded);
  });

  test("does nothing in evaluation or at 0", () => {
    const x = ones([4]);
    expect(new Dropout(0.9).eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
  });

  test("whole channels", () => {
    const y = dropout2d(ones([8, 16, 3, 3]), 0.5, { generator: new Generator(3) });
    const sums = values(y.sum([2, 3]));
    expect([...new Set(sums)].sort()).toEqual([0, 18]);
    expect([...new Set(values(new Dropout1d(0.5).forward(ones([20, 3])).sum(1)))].sort()).toEqual([0, 6]);
    expect([...new Set(values(new Dropout2d(0.5).forward(ones([20, 3, 3])).sum([1, 2])))].sort((a, b) => a - b))
      .toEqual([0, 18]);
    const boxes = new Dropout3d(0.5).forward(ones([20, 2, 3, 3]));
    expect([...new Set(values(boxes.sum([1, 2, 3])))].sort((a, b) => a - b)).toEqual([0, 36]);
    expect(() => new Dropout3d().forward(ones([3, 3]))).toThrow("dropout3d: expected [N, C, D, H, W]");
  });

  test("bad arguments", () => {
    expect(() => new Dropout(1.5)).toThrow("Dropout: probability 1.5 is not within 0 to 1");
    expect(() => dropout(ones([2]), NaN)).toThrow("dropout: probability NaN");
    expect(() => dropout(ones([2]), { p: 0.5 } as never)).toThrow('dropout: probability {"p":0.5} is not');
    expect(() => dropout2d(ones([2, 3]))).toThrow(/dropout2d: expected \[N, C, H, W\] .* got shape \[2, 3\]/);
  });
});

describe("dropout after SELU", () => {
  test("keeps mean and variance, and two values for what is dropped and kept", () => {
    const x = randn([20_000], { generator: new Generator(1) });
    const y = new AlphaDropout(0.3, { generator: new Generator(2) }).forward(x);
    expect(y.mean().item()).toBeCloseTo(0, 1);
    expect(y.std().item()).toBeCloseTo(1, 1);
    const zeros = new AlphaDropout(0.3, { generator: new Generator(2) }).forward(x.mul(0)).toArray() as number[];
    expect(new Set(zeros).size).toBe(2);
    expect(new AlphaDropout(0.3).eval().forward(x)).toBe(x);
  });

  test("drops whole channels", () => {
    const y = new FeatureAlphaDropout(0.5, { generator: new Generator(3) }).forward(ones([4, 8, 5]));
    expect(y.eq(y.narrow(2, 0, 1)).all().item()).toBe(1);
    expect(y.std().item()).toBeGreaterThan(0);
    expect(() => new FeatureAlphaDropout().forward(ones([3]))).toThrow(/\[N, C, …\]/);
  });
});

test("RReLU draws a slope for each element while training", () => {
  const layer = new RReLU(0.1, 0.3, { generator: new Generator(4) });
  const y = layer.forward(ones([1000]).neg());
  expect(y.amin().item()).toBeGreaterThanOrEqual(-0.3);
  expect(y.amax().item()).toBeLessThanOrEqual(-0.1);
  expect(y.mean().item()).toBeCloseTo(-0.2, 2);
  expect(layer.eval().forward(ones([1]).neg()).item()).toBeCloseTo(-0.2);
  expect(() => new RReLU(0.3, 0.1)).toThrow(/RReLU: upper is 0.1/);
});

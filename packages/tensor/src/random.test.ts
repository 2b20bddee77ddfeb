import { describe, expect, test } from "vitest";
import {
  bernoulli,
  defaultGenerator,
  Generator,
  manualSeed,
  multinomial,
  normal,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
} from "./mod.ts";

const values = (x: Tensor): number[] => [...x.toTypedArray()].map(Number);

/** Mean, standard deviation, skewness and kurtosis. */
function moments(sample: readonly number[]): [mean: number, std: number, skewness: number, kurtosis: number] {
  const mean = sample.reduce((a, b) => a + b) / sample.length;
  const central = (k: number) => sample.reduce((sum, v) => sum + (v - mean) ** k, 0) / sample.length;
  const std = Math.sqrt(central(2));
  return [mean, std, central(3) / std ** 3, central(4) / std ** 4];
}

describe("streams", () => {
  test("a seed gives the same numbers again, another seed others", () => {
    const draw = (seed: number) => values(randn([100], { generator: new Generator(seed) }));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1)).not.toEqual(draw(1 + 2 ** 32)); // both words of the key count
    manualSeed(5);
    const first = values(rand([7]));
    manualSeed(5);
    expect(values(rand([7]))).toEqual(first);
    expect(defaultGenerator.initialSeed()).toBe(5);
  });

  test("a saved state goes on where it was, also through JSON", () => {
    const generator = new Generator(9);
    rand([5], { generator });
    const state = JSON.parse(JSON.stringify(generator.getState()));
    const next = [rand([3], { generator }), randperm(6, { generator }), randn([2], { generator })].map(values);
    const other = new Generator(123);
    other.setState(state);
    expect([
      rand([3], { generator: other }),
      randperm(6, { generator: other }),
      randn([2], { generator: other }),
    ].map(values)).toEqual(next);
  });

  test("draws do not overlap, and their numbers do not depend on how they are cut into tensors of whole blocks", () => {
    const [whole, parts] = [new Generator(4), new Generator(4)];
    const together = values(rand([12], { generator: whole }));
    expect([...values(rand([4], { generator: parts })), ...values(rand([8], { generator: parts }))]).toEqual(together);
    expect(new Set(together).size).toBe(12);
  });

  test("layout does not matter: a transposed view is filled in its own order", () => {
    const x = zeros([3, 4]).t();
    x.uniform_(0, 1, { generator: new Generator(2) });
    expect(values(x)).toEqual(values(rand([4, 3], { generator: new Generator(2) })));
  });

  test("invalid seeds and states throw", () => {
    for (const seed of [-1, 1.5, NaN, 2 ** 53]) expect(() => new Generator(seed)).toThrow(/^manualSeed: /);
    const generator = new Generator();
    expect(() => generator.setState({} as never)).toThrow(/setState: \{\} is not a state/);
    expect(() => generator.setState({ ...generator.getState(), counter: -1 })).toThrow(/setState/);
    expect(() => generator.setState(undefined as never)).toThrow(TypeError);
  });

  test("seed() sets a random seed", () => {
    const generator = new Generator();
    const seed = generator.seed();
    expect(generator.initialSeed()).toBe(seed);
    expect(generator.seed()).not.toBe(seed);
    expect(values(rand([3], { generator: new Generator(seed) }))).not.toEqual(values(rand([3], { generator })));
  });
});

describe("distributions", () => {
  const count = 40_000;
  const generator = new Generator(2024);

  test.each(["float32", "float64", "float16", "bfloat16"] as const)("rand in %s is even over [0, 1)", (dtype) => {
    const sample = values(rand([count], { generator, dtype }));
    expect(sample.every((v) => v >= 0 && v < 1)).toBe(true);
    const [mean, std, , kurtosis] = moments(sample);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.006);
    expect(Math.abs(std - Math.sqrt(1 / 12))).toBeLessThan(0.004);
    expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.03);
    const bins = new Array<number>(10).fill(0);
    for (const v of sample) bins[Math.min(Math.floor(v * 10), 9)]!++;
    const chiSquared = bins.reduce((sum, n) => sum + (n - count / 10) ** 2 / (count / 10), 0);
    expect(chiSquared).toBeLessThan(27.9); // 0.1% of uniform distributions exceed this
  });

  test.each(["float32", "float64"] as const)("randn in %s is normal", (dtype) => {
    const sample = values(randn([count], { generator, dtype }));
    const [mean, std, skewness, kurtosis] = moments(sample);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(std - 1)).toBeLessThan(0.015);
    expect(Math.abs(skewness)).toBeLessThan(0.05);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.12);
    expect(sample.every(Number.isFinite)).toBe(true);
    const correlation = sample.slice(1).reduce((sum, v, i) => sum + v * sample[i]!, 0) / count;
    expect(Math.abs(correlation)).toBeLessThan(0.02);
  });

  test("uniform_ and normal_ take their bounds, mean and deviation", () => {
    const even = values(zeros([count]).uniform_(-3, 5, { generator }));
    expect(Math.min(...even)).toBeGreaterThanOrEqual(-3);
    expect(Math.max(...even)).toBeLessThanOrEqual(5);
    expect(Math.abs(moments(even)[0] - 1)).toBeLessThan(0.05);
    const [mean, std] = moments(values(zeros([count]).normal_(10, 0.5, { generator })));
    expect(Math.abs(mean - 10)).toBeLessThan(0.01);
    expect(Math.abs(std - 0.5)).toBeLessThan(0.01);
  });

  test("normal takes tensors, which broadcast", () => {
    const drawn = normal(tensor([[0], [100]]), tensor([1, 0.001]), undefined, { generator });
    expect(drawn.shape).toEqual([2, 2]);
    expect(Math.abs(drawn.at(1, 1).item() - 100)).toBeLessThan(0.01);
    expect(normal(3, 0, [2]).toArray()).toEqual([3, 3]);
    expect(() => normal(0, 1)).toThrow(/normal: .* give a shape/);
  });

  test("randint: every integer from low up to high, int32 by default", () => {
    const drawn = randint(-2, 3, [count], { generator });
    expect(drawn.dtype).toBe("int32");
    const counts = drawn.add(2).bincount().toArray<number[]>();
    expect(counts.length).toBe(5);
    for (const n of counts) expect(Math.abs(n - count / 5)).toBeLessThan(400);
    expect(randint(0, 2, [3], { dtype: "int64" }).dtype).toBe("int64");
    expect(randint(5, 6, [2, 2]).toArray()).toEqual([[5, 5], [5, 5]]);
    expect(() => randint(3, 3, [2])).toThrow(/low must be below high/);
    expect(() => randint(0, 2.5, [2])).toThrow(RangeError);
    expect(() => randint(0, 2, [-1])).toThrow(/^randint: shape/);
  });

  test("randperm: every number once, all orders equally often", () => {
    const drawn = randperm(100, { generator });
    expect(drawn.dtype).toBe("int32");
    expect(values(drawn).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = values(randperm(3, { generator })).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const n of orders.values()) expect(Math.abs(n - 1000)).toBeLessThan(150);
    expect(randperm(0).shape).toEqual([0]);
    expect(() => randperm(-1)).toThrow(RangeError);
  });

  test("bernoulli: as often as its probabilities say", () => {
    const p = tensor([0, 0.25, 1]).expand(count, 3);
    const means = values(bernoulli(p, { generator }).mean(0));
    expect(means[0]).toBe(0);
    expect(Math.abs(means[1]! - 0.25)).toBeLessThan(0.012);
    expect(means[2]).toBe(1);
    expect(bernoulli(tensor([0.5], { dtype: "float64" })).dtype).toBe("float64");
    const flags = zeros([count], { dtype: "bool" }).bernoulli_(0.1, { generator });
    expect(Math.abs(flags.to("float32").mean().item() - 0.1)).toBeLessThan(0.01);
    expect(() => zeros([1]).bernoulli_(1.5)).toThrow(/probability 1.5 is not within 0 to 1/);
  });

  test("multinomial: in proportion to weights, each index once without replacement", () => {
    const weights = tensor([1, 0, 3, 4]);
    const counts = values(multinomial(weights, count, { replacement: true, generator }).bincount({ minlength: 4 }));
    expect(counts[1]).toBe(0);
    [1 / 8, 0, 3 / 8, 4 / 8].forEach((p, i) => expect(Math.abs(counts[i]! / count - p)).toBeLessThan(0.012));
    const rows = multinomial(weights.expand(50, 4), 3, { generator });
    expect(rows.shape).toEqual([50, 3]);
    for (const row of rows.toArray<number[][]>()) expect([...row].sort()).toEqual([0, 2, 3]);
    expect(() => multinomial(weights, 4)).toThrow(/no weight is left for draw 4 of 4/);
    expect(() => multinomial(tensor([0, 0]), 1)).toThrow(/no weight is left/);
    expect(() => multinomial(tensor([1, -1]), 1)).toThrow(/weight -1 is not/);
    expect(() => multinomial(tensor([1, NaN]), 1)).toThrow(/weight NaN/);
    expect(() => multinomial(zeros([1, 1, 1]), 1)).toThrow(/expected weights \[n\] or \[m, n\]/);
    expect(() => multinomial(weights, 1.5)).toThrow(/1.5 is not a non-negative number of draws/);
  });
});

test("multinomial: orders are as frequent as with sequential draws", () => {
  const weights = [1, 2, 3, 6];
  const draws = 24_000;
  const generator = new Generator(11);
  const found = new Map<string, number>();
  for (const row of multinomial(tensor(weights).expand(draws, 4), 3, { generator }).toArray<number[][]>()) {
    found.set(row.join(), (found.get(row.join()) ?? 0) + 1);
  }
  let chiSquared = 0;
  let orders = 0;
  const visit = (order: number[], p: number): void => {
    if (order.length < 3) {
      const left = weights.reduce((sum, weight, i) => order.includes(i) ? sum : sum + weight, 0);
      weights.forEach((weight, i) => !order.includes(i) && visit([...order, i], p * weight / left));
      return;
    }
    orders++;
    chiSquared += ((found.get(order.join()) ?? 0) - p * draws) ** 2 / (p * draws);
  };
  visit([], 1);
  expect(orders).toBe(24);
  expect(chiSquared).toBeLessThan(49.7); // 23 degrees of freedom; 0.1% exceed this
});

test("multinomial: time grows with the draws, not with their square", () => {
  const drawn = values(multinomial(zeros([200_000]).add(1), 200_000, { generator: new Generator(1) }));
  expect(new Set(drawn).size).toBe(200_000);
  expect(multinomial(zeros([0, 3]), 2).shape).toEqual([0, 2]);
  expect(() => multinomial(zeros([0]), 1)).toThrow(/no weight is left/);
  expect(() => multinomial(tensor([1e308, 1e308], { dtype: "float64" }), 1)).toThrow(/add up to Infinity/);
});

test.each(["cpu", "reference"])("invalid parameters of distributions throw on %s", (device) => {
  const of = (...values: number[]) => tensor(values, { device });
  for (const [p, shown] of [[-0.1, "-0.1"], [1.5, "1.5"], [NaN, "NaN"], [Infinity, "Infinity"]] as const) {
    expect(() => bernoulli(of(0, p, 1))).toThrow(new RegExp(`bernoulli: probability ${shown}.* is not within 0 to 1`));
  }
  expect(bernoulli(of(0, 1)).toArray()).toEqual([0, 1]);
  expect(bernoulli(zeros([0], { device })).shape).toEqual([0]);
  for (const std of [-1, NaN, -Infinity]) {
    const message = `normal: standard deviation ${std} is not a number of at least 0`;
    expect(() => normal(0, std, [2], { device })).toThrow(message);
    expect(() => normal(of(0, 1), std)).toThrow(message);
    expect(() => normal(0, of(1, std))).toThrow(message);
    expect(() => normal(of(0, 1), of(1, std))).toThrow(message);
  }
  expect(normal(of(3), of(0)).toArray()).toEqual([3]);
  for (const [from, to] of [[0, Infinity], [-Infinity, 0], [-1e38, 3.4e38], [0, 1e39]] as const) {
    expect(() => zeros([2], { device }).uniform_(from, to)).toThrow(`uniform_: from ${from} to ${to} is wider than`);
  }
  expect(() => zeros([2], { device, dtype: "float16" }).uniform_(0, 7e4)).toThrow("wider than float16");
  zeros([2], { device, dtype: "float64" }).uniform_(0, 1e39);
});

test("invalid fills throw", () => {
  expect(() => rand([2], { dtype: "int32" })).toThrow(/rand: makes floating-point tensors, not int32; use randint/);
  expect(() => randn([2], { dtype: "bool" })).toThrow(/^randn/);
  expect(() => zeros([2], { dtype: "int32" }).uniform_()).toThrow(/uniform_: fills floating-point tensors/);
  expect(() => zeros([2]).uniform_(2, 1)).toThrow(/from 2 is above to 1/);
  expect(() => zeros([2]).normal_(0, -1)).toThrow(/standard deviation -1 is negative/);
  expect(() => zeros([1]).expand(3).uniform_()).toThrow(/uniform_: several elements .* share one memory cell/);
});

import { defaultGenerator, Generator, manualSeed, scope } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchSampler } from "./batch_sampler.ts";
import { RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } from "./index_samplers.ts";

const ten = { length: 10 };
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

test("SequentialSampler goes through the indices in order", () => {
  expect([...new SequentialSampler({ length: 4 })]).toEqual([0, 1, 2, 3]);
  expect(new SequentialSampler({ length: 4 }).length).toBe(4);
  expect([...new SequentialSampler({ length: 0 })]).toEqual([]);
});

describe("RandomSampler", () => {
  test("has every index once, in an order that follows the generator and changes from epoch to epoch", () => {
    const sampler = new RandomSampler(ten, { generator: new Generator(5) });
    const [first, second] = [[...sampler], [...sampler]];
    expect(sorted(first!)).toEqual(range(10));
    expect(sorted(second!)).toEqual(range(10));
    expect(first).not.toEqual(second);
    expect([...new RandomSampler(ten, { generator: new Generator(5) })]).toEqual(first);
  });

  test("without a generator it follows manualSeed", () => {
    manualSeed(3);
    const first = [...new RandomSampler(ten)];
    manualSeed(3);
    expect([...new RandomSampler(ten)]).toEqual(first);
    expect(new RandomSampler(ten).generator).toBe(defaultGenerator);
  });

  test("every position has every index equally often", () => {
    const sampler = new RandomSampler({ length: 4 }, { generator: new Generator(1) });
    const counts = range(4).map(() => [0, 0, 0, 0]);
    for (let i = 0; i < 2000; i++) [...sampler].forEach((index, place) => counts[place]![index]!++);
    // 500 expected, with a deviation of about 19.
    for (const count of counts.flat()) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  test("numSamples: whole permutations, then a part of one", () => {
    const drawn = [...new RandomSampler({ length: 3 }, { numSamples: 7 })];
    expect(drawn.length).toBe(7);
    expect(sorted(drawn.slice(0, 3))).toEqual([0, 1, 2]);
    expect(sorted(drawn.slice(3, 6))).toEqual([0, 1, 2]);
    expect([...new RandomSampler(ten, { numSamples: 2 })].length).toBe(2);
  });

  test("with replacement all indices come, and some again", () => {
    const drawn = [...new RandomSampler(ten, { replacement: true, numSamples: 400, generator: new Generator(2) })];
    expect(drawn.length).toBe(400);
    expect(sorted([...new Set(drawn)])).toEqual(range(10));
    expect(new Set(drawn.slice(0, 10)).size).toBeLessThan(10);
  });

  test("it draws when the iteration begins, not when the first index is taken", () => {
    const generator = new Generator(5);
    const iterator = new RandomSampler(ten, { generator })[Symbol.iterator]();
    const state = generator.getState();
    expect(state).not.toEqual(new Generator(5).getState());
    iterator.next();
    expect(generator.getState()).toEqual(state);
  });

  test("a scope that ends during the iteration does not disturb it", () => {
    const iterator = (() => {
      using _ = scope();
      return new RandomSampler(ten)[Symbol.iterator]();
    })();
    expect(sorted([...{ [Symbol.iterator]: () => iterator }])).toEqual(range(10));
  });

  test("bad arguments are refused", () => {
    expect(() => new RandomSampler({ length: 0 })).toThrow(/RandomSampler: the number of samples.*got 0/);
    expect(() => new RandomSampler(ten, { numSamples: 0 })).toThrow(/numSamples must be a positive integer, got 0/);
    expect(() => new RandomSampler(ten, { num_samples: 3 } as object)).toThrow(/did you mean "numSamples"/);
  });
});

describe("SubsetRandomSampler", () => {
  test("has the given indices once each, in random order", () => {
    const sampler = new SubsetRandomSampler([9, 4, 7, 1, 3, 8], { generator: new Generator(1) });
    const drawn = [...sampler];
    expect(sampler.length).toBe(6);
    expect(sorted(drawn)).toEqual([1, 3, 4, 7, 8, 9]);
    expect([...sampler]).not.toEqual(drawn);
  });

  test("what is no index is refused", () => {
    expect(() => new SubsetRandomSampler([1, -2])).toThrow(/-2 is not an index/);
    expect(() => new SubsetRandomSampler([1.5])).toThrow(/1\.5 is not an index/);
  });
});

describe("WeightedRandomSampler", () => {
  test("draws in proportion to the weights", () => {
    const drawn = [...new WeightedRandomSampler([1, 0, 3, 6], 2000, { generator: new Generator(4) })];
    const shares = range(4).map((i) => drawn.filter((d) => d === i).length / 2000);
    expect(shares[1]).toBe(0);
    expect(Math.abs(shares[0]! - 0.1)).toBeLessThan(0.03);
    expect(Math.abs(shares[2]! - 0.3)).toBeLessThan(0.05);
    expect(Math.abs(shares[3]! - 0.6)).toBeLessThan(0.05);
  });

  test("without replacement no index comes twice", () => {
    const sampler = new WeightedRandomSampler([1, 1, 0, 50], 3, { replacement: false, generator: new Generator(1) });
    for (let i = 0; i < 20; i++) expect(sorted([...sampler])).toEqual([0, 1, 3]);
  });

  test("bad weights are refused", () => {
    expect(() => new WeightedRandomSampler([1, -1], 2)).toThrow(/weight 1 is -1/);
    expect(() => new WeightedRandomSampler([NaN], 2)).toThrow(/weight 0 is NaN/);
    expect(() => new WeightedRandomSampler([0, 0], 1)).toThrow(/0 of 2 weights are positive, too few for 1 draws with/);
    expect(() => new WeightedRandomSampler([1, 0], 2, { replacement: false })).toThrow(/1 of 2.*without replacement/);
    expect(() => new WeightedRandomSampler([1], 0)).toThrow(/numSamples must be a positive integer/);
  });
});

describe("BatchSampler", () => {
  test("groups indices; the last batch may be smaller or left out", () => {
    const five = new SequentialSampler({ length: 5 });
    const kept = new BatchSampler(five, 2);
    const dropped = new BatchSampler(five, 2, { dropLast: true });
    expect([...kept]).toEqual([[0, 1], [2, 3], [4]]);
    expect([...dropped]).toEqual([[0, 1], [2, 3]]);
    expect([kept.length, dropped.length]).toEqual([3, 2]);
  });

  test("passes on the sampler's generator", () => {
    const generator = new Generator(1);
    expect(new BatchSampler(new RandomSampler(ten, { generator }), 2).generator).toBe(generator);
    expect(new BatchSampler(new SequentialSampler(ten), 2).generator).toBeUndefined();
  });

  test("a batch size that is no positive integer is refused", () => {
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => new BatchSampler(new SequentialSampler(ten), size)).toThrow(
        `batchSize must be a positive integer, got ${size}`,
      );
    }
  });
});

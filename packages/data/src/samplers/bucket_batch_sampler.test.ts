import { Generator, manualSeed } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ListDataset } from "../datasets/list_dataset.ts";
import { DataLoader } from "../loader/data_loader.ts";
import { BucketBatchSampler, type BucketBatchSamplerOptions } from "./bucket_batch_sampler.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
// Lengths as sentences have them, from 1 to 40; pairs of which the second follows the first.
const lengths = range(500).map((i) => 1 + (i * 7919) % 23 + (i * 104729) % 18);
const pairs = lengths.map((length, i) => [length, Math.max(1, length + i % 7 - 3)]);
const padded = (sizes: number[][], batch: number[]): number =>
  batch.length * sizes[0]!.reduce((sum, _, side) => sum + Math.max(...batch.map((i) => sizes[i]![side]!)), 0);

describe.each<[string, BucketBatchSamplerOptions]>([
  ["batchSize", { batchSize: 32 }],
  ["maxTokens", { maxTokens: 400 }],
  ["shuffled batchSize", { batchSize: 32, shuffle: true }],
  ["shuffled maxTokens", { maxTokens: 400, shuffle: true }],
  ["wide buckets", { maxTokens: 400, width: 8, shuffle: true }],
])("%s", (_, options) => {
  const make = (seed: number, sizes: readonly (number | number[])[] = lengths): BucketBatchSampler =>
    new BucketBatchSampler(sizes, { ...options, ...(options.shuffle && { generator: new Generator(seed) }) });

  test("every sample comes once an epoch, in as many batches as it says", () => {
    for (const sizes of [lengths, pairs]) {
      const sampler = make(1, sizes);
      for (let epoch = 0; epoch < 5; epoch++) {
        const batches = [...sampler];
        expect(batches.length).toBe(sampler.length);
        expect(batches.flat().sort((a, b) => a - b)).toEqual(range(500));
        if (options.maxTokens !== undefined) {
          const own = sizes.map((size) => typeof size === "number" ? [size] : size);
          for (const batch of batches) expect(padded(own, batch)).toBeLessThanOrEqual(options.maxTokens);
        }
        if (options.batchSize !== undefined) {
          expect(batches.filter((batch) => batch.length !== options.batchSize).map((batch) => batch.length)).toEqual([
            500 % 32,
          ]);
        }
      }
    }
  });

  test("little is padded", () => {
    const waste = (batches: number[][]): number =>
      batches.reduce((sum, batch) => sum + padded(lengths.map((l) => [l]), batch), 0) /
        lengths.reduce((sum, l) => sum + l, 0) - 1;
    expect(waste([...make(1)])).toBeLessThan(options.width === undefined ? 0.07 : 0.3);
    // In the order that they come in it is far more.
    expect(waste(range(16).map((b) => range(500).slice(b * 32, (b + 1) * 32)))).toBeGreaterThan(0.5);
  });

  test("the seed decides", () => {
    expect([...make(1)]).toEqual([...make(1)]);
    if (options.shuffle) {
      const sampler = make(1);
      const first = [...sampler];
      expect([...sampler]).not.toEqual(first);
      expect([...make(2)]).not.toEqual(first);
    }
  });

  test("a loader takes up an epoch in the middle", () => {
    const loader = (seed: number): DataLoader<number, number[]> =>
      new DataLoader<number, number[]>(new ListDataset(range(500)), {
        batchSampler: make(seed),
        collate: (batch) => batch,
      });
    const first = loader(3);
    const whole = [...first, ...first];
    const interrupted = loader(3);
    let state = "";
    let served = 0;
    for (const _ of interrupted) {
      if (++served < 7) continue;
      state = JSON.stringify(interrupted.stateDict());
      break;
    }
    const resumed = loader(99);
    resumed.loadStateDict(JSON.parse(state));
    const rest = [...resumed, ...resumed];
    expect(rest).toEqual(whole.slice(7));
  });
});

describe("the order", () => {
  test("without shuffle from short to long, the same length in the order of the samples", () => {
    expect([...new BucketBatchSampler([3, 9, 2, 3, 8], { batchSize: 2 })]).toEqual([[2, 0], [3, 4], [1]]);
    expect([...new BucketBatchSampler([[2, 5], [2, 1], [1, 9]], { batchSize: 1 })]).toEqual([[2], [1], [0]]);
    expect(new BucketBatchSampler([1, 2], { batchSize: 1 }).generator).toBeUndefined();
  });

  test("maxTokens counts what padding adds, on both sides of a pair", () => {
    expect([...new BucketBatchSampler([1, 1, 1, 5, 5], { maxTokens: 10 })]).toEqual([[0, 1, 2], [3, 4]]);
    expect([...new BucketBatchSampler([[2, 3], [2, 4], [3, 1]], { maxTokens: 12 })]).toEqual([[0, 1], [2]]);
  });

  test("shuffle changes who comes with whom, and when", () => {
    const sampler = new BucketBatchSampler([...Array(8).fill(3), ...Array(8).fill(5)], {
      batchSize: 4,
      shuffle: true,
      generator: new Generator(1),
    });
    const epochs = range(20).map(() => [...sampler]);
    const partners = new Set(epochs.flatMap((epoch) => epoch.filter((batch) => batch.includes(0)).flat()));
    expect([...partners].sort((a, b) => a - b)).toEqual(range(8));
    expect(new Set(epochs.map((epoch) => epoch.findIndex((batch) => batch.includes(0)))).size).toBe(4);
  });

  test("without a generator it follows manualSeed", () => {
    const draw = (): number[][] => {
      manualSeed(5);
      return [...new BucketBatchSampler(lengths, { batchSize: 50, shuffle: true })];
    };
    expect(draw()).toEqual(draw());
  });

  test("it draws when the iteration begins", () => {
    const generator = new Generator(5);
    const iterator = new BucketBatchSampler(lengths, { batchSize: 50, shuffle: true, generator })[Symbol.iterator]();
    const state = generator.getState();
    expect(state).not.toEqual(new Generator(5).getState());
    iterator.next();
    expect(generator.getState()).toEqual(state);
  });
});

test("bad arguments are refused", () => {
  const make = (sizes: (number | number[])[], options: object): BucketBatchSampler =>
    new BucketBatchSampler(sizes, options);
  expect(() => make([1], {})).toThrow(/give one of batchSize .* and maxTokens/);
  expect(() => make([1], { batchSize: 1, maxTokens: 2 })).toThrow(/give one of/);
  expect(() => make([], { batchSize: 1 })).toThrow(/number of samples must be a positive integer, got 0/);
  expect(() => make([1, 0], { batchSize: 1 })).toThrow(/length of sample 1 must be a positive integer, got 0/);
  expect(() => make([[1, 2], [3, NaN]], { batchSize: 1 })).toThrow(/length of sample 1 .* got NaN/);
  expect(() => make([1], { batchSize: 0 })).toThrow(/batchSize must be/);
  expect(() => make([1], { maxTokens: 1.5 })).toThrow(/maxTokens must be/);
  expect(() => make([1], { batchSize: 1, width: 0 })).toThrow(/width must be/);
  expect(() => make([4, 11], { maxTokens: 10 })).toThrow(/sample 1 has 11 tokens, more than maxTokens 10/);
  expect(() => make([[4, 7]], { maxTokens: 10 })).toThrow(/sample 0 has 11 tokens/);
  expect(() => make([1], { max_tokens: 10 })).toThrow(/did you mean "maxTokens"/);
});

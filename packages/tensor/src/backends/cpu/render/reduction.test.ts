import { expect, test } from "vitest";
import { normalize } from "../../../ops/normalize.ts";
import { full, manualSeed, rand, type Tensor } from "../../../mod.ts";

const tenth = Math.fround(0.1);
const device = "cpu";

const first = (x: Tensor): number => x.reshape(-1).at(0).item();

/**
 * Long sums of equal numbers, where rounding always goes the same way, by how they lie in memory: vectors across columns, along rows, rows
 * so short that each is a part of its own, parts of one total. PyTorch's errors are from 6e-8 to 9e-7.
 */
const cases: readonly (readonly [name: string, shape: readonly number[], dims: readonly number[]])[] = [
  ["three long columns", [1_000_000, 3], [0]],
  ["sixteen long columns", [1_000_000, 16], [0]],
  ["one total", [1_000_000], [0]],
  ["a longer total", [10_000_000], [0]],
  ["long rows", [3, 1_000_000], [1]],
  ["many rows of two", [1_000_000, 2, 2], [0, 2]],
  ["many rows of ten", [100_000, 3, 10], [0, 2]],
  ["columns in two dimensions", [1000, 1000, 3], [0, 1]],
];

test.each(cases)("sums, means, variances and norms over %s are as accurate as PyTorch's", (_, shape, dims) => {
  const x = full(shape, 0.1, { device });
  const count = dims.reduce((n, d) => n * shape[d]!, 1);
  expect(Math.abs(first(x.sum(dims)) / (count * tenth) - 1)).toBeLessThan(3e-7);
  expect(Math.abs(first(x.mean(dims)) / tenth - 1)).toBeLessThan(3e-7);
  expect(Math.abs(first(x.norm(2, dims)) / (Math.sqrt(count) * tenth) - 1)).toBeLessThan(3e-7);
  expect(first(x.var(dims))).toBeLessThan(1e-14);
  const { mean, variance } = normalize(x, dims, { eps: 1e-5 });
  expect(Math.abs(first(mean) / tenth - 1)).toBeLessThan(3e-7);
  expect(first(variance)).toBeLessThan(1e-14);
});

test("a million tenths in three columns", () => {
  const found = full([1_000_000, 3], 0.1, { device }).sum(0).toTypedArray("float32");
  for (const sum of found) expect(Math.abs(sum - 1e6 * tenth)).toBeLessThan(0.02);
});

test("random numbers over a long dimension", () => {
  manualSeed(1);
  const x = rand([500_000, 5], { device });
  const [found, wanted] = [x.sum(0), x.double().sum(0)].map((sum) => [...sum.toTypedArray()].map(Number)) as [
    number[],
    number[],
  ];
  found.forEach((sum, i) => expect(Math.abs(sum / wanted[i]! - 1)).toBeLessThan(3e-7));
});

import { expect, test } from "vitest";
import { binned } from "./history.ts";

test("binned takes neighbours together", () => {
  expect(binned([1, 3, 5, 7, 0, 2], 3)).toEqual({
    middle: [1.5, 3.5, 5.5],
    mean: [2, 6, 1],
    low: [1, 5, 0],
    high: [3, 7, 2],
  });
});

test("binned takes every value once, whatever the number of bins", () => {
  const values = Array.from({ length: 103 }, (_, i) => i);
  const { mean, low, high } = binned(values, 10);
  expect(mean).toHaveLength(10);
  expect(low[0]).toBe(0);
  expect(high[9]).toBe(102);
  for (let bin = 1; bin < 10; bin++) expect(low[bin]).toBe(high[bin - 1]! + 1);
});

test("binned has no more bins than values", () => {
  expect(binned([4, 5], 10)).toEqual({ middle: [1, 2], mean: [4, 5], low: [4, 5], high: [4, 5] });
  expect(binned([], 10).mean).toEqual([]);
});

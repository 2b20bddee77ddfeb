import { expect, test } from "vitest";
import { mean, median, spread } from "./statistics.ts";

test("mean and median", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 9, 2])).toBe(5.5);
});

test("spread", () => {
  expect(spread([3, 1, 2])).toEqual({ worst: 3, median: 2, best: 1 });
  expect(spread([7])).toEqual({ worst: 7, median: 7, best: 7 });
});

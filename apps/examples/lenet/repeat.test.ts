import { expect, test } from "vitest";
import { spread } from "./repeat.ts";

test("spread", () => {
  expect(spread([3, 1, 2])).toEqual({ worst: 3, median: 2, best: 1 });
  expect(spread([10, 1, 9, 2])).toEqual({ worst: 10, median: 5.5, best: 1 });
  expect(spread([7])).toEqual({ worst: 7, median: 7, best: 7 });
});

import { getDevice, scope, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { type Check, difference, time } from "./check.ts";

test("differences are relative to the largest value, and NaN must be where it is wanted", async () => {
  using _ = scope();
  const of = (a: number[], b: number[]): Promise<number> => difference(tensor(a), tensor(b));
  expect(await of([1, 2, 4], [1, 2, 4])).toBe(0);
  expect(await of([1, 3, 4], [1, 2, 4])).toBe(0.25);
  expect(await of([NaN, 2, Infinity], [NaN, 4, Infinity])).toBe(0.5);
  expect(await of([1, 2], [NaN, 2])).toBe(Infinity);
  expect(await of([NaN, 2], [1, 2])).toBe(Infinity);
  expect(await of([1], [1, 2])).toBe(Infinity);
  expect(await of([0, 0], [Infinity, 0])).toBe(Infinity);
});

test("a measurement calls the work at least twice, frees its results, and is refused when no time is left", () => {
  const check = { device: getDevice("cpu"), small: true, left: () => 1 } satisfies Check;
  let calls = 0;
  const made: ReturnType<typeof tensor>[] = [];
  const run = () => {
    calls++;
    made.push(tensor([calls]));
    return made.at(-1)!;
  };
  expect(time(check, run, 0)).toBeGreaterThan(0);
  expect(calls).toBeGreaterThan(2);
  expect(made.every((each) => each.isDisposed)).toBe(true);
  expect(() => time({ ...check, left: () => -1 }, run, 0)).toThrow("no time is left; --budget gives more");
});

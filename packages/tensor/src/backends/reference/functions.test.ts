import { expect, test } from "vitest";
import { functions } from "./functions.ts";

const { lgamma, digamma } = functions;
const euler = 0.5772156649015329;

test("lgamma is the logarithm of factorials, and keeps its digits around its roots", () => {
  expect([lgamma(1), lgamma(2)]).toEqual([0, 0]);
  let factorial = 1;
  for (let n = 2; n < 60; n++) {
    factorial *= n;
    expect(lgamma(n + 1) / Math.log(factorial)).toBeCloseTo(1, 14);
  }
  for (const t of [1e-4, 1e-6, 1e-9]) {
    const at = (1 + t) - 1;
    const series = -euler * at + Math.PI ** 2 / 12 * at ** 2 - 1.2020569031595942 / 3 * at ** 3;
    expect(lgamma(1 + t) / series).toBeCloseTo(1, 11);
  }
  expect(lgamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 15);
});

test("lgamma is continuous where its formulas meet", () => {
  for (const x of [-0.5, 0.5, 1.5, 2.5, 8]) {
    expect(lgamma(x - 1e-9) - lgamma(x + 1e-9), `at ${x}`).toBeCloseTo(-2e-9 * digamma(x), 13);
  }
});

test("lgamma and digamma below 0 are those of the reflection, with poles at whole numbers", () => {
  expect(lgamma(-0.5)).toBeCloseTo(Math.log(2 * Math.sqrt(Math.PI)), 15);
  expect(digamma(-0.5)).toBeCloseTo(digamma(0.5) + 2, 14);
  expect([0, -0, -1, -3, Infinity, -Infinity].map(lgamma)).toEqual(Array(6).fill(Infinity));
  expect([0, -0, -1, -3, Infinity].map(digamma)).toEqual([-Infinity, Infinity, NaN, NaN, Infinity]);
  expect([lgamma(NaN), digamma(NaN)]).toEqual([NaN, NaN]);
});

test("digamma is −γ at 1 and follows its recurrence", () => {
  expect(digamma(1)).toBeCloseTo(-euler, 15);
  for (const x of [0.1, 0.7, 3.3, 9.5, 50, 1e6]) expect(digamma(x + 1)).toBeCloseTo(digamma(x) + 1 / x, 13);
});

import { expect, test } from "vitest";
import * as polynomials from "../packages/tensor/src/backends/cpu/math/polynomials.ts";
import { fits, remez, worst } from "./minimax.ts";

test("the best line for the exponential function on [0, 1] is the one of textbooks", () => {
  const { coefficients, error } = remez({ interval: [0, 1], powers: [0, 1], target: Math.exp, weight: () => 1 });
  // Slope e − 1; the errors at 0, at log(e − 1) and at 1 are equal but for their signs.
  const slope = Math.E - 1;
  expect(coefficients[1]).toBeCloseTo(slope, 6);
  expect(coefficients[0]).toBeCloseTo((Math.E - slope * Math.log(slope)) / 2, 6);
  expect(error).toBeCloseTo(1 - coefficients[0]!, 6);
});

test.each(fits.map((fit) => [fit.name, fit] as const))("%s is as near as the vector functions need it", (name, fit) => {
  const coefficients = polynomials[name as keyof typeof polynomials];
  expect(coefficients.length).toBe(fit.powers.length);
  if (fit.precision === "float32") { for (const c of coefficients) expect(Math.fround(c)).toBe(c); }
  // Half a unit in the last place of float32 is 2^-24.
  expect(worst(fit, coefficients)).toBeLessThan(2 ** -24.4);
});

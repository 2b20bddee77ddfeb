import { expect, test } from "vitest";
import { approximation } from "./approximation.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures } = await testBasic(approximation);
const errors = figures.errors as Record<"width" | "bound" | "byFormula" | "byLeastSquares" | "learned", number>[];

test("the formula keeps its bound and comes close to it, and twice the width divides the error by four", () => {
  for (const { width, bound, byFormula } of errors) {
    expect(bound).toBeCloseTo((2 * Math.PI / width) ** 2 / 8, 12);
    expect(byFormula, `${width} ReLUs`).toBeLessThanOrEqual(bound);
    if (width >= 8) expect(byFormula, `${width} ReLUs`).toBeGreaterThan(0.9 * bound);
  }
  expect(errors.at(-2)!.byFormula / errors.at(-1)!.byFormula).toBeCloseTo(4, 1);
});

test("least squares finds better weights for the same kinks, descent better kinks where these are few", () => {
  for (const { width, byFormula, byLeastSquares } of errors) {
    if (width >= 8) expect(byLeastSquares, `${width} ReLUs`).toBeLessThan(byFormula);
  }
  const [two, four] = errors as [typeof errors[0], typeof errors[0]];
  expect(two.learned).toBeLessThan(two.byFormula);
  expect(four.learned).toBeLessThan(four.byFormula);
  expect(errors.at(-1)!.learned).toBeLessThan(0.02);
});

test("fits, parts and errors are drawn", () => {
  expect(pictures["fits"]).toContain("8 ReLUs");
  expect(pictures["parts"]).toContain("ReLU 5");
  expect(pictures["errors"]).toContain("by least squares");
});

import { expect, test } from "vitest";
import { linearRegression } from "./linear_regression.ts";
import { testBasic } from "./test_harness.ts";

test("least squares and gradient descent find the published line", async () => {
  const { figures, pictures } = await testBasic(linearRegression);
  expect(figures.intercept).toBeCloseTo(98.7147, 3);
  expect(figures.slope).toBeCloseTo(0.9709, 4);
  expect(figures.descentSlope).toBeCloseTo(figures.slope, 3);
  expect(figures.descentIntercept).toBeCloseTo(figures.intercept, 2);
  const last = figures.descent.at(-1);
  expect(last.lossOfAges).toBeGreaterThan(figures.meanSquaredError + 10);
  expect(last.lossOfStandardisedAges).toBeCloseTo(figures.meanSquaredError, 2);
  expect(pictures["fit"]).toContain("30 people");
});

test("a dry run writes nothing", async () => {
  const { page, said } = await testBasic(linearRegression, "--dry-run");
  expect(page).toBeNull();
  expect(said).toContain("Dry run");
});

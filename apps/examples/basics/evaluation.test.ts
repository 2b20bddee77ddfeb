import { expect, test } from "vitest";
import { evaluation } from "./evaluation.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures } = await testBasic(evaluation);

test("the error that selected the model is optimistic; an unused test set's is not", () => {
  const [onTrain, onTest, onValidation, right] = figures.procedures;
  expect(onTrain.tooLowBy).toBeGreaterThan(10);
  expect(onTest.tooLowBy).toBeGreaterThan(3);
  expect(onValidation.tooLowBy).toBeGreaterThan(3);
  // 300 draws of 100 digits: the mean is known to about a quarter of a percent.
  expect(Math.abs(right.tooLowBy)).toBeLessThan(1);
  expect(right.realErrorPercent).toBeLessThan(onTrain.realErrorPercent);
});

test("trying more seeds improves the reported error, not the model", () => {
  const [one, ...more] = figures.bestOfSeeds;
  expect(Math.abs(one.claimedErrorPercent - one.realErrorPercent)).toBeLessThan(1);
  const last = more.at(-1);
  expect(last.seedsTried).toBe(20);
  expect(one.claimedErrorPercent - last.claimedErrorPercent).toBeGreaterThan(3);
  expect(one.realErrorPercent - last.realErrorPercent).toBeLessThan(1);
});

test("cross-validation is near the real error and finds a good penalty; the training error wants none", () => {
  const rows = figures.crossValidation as Record<string, number>[];
  for (const row of rows) {
    expect(Math.abs(row["crossValidationErrorPercent"]! - row["realErrorPercent"]!), `${row["penalty"]}`).toBeLessThan(
      8,
    );
    expect(row["trainErrorPercent"]).toBeLessThan(row["realErrorPercent"]!);
  }
  const least = (of: string): Record<string, number> => rows.reduce((a, b) => b[of]! < a[of]! ? b : a);
  const best = least("realErrorPercent")["realErrorPercent"]!;
  expect(least("crossValidationErrorPercent")["realErrorPercent"]).toBeLessThan(best + 1);
  expect(least("trainErrorPercent")["realErrorPercent"]).toBeGreaterThan(best + 3);
});

test("columns selected outside the folds make noise look learnable", () => {
  const [leaked, right] = figures.leak;
  expect(leaked.errorPercent).toBeLessThan(6);
  expect(right.errorPercent).toBeGreaterThan(42);
  expect(right.errorPercent).toBeLessThan(58);
});

test("claims and errors are drawn", () => {
  expect(pictures["seeds"]).toContain("seeds tried");
  expect(pictures["cross-validation"]).toContain("cross-validation, and its folds");
});

import { expect, test } from "vitest";
import { generativeClassifier } from "./generative_classifier.ts";
import { testBasic } from "./test_harness.ts";

test("Bayes's rule with fitted Gaussians is about as good as any rule", async () => {
  const { figures, pictures } = await testBasic(generativeClassifier);
  const [fitted, truth, bestTrain, bestTest, middle] = figures.rules;
  const [women, men] = figures.gaussians;
  expect(Math.abs(women.mean - 164.7)).toBeLessThan(1);
  expect(Math.abs(men.deviation - 7.6)).toBeLessThan(0.8);
  // The root of the quadratic, and the rule with the true Gaussians against the integral of the smaller density.
  expect(Math.abs(truth.testErrorPercent - figures.leastErrorPercent)).toBeLessThan(0.4);
  expect(Math.abs(fitted.threshold - truth.threshold)).toBeLessThan(1);
  expect(fitted.testErrorPercent).toBeLessThan(figures.leastErrorPercent + 0.5);
  expect(bestTrain.trainErrorPercent).toBeLessThanOrEqual(fitted.trainErrorPercent);
  expect(bestTest.testErrorPercent).toBeLessThanOrEqual(fitted.testErrorPercent);
  // Ignoring that two thirds are women gives a higher error.
  expect(middle.testErrorPercent).toBeGreaterThan(fitted.testErrorPercent + 0.5);
  expect(pictures["heights"]).toContain(`boundary, ${fitted.threshold.toFixed(1)} cm`);
});

test("a dry run writes nothing", async () => {
  expect((await testBasic(generativeClassifier, "--dry-run")).page).toBeNull();
});

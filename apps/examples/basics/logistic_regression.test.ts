import { expect, test } from "vitest";
import { logisticRegression } from "./logistic_regression.ts";
import { testBasic } from "./test_harness.ts";

test("the gradient by hand is autograd's, and only a step size between too small and too large arrives", async () => {
  const { figures, pictures } = await testBasic(logisticRegression);
  for (const { largestDifference, byHand } of figures.gradients) {
    expect(largestDifference).toBeLessThan(1e-10);
    expect(Math.hypot(...byHand)).toBeGreaterThan(0.1);
  }
  const [small, slow, good, large] = figures.descent;
  expect(small.stepsToWithinThousandth).toBe("never");
  expect(good.stepsToWithinThousandth).toBeLessThan(slow.stepsToWithinThousandth);
  expect(large.stepsToWithinThousandth).toBe("never");
  expect(good.lossAfterAll).toBeCloseTo(figures.least, 8);
  for (const { lossAfterAll } of figures.descent) expect(lossAfterAll).toBeGreaterThanOrEqual(figures.least);
  expect(Object.keys(pictures).sort()).toEqual(["losses", "paths", "probabilities"]);
});

test("a dry run writes nothing", async () => {
  expect((await testBasic(logisticRegression, "--dry-run")).page).toBeNull();
});

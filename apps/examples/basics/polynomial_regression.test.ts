import { expect, test } from "vitest";
import { polynomialRegression } from "./polynomial_regression.ts";
import { testBasic } from "./test_harness.ts";

test(
  "train error falls with the degree, test error falls and rises; bias² and variance add up to the error",
  async () => {
    const { figures, pictures } = await testBasic(polynomialRegression);
    const { byDegree, byPenalty, biasVariance } = figures;
    for (let i = 1; i < byDegree.length; i++) expect(byDegree[i].trainError).toBeLessThan(byDegree[i - 1].trainError);
    const best =
      byDegree.toSorted((a: { testError: number }, b: { testError: number }) => a.testError - b.testError)[0];
    expect(best.degree).toBeGreaterThan(3);
    expect(best.degree).toBeLessThan(9);
    for (let i = 1; i < byPenalty.length; i++) {
      expect(byPenalty[i].trainError).toBeGreaterThan(byPenalty[i - 1].trainError);
      expect(byPenalty[i].largestCoefficient).toBeLessThan(byPenalty[i - 1].largestCoefficient);
    }
    for (const { sum, meanError } of biasVariance) expect(sum).toBeCloseTo(meanError, 10);
    // At the n points themselves the variance of d + 1 coefficients is σ²(d + 1)/n.
    expect(biasVariance[5].variance).toBeCloseTo(0.25 ** 2 * 6 / 12, 2);
    expect(Object.keys(pictures).sort()).toEqual(["bias-variance", "degrees", "errors", "penalties", "spread"]);
  },
);

test("another seed draws other noise", async () => {
  const [zero, one] = [
    await testBasic(polynomialRegression, "--dry-run"),
    await testBasic(polynomialRegression, "--seed", "1", "--dry-run"),
  ];
  expect(zero.page).toBeNull();
  expect(one.figures.byDegree[0].trainError).not.toBe(zero.figures.byDegree[0].trainError);
});

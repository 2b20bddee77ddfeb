import { expect, test } from "vitest";
import { testBasic } from "./test_harness.ts";
import { xor } from "./xor.ts";

const { figures, pictures } = await testBasic(xor);

test("a line separates all labellings of four corners but XOR and its opposite; the product separates these too", () => {
  expect(figures.separated).toHaveLength(16);
  for (const { classes, byALine, withTheProduct } of figures.separated) {
    expect(byALine, classes).toBe(["− + + −", "+ − − +"].includes(classes) ? "no" : "yes");
    expect(withTheProduct, classes).toBe("yes");
  }
  // Cover's count 2 · Σ (N − 1 over k), k < d, of N = 4 points with d = 3 and d = 4 features (1965).
  expect(figures.separableByALine).toBe(2 * (1 + 3 + 3));
  expect(figures.separableWithTheProduct).toBe(2 * (1 + 3 + 3 + 1));
});

test("one hidden unit is no better than a line, two learn it from some starts, eight from all", () => {
  const of = Object.fromEntries(figures.byWidth.map((each: { hiddenUnits: number }) => [each.hiddenUnits, each]));
  const learned = (width: number): number => parseInt(of[width].learned);
  expect(figures.lineErrorPercent).toBeGreaterThan(20);
  // At least one cloud of four is on the wrong side.
  expect(of[1].bestErrorPercent).toBeGreaterThan(20);
  expect(learned(1)).toBe(0);
  expect(learned(2)).toBeGreaterThan(5);
  expect(learned(2)).toBeLessThan(50);
  expect(learned(8)).toBe(50);
  expect(figures.productErrorPercent).toBeLessThan(2);
  expect(figures.networkErrorPercent).toBeLessThan(2);
});

test("inputs and hidden space are drawn", () => {
  for (const words of ["A line", "With x₁ · x₂ as a feature", "Two hidden units"]) {
    expect(pictures["inputs"]).toContain(words);
  }
  expect(pictures["hidden"]).toContain("second hidden unit");
});

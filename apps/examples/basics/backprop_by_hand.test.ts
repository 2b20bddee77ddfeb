import { expect, test } from "vitest";
import { backpropByHand } from "./backprop_by_hand.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures } = await testBasic(backpropByHand, "--limit", "1000");

test("every gradient by hand is autograd's, as nearly as the numbers allow", () => {
  expect(figures.gradients.map(({ shape }: { shape: string }) => shape)).toEqual([
    "300 × 784",
    "300",
    "10 × 300",
    "10",
  ]);
  for (const { weights, differenceInFloat32, differenceInFloat64 } of figures.gradients) {
    expect(differenceInFloat32, weights).toBeLessThan(1e-6);
    expect(differenceInFloat64, weights).toBeLessThan(1e-14);
  }
});

test("it learns digits", () => {
  const [first] = figures.history;
  expect(figures.history).toHaveLength(10);
  expect(figures.trainErrorPercent).toBeLessThan(first.trainErrorPercent / 2);
  // Chance is 90%.
  expect(figures.testErrorPercent).toBeLessThan(20);
  expect(figures.testErrorPercent).toBeGreaterThan(figures.trainErrorPercent);
  expect(pictures["weights"]!.match(/<image/g)).toHaveLength(30);
});

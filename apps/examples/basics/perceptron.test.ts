import { expect, test } from "vitest";
import { perceptron } from "./perceptron.ts";
import { testBasic } from "./test_harness.ts";

test(
  "0 and 1 are separated with no more mistakes than the bound, products help to tell 8",
  { tags: ["once"] },
  async () => {
    const { figures, pictures } = await testBasic(perceptron, "--limit", "1500");
    const last = figures.byEpoch.at(-1);
    expect(last).toMatchObject({ mistakes: 0, trainErrorPercent: 0 });
    expect(last.testErrorPercent).toBeLessThan(2);
    const [reached, wide] = figures.bound;
    expect(reached.mistakes).toBe(
      figures.byEpoch.reduce((sum: number, each: { mistakes: number }) => sum + each.mistakes, 0),
    );
    expect(wide.margin).toBeGreaterThan(reached.margin);
    expect(wide.mistakes).toBeLessThanOrEqual(wide.atMost);
    expect(wide.atMost).toBeLessThan(reached.atMost);
    const [pixels, , , , , products] = figures.eightAgainstRest;
    expect(products.products).toBe(3000);
    expect(products.trainErrorPercent).toBeLessThan(pixels.trainErrorPercent);
    expect(products.averagedTestErrorPercent).toBeLessThan(10);
    expect(Object.keys(pictures).sort()).toEqual(["errors", "products", "weights"]);
  },
);

test("a dry run writes nothing", async () => {
  const { page, figures } = await testBasic(perceptron, "--dry-run");
  expect(page).toBeNull();
  expect(figures.eightAgainstRest).toHaveLength(2);
});

test("says when there is no 0 and no 1 to learn from", async () => {
  await expect(testBasic(perceptron, "--limit", "1")).rejects.toThrow(
    "--limit 1: too few digits to contain 0s and 1s",
  );
});

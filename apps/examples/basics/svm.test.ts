import { expect, test } from "vitest";
import { svm } from "./svm.ts";
import { testBasic } from "./test_harness.ts";

test(
  "with a small penalty the margin is the widest there is, wider than a perceptron's",
  { tags: ["long", "once"] },
  async () => {
    const { figures, pictures } = await testBasic(svm);
    const { margins, apart, mixed } = figures;
    expect(apart.map(({ penalty }: { penalty: number }) => penalty)).toEqual([1, 0.3, 0.1, 0.03, 0.01]);
    const hard = apart.at(-1);
    expect(hard.nearest / margins.widest).toBeCloseTo(1, 2);
    expect(hard.halfMargin / margins.widest).toBeCloseTo(1, 2);
    expect(margins.perceptron).toBeLessThan(0.9 * margins.widest);
    // In the plane two or three points determine the margin.
    expect([2, 3]).toContain(hard.supportVectors);
    for (const rows of [apart, mixed]) {
      for (let i = 1; i < rows.length; i++) {
        expect(rows[i].halfMargin).toBeLessThan(rows[i - 1].halfMargin);
        expect(rows[i].supportVectors).toBeLessThan(rows[i - 1].supportVectors);
      }
    }
    expect(mixed.at(-1).trainErrorPercent).toBeGreaterThan(0);
    expect(pictures["lines"]).toContain("Perceptron");
  },
);

test("a dry run writes nothing", async () => {
  expect((await testBasic(svm, "--dry-run")).page).toBeNull();
});

import { expect, test } from "vitest";
import { nearestNeighbours } from "./nearest_neighbours.ts";
import { testBasic } from "./test_harness.ts";

test(
  "51 neighbours outvote wrong labels, the radius makes it easy, and digits are mostly read",
  { tags: ["once"] },
  async () => {
    const { figures, pictures, page } = await testBasic(nearestNeighbours, "--limit", "1000");
    const [clean, , , noisy] = figures.radial;
    // A nearest neighbour is wrong about as often as its label is.
    expect(clean.planeK1).toBeLessThan(5);
    expect(Math.abs(noisy.planeK1 - 30)).toBeLessThan(6);
    expect(noisy.planeK51).toBeLessThan(noisy.planeK1 / 2);
    expect(noisy.radiusK51).toBeLessThan(noisy.planeK51);
    expect(figures.digits.map(({ k }: { k: number }) => k)).toEqual([1, 3, 5, 9]);
    // 12.9% with a thousand generated digits.
    expect(figures.digits[0].testErrorPercent).toBeLessThan(20);
    expect(pictures["mistakes"]).toContain("taken for");
    expect(page).toContain("plane.svg");
  },
);

test("a dry run writes nothing", async () => {
  const { figures, page } = await testBasic(nearestNeighbours, "--dry-run");
  expect(page).toBeNull();
  expect(figures.digits).toHaveLength(4);
});

import { DrawnDigits } from "@heddle/data";
import { manualSeed } from "@heddle/tensor";
import { expect, test } from "vitest";
import { loadDigits } from "../digits/digits.ts";
import { DISTORTIONS } from "./distortions.ts";

test("distorts training digits, differently each time, except for one in ten and the test digits", async () => {
  manualSeed(0);
  const { train, test: tested } = await loadDigits(null, 300, { transform: DISTORTIONS });
  const indices = Array.from({ length: 300 }, (_, i) => i);
  const [plain] = new DrawnDigits({ size: 300 }).getBatch(indices);
  const [first, labels] = train.getBatch!(indices), [second] = train.getBatch!(indices);
  const same = indices.filter((i) => first.select(0, i).equal(plain.select(0, i))).length;
  expect(same).toBeGreaterThan(10);
  expect(same).toBeLessThan(60);
  expect(first.equal(second)).toBe(false);
  expect(labels.equal(new DrawnDigits({ size: 300 }).labels)).toBe(true);
  // Ink is moved, not lost: little leaves the image.
  expect(first.sum().item() / plain.sum().item()).toBeCloseTo(1, 1);
  expect(tested.get(0)[0].equal(new DrawnDigits({ train: false, size: 1 }).get(0)[0])).toBe(true);
});

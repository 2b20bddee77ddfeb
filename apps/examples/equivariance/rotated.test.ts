import { arange, cat, rand, stack, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { loadDigits } from "../digits/digits.ts";
import { rotated, rotatedByQuarters, rotatedMaps } from "./rotated.ts";

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("rotated digits", () => {
  test("upright ones are as they were, with their labels", async () => {
    const { test: digits } = await loadDigits(null, 20);
    const same = await rotated(digits, "upright", 12, 0);
    expect(same.length).toBe(12);
    const [images, labels] = same.getBatch(all(12)), [wanted, classes] = digits.getBatch!(all(12));
    expect(images.allclose(wanted, { atol: 0.51 / 255 })).toBe(true);
    expect(labels.equal(classes)).toBe(true);
  });

  test("quarter turns move pixels and change none; all three occur, and no digit stays", async () => {
    const { test: digits } = await loadDigits(null, 40);
    const upright = await rotated(digits, "upright", 40, 1), quarters = await rotated(digits, "quarter turns", 40, 1);
    const seen = all(40).map((i) => {
      const image = upright.get(i)[0], found = quarters.get(i)[0];
      return [0, 1, 2, 3].find((times) => rotatedByQuarters(image, times).equal(found));
    });
    expect(new Set(seen)).toEqual(new Set([1, 2, 3]));
  });

  test("by any angle: ink stays, places do not, and the seed decides", async () => {
    const { test: digits } = await loadDigits(null, 30);
    const read = async (turning: "upright" | "any angle", seed: number): Promise<Tensor> =>
      (await rotated(digits, turning, 30, seed)).getBatch(all(30))[0];
    const [upright, a, again, b] = [
      await read("upright", 0),
      await read("any angle", 0),
      await read("any angle", 0),
      await read("any angle", 1),
    ];
    expect(a.equal(again)).toBe(true);
    expect(a.equal(b)).toBe(false);
    expect(a.sub(upright).abs().mean().item()).toBeGreaterThan(0.05);
    expect(a.sum().item() / upright.sum().item()).toBeCloseTo(1, 1);
  });
});

test("maps under a quarter turn: rotated counter-clockwise, each moved to the next orientation", () => {
  const plane = arange(4).reshape([2, 2]), turnedPlane = [[1, 3], [0, 2]];
  expect(rotatedByQuarters(plane, 1).toArray()).toEqual(turnedPlane);
  expect(rotatedByQuarters(plane, 4).equal(plane)).toBe(true);
  expect(rotatedMaps(plane.reshape([1, 1, 1, 2, 2])).toArray()).toEqual([[[turnedPlane]]]);

  const maps = rand([1, 1, 4, 3, 3]);
  const [a, b, c, d] = maps.squeeze(0).squeeze(0).unbind(0).map((map) => rotatedByQuarters(map, 1));
  expect(rotatedMaps(maps).at(0, 0).equal(stack([d!, a!, b!, c!]))).toBe(true);
  // The mirrored positions of p4m move among themselves.
  const mirrored = cat([maps, maps.mul(2)], 2);
  expect(rotatedMaps(mirrored).equal(cat([rotatedMaps(maps), rotatedMaps(maps.mul(2))], 2))).toBe(true);
});

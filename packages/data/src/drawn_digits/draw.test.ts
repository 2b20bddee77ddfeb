import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { drawDigits } from "./draw.ts";
import { GLYPHS } from "./glyphs.ts";

const AREA = 28 * 28;

describe("drawDigits", () => {
  test("the same bytes on every engine", () => {
    const { pixels, labels } = drawDigits(1000, 1);
    expect([...labels.subarray(0, 10)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(createHash("md5").update(pixels).digest("hex")).toBe("756652dc8185ea7933cac72879056e93");
    expect(createHash("md5").update(new Uint8Array(labels)).digest("hex")).toBe("c3d3ff7f0e113692b12abb6c5b37d751");
  });

  test("a larger set starts with the smaller one", () => {
    const small = drawDigits(25, 7);
    const large = drawDigits(60, 7);
    expect(large.pixels.subarray(0, 25 * AREA)).toEqual(small.pixels);
    expect(large.labels.subarray(0, 25)).toEqual(small.labels);
  });

  test("other seeds give other pictures, large and negative ones too", () => {
    const seen = new Set<string>();
    for (const seed of [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
      seen.add(createHash("md5").update(drawDigits(3, seed).pixels).digest("hex"));
    }
    expect(seen.size).toBe(7);
  });

  test("every digit is equally frequent", () => {
    const counts = new Array<number>(10).fill(0);
    for (const label of drawDigits(500, 3).labels) counts[label]!++;
    expect(counts).toEqual(new Array(10).fill(50));
  });

  test("pictures are as in MNIST: ink on an empty border, centred, 13% white on average", () => {
    const { pixels } = drawDigits(2000, 5);
    let sum = 0;
    for (let i = 0; i < 2000; i++) {
      const picture = pixels.subarray(i * AREA, (i + 1) * AREA);
      let mass = 0, x = 0, y = 0;
      picture.forEach((ink, p) => {
        mass += ink;
        x += ink * (p % 28);
        y += ink * Math.floor(p / 28);
        if (p < 28 || p >= AREA - 28 || p % 28 === 0 || p % 28 === 27) expect(ink).toBe(0);
      });
      expect(mass).toBeGreaterThan(10 * 255);
      expect(Math.abs(x / mass - 13.5)).toBeLessThan(4);
      expect(Math.abs(y / mass - 13.5)).toBeLessThan(4);
      sum += mass;
    }
    const mean = sum / (2000 * AREA * 255);
    expect(mean).toBeGreaterThan(0.12);
    expect(mean).toBeLessThan(0.15);
  });

  test("they can be learnt, but not too easily: the nearest class mean is right on 65 to 90 of 100", () => {
    const train = drawDigits(2000, 1);
    const test = drawDigits(500, 2);
    const means = Array.from({ length: 10 }, () => new Float64Array(AREA));
    train.labels.forEach((label, i) => {
      for (let p = 0; p < AREA; p++) means[label]![p]! += train.pixels[i * AREA + p]! / 200;
    });
    let right = 0;
    test.labels.forEach((label, i) => {
      const distances = means.map((mean) => mean.reduce((d, m, p) => d + (m - test.pixels[i * AREA + p]!) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === label) right++;
    });
    expect(right / 5).toBeGreaterThan(65);
    expect(right / 5).toBeLessThan(90);
  });

  test("an empty set is possible", () => {
    expect(drawDigits(0, 1).pixels.length).toBe(0);
  });
});

test("every digit has glyphs, whose coordinates are numbers near the unit square", () => {
  expect(GLYPHS.length).toBe(10);
  for (const glyphs of GLYPHS) {
    expect(glyphs.length).toBeGreaterThan(2);
    for (const { strokes } of glyphs) {
      for (const { coordinates, corners } of strokes) {
        expect(coordinates.length).toBe(2 * corners.length);
        expect(coordinates.every((c) => c >= 0 && c <= 1.1)).toBe(true);
      }
    }
  }
});

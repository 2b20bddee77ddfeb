import { expect, test } from "vitest";
import { drawColourDigits } from "../colour_images/colour_digits.ts";
import { gaussianPixels, randomLabels, randomPixels, shuffledPixels } from "./corruptions.ts";

const images = drawColourDigits(400, true);
const image = (pixels: Uint8Array, index: number): Uint8Array => pixels.subarray(index * 3072, (index + 1) * 3072);
const moments = (values: Uint8Array): [mean: number, deviation: number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
};

test("random labels: as many change as the share implies: nine in ten of the redrawn ones", () => {
  const changed = (share: number): number =>
    randomLabels(images, share, 1).labels.filter((label, i) => label !== images.labels[i]).length / 400;
  expect(changed(0)).toBe(0);
  expect(changed(0.5)).toBeGreaterThan(0.37);
  expect(changed(0.5)).toBeLessThan(0.53);
  expect(changed(1)).toBeGreaterThan(0.85);
  expect(changed(1)).toBeLessThan(0.95);
  expect(randomLabels(images, 1, 1).labels).toEqual(randomLabels(images, 1, 1).labels);
  expect(randomLabels(images, 1, 2).labels).not.toEqual(randomLabels(images, 1, 1).labels);
});

test("shuffled pixels move as in every other image, random pixels do not", () => {
  // Images that are the same stay the same under one permutation.
  const pixels = new Uint8Array(2 * 3072);
  pixels.set(image(images.pixels, 0));
  pixels.set(image(images.pixels, 0), 3072);
  const twice = { ...images, pixels, labels: [0, 0] };
  const shuffled = shuffledPixels(twice, 1).pixels, random = randomPixels(twice, 1).pixels;
  expect(image(shuffled, 0)).toEqual(image(shuffled, 1));
  expect(image(random, 0)).not.toEqual(image(random, 1));
  // Every colour is still there, as often as before.
  const colours = (of: Uint8Array): string =>
    Array.from({ length: 1024 }, (_, i) => [of[i], of[1024 + i], of[2048 + i]].join()).sort().join(" ");
  for (const moved of [image(shuffled, 0), image(random, 0), image(random, 1)]) {
    expect(moved).not.toEqual(image(images.pixels, 0));
    expect(colours(moved)).toBe(colours(image(images.pixels, 0)));
  }
});

test("Gaussian pixels have the mean and nearly the deviation of the images", () => {
  const [mean, deviation] = moments(images.pixels),
    [noiseMean, noiseDeviation] = moments(gaussianPixels(images, 1).pixels);
  expect(Math.abs(noiseMean - mean)).toBeLessThan(2);
  // What lies beyond 0 and 255 is cut off.
  expect(noiseDeviation / deviation).toBeGreaterThan(0.9);
  expect(noiseDeviation / deviation).toBeLessThan(1.01);
});

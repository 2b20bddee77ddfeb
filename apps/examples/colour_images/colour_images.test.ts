import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OptionError } from "../runner/options.ts";
import { colourPixels, dataset, described, IMAGE, loadColourImages, part, storedPixels } from "./colour_images.ts";

test("without a folder digits are drawn in colour, and the source says so", async () => {
  const sets = await loadColourImages(null, 40);
  const { train, test } = sets;
  expect([train.labels.length, train.pixels.length]).toEqual([40, 40 * IMAGE]);
  expect(described(sets)).toMatch(/not CIFAR-10.*: 40 for training, 40 for testing\./);
  expect(test.pixels).not.toEqual(train.pixels);
  expect((await loadColourImages(null, 20)).train.pixels).toEqual(part(train, 0, 20).pixels);
  // In colour: the planes of an image differ.
  const planes = [0, 1, 2].map((plane) => train.pixels.subarray(plane * 1024, (plane + 1) * 1024).join());
  expect(new Set(planes).size).toBe(3);
});

test("a data set reads images from 0 to 1, and parts of a set are its images", async () => {
  const { train } = await loadColourImages(null, 5);
  const [image, label] = dataset(part(train, 3, 9)).get(1);
  expect(image.shape).toEqual([3, 32, 32]);
  expect(label).toBe(train.labels[4]);
  const values = image.toTypedArray("float32");
  expect(colourPixels(values)).toEqual(storedPixels(train, 4));
});

test("pixels have their channel innermost", () => {
  const planes = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect([...colourPixels(planes, { width: 2, height: 1 }).data]).toEqual([1, 3, 5, 2, 4, 6]);
  expect([...colourPixels(Float32Array.of(-1, 0.5, 2), { width: 1, height: 1 }).data]).toEqual([0, 128, 255]);
});

test("a folder without CIFAR-10 is an error about --data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-colour-"));
  try {
    await expect(loadColourImages(folder, null)).rejects.toThrow(OptionError);
    await expect(loadColourImages(folder, null)).rejects.toThrow(`--data ${folder}: CIFAR10: `);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

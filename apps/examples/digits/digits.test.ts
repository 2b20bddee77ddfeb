import { encodeIdx } from "@heddle/data";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OptionError } from "../runner/options.ts";
import { batchPixels, digitPixels, loadDigits } from "./digits.ts";

test("without a folder the digits are drawn, and the source says so", async () => {
  const { train, test, source } = await loadDigits(null, null);
  expect([train.length, test.length]).toEqual([5_000, 1_000]);
  expect(source).toContain("not MNIST");
  expect(source).toContain("5,000 for training, 1,000 for testing");
});

test("a limit holds for both sets, and they differ", async () => {
  const { train, test } = await loadDigits(null, 30);
  expect([train.length, test.length]).toEqual([30, 30]);
  expect(train.get(0)[0].equal(test.get(0)[0])).toBe(false);
});

test("pictures are dark on light", async () => {
  const { test } = await loadDigits(null, 1);
  const { width, height, data } = digitPixels(test, 0);
  expect([width, height, data.length]).toEqual([28, 28, 784]);
  expect(data[0]).toBe(255);
  expect(Math.min(...data)).toBeLessThan(64);
});

test("a batch's pictures are those of its digits", async () => {
  const { test } = await loadDigits(null, 3);
  const [images] = test.getBatch!([2, 0]);
  expect(await batchPixels(images)).toEqual([digitPixels(test, 2), digitPixels(test, 0)]);
  expect(await batchPixels(images.flatten(1))).toEqual([digitPixels(test, 2), digitPixels(test, 0)]);
});

test("a folder without MNIST, or with a damaged file, is an error about --data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-digits-"));
  try {
    await expect(loadDigits(folder, null)).rejects.toThrow(OptionError);
    await expect(loadDigits(folder, null)).rejects.toThrow(`--data ${folder}: `);
    const images = { dtype: "uint8" as const, shape: [2, 28, 28], data: new Uint8Array(2 * 784) };
    writeFileSync(join(folder, "train-images-idx3-ubyte"), encodeIdx(images).subarray(0, 1000));
    await expect(loadDigits(folder, null)).rejects.toThrow("train-images-idx3-ubyte");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

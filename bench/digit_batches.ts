/** Ten batches of digits in a file that contenders in any language can read. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { uniform } from "./inputs.ts";

const PIXELS = 28 * 28;
const DIGITS = 1000;

/** A batch: pictures as numbers from 0 to 1, one after the other, and their labels. */
export interface Batch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

/**
 * Writes the first thousand digits of MNIST from `folder`, or random numbers of that shape when it has none: float32 pictures, then
 * int32 labels.
 *
 * @returns what they are
 */
export function writeDigits(file: string, folder: string): string {
  const path = (part: string): string => join(folder, `train-${part}.gz`);
  const [pictures, digits] = [
    path("images-idx3-ubyte"),
    path("labels-idx1-ubyte"),
  ];
  const known = existsSync(pictures) && existsSync(digits);
  const images = new Float32Array(DIGITS * PIXELS);
  const labels = new Int32Array(DIGITS);
  if (known) {
    // After headers of 16 and 8 bytes.
    const pixels = gunzipSync(readFileSync(pictures));
    for (let i = 0; i < images.length; i++) images[i] = pixels[16 + i]! / 255;
    labels.set(gunzipSync(readFileSync(digits)).subarray(8, 8 + DIGITS));
  } else {
    uniform(1, images.length).forEach((value, i) => images[i] = Math.abs(value));
    uniform(2, DIGITS).forEach((value, i) => labels[i] = Math.floor((value + 1) * 5));
  }
  writeFileSync(file, new Uint8Array(images.buffer));
  appendFileSync(file, new Uint8Array(labels.buffer));
  return known ? "digits of MNIST" : "random numbers in place of MNIST's digits";
}

/** The batches that {@link writeDigits} wrote. */
export function readBatches(file: string, size: number): Batch[] {
  const bytes = new Uint8Array(readFileSync(file)).buffer;
  const images = new Float32Array(bytes, 0, DIGITS * PIXELS);
  const labels = new Int32Array(bytes, images.byteLength, DIGITS);
  return Array.from({ length: Math.floor(DIGITS / size) }, (_, i) => ({
    images: images.slice(i * size * PIXELS, (i + 1) * size * PIXELS),
    labels: labels.slice(i * size, (i + 1) * size),
  }));
}

/** The digits to learn from and the digits to be tested on. */
import { type Dataset, DrawnDigits, MNIST, Subset, type Transform } from "@heddle/data";
import { type Tensor, tidy } from "@heddle/tensor";
import { OptionError } from "../runner/options.ts";
import { greyPixels, type Pixels } from "../runner/pictures/png.ts";

/** Samples of a picture [1, 28, 28], 0 for paper and 1 for ink, and its digit. */
export type Digits = Dataset<[image: Tensor, label: number]>;

/** So many are drawn: enough to learn from in a minute or two on the slowest device. */
const DRAWN = { train: 5_000, test: 1_000 };

/** Both sets, and a line that says where they come from. */
export interface DigitSets {
  train: Digits;
  test: Digits;
  source: string;
}

/** How digits are loaded. */
export interface DigitOptions {
  /** How many are drawn where there is no folder. */
  size?: { train: number; test: number };
  /** What is done to digits to learn from when they are read (default: `ToTensor`). */
  transform?: Transform;
}

/**
 * MNIST from a folder, or without one the digits that the data package draws; of each set at most `limit`.
 *
 * @throws OptionError when the folder has not the files, or they are damaged.
 */
export async function loadDigits(
  folder: string | null,
  limit: number | null,
  { size = DRAWN, transform }: DigitOptions = {},
): Promise<DigitSets> {
  const sets = folder === null ? drawn(size, limit ?? Infinity, transform) : await mnist(folder, limit, transform);
  const counts = `${count(sets.train)} to learn from, ${count(sets.test)} to be tested on`;
  return { ...sets, source: `${sets.source}: ${counts}.` };
}

function drawn(size: { train: number; test: number }, limit: number, transform?: Transform): DigitSets {
  return {
    train: new DrawnDigits({ size: Math.min(size.train, limit), ...(transform && { transform }) }),
    test: new DrawnDigits({ train: false, size: Math.min(size.test, limit) }),
    source: "Digits drawn by the program itself, not MNIST (--data DIR trains on MNIST's files)",
  };
}

async function mnist(folder: string, limit: number | null, transform?: Transform): Promise<DigitSets> {
  try {
    const train = await MNIST.load({ root: folder, ...(transform && { transform }) });
    const test = await MNIST.load({ root: folder, train: false });
    return { train: first(train, limit), test: first(test, limit), source: `MNIST from ${folder}` };
  } catch (error) {
    throw new OptionError(`--data ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

function first(digits: Digits, limit: number | null): Digits {
  if (limit === null || limit >= digits.length) return digits;
  return new Subset(digits, Array.from({ length: limit }, (_, i) => i));
}

function count(digits: Digits): string {
  return digits.length.toLocaleString("en-US");
}

/** A digit's picture, dark ink on light paper. */
export function digitPixels(digits: Digits, index: number): Pixels {
  return tidy(() => {
    const [image] = digits.get(index);
    const [, height, width] = image.shape as [number, number, number];
    return greyPixels(image.toTypedArray() as Float32Array, { width, height }, { invert: true });
  });
}

/** The pictures of a batch [n, …] of 784 values each, 0 for paper and 1 for ink: dark ink on light paper. */
export async function batchPixels(images: Tensor): Promise<Pixels[]> {
  const values = await images.detach().data() as Float32Array;
  return Array.from(
    { length: images.shape[0]! },
    (_, i) => greyPixels(values.subarray(i * 784, (i + 1) * 784), { width: 28, height: 28 }, { invert: true }),
  );
}

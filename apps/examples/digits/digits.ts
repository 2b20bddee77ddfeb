/** The digits for training and testing. */
import { type Dataset, DrawnDigits, MNIST, Subset, type Transform } from "@heddle/data";
import { type Tensor, tidy } from "@heddle/tensor";
import { OptionError } from "../runner/options.ts";
import { greyPixels, type Pixels } from "../runner/pictures/png.ts";

/** Samples of an image [1, 28, 28], 0 for paper and 1 for ink, and its digit. */
export type Digits = Dataset<[image: Tensor, label: number]>;

/** The number of generated digits: enough to train within a minute or two on the slowest device. */
const DRAWN = { train: 5_000, test: 1_000 };

/** Both sets, and a line about their source. */
export interface DigitSets {
  train: Digits;
  test: Digits;
  source: string;
}

/** How digits are loaded. */
export interface DigitOptions {
  /** The number of generated digits without a folder. */
  size?: { train: number; test: number };
  /** The transform of training digits (default: `ToTensor`). */
  transform?: Transform;
}

/**
 * Loads MNIST from a folder, or generates digits without one; at most `limit` digits per set.
 *
 * @throws OptionError if the folder lacks the files, or they are damaged.
 */
export async function loadDigits(
  folder: string | null,
  limit: number | null,
  { size = DRAWN, transform }: DigitOptions = {},
): Promise<DigitSets> {
  const sets = folder === null ? drawn(size, limit ?? Infinity, transform) : await mnist(folder, limit, transform);
  const counts = `${count(sets.train)} for training, ${count(sets.test)} for testing`;
  return { ...sets, source: `${sets.source}: ${counts}.` };
}

function drawn(size: { train: number; test: number }, limit: number, transform?: Transform): DigitSets {
  return {
    train: new DrawnDigits({ size: Math.min(size.train, limit), ...(transform && { transform }) }),
    test: new DrawnDigits({ train: false, size: Math.min(size.test, limit) }),
    source: "Generated digits, not MNIST (--data DIR loads MNIST)",
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

/** The image of a digit, dark ink on light paper. */
export function digitPixels(digits: Digits, index: number): Pixels {
  return tidy(() => {
    const [image] = digits.get(index);
    const [, height, width] = image.shape as [number, number, number];
    return greyPixels(image.toTypedArray("float32"), { width, height }, { invert: true });
  });
}

/** The images of a batch [n, …] of 784 values each, 0 for paper and 1 for ink: dark ink on light paper. */
export async function batchPixels(images: Tensor): Promise<Pixels[]> {
  const values = await images.detach().data("float32");
  return Array.from(
    { length: images.shape[0]! },
    (_, i) => greyPixels(values.subarray(i * 784, (i + 1) * 784), { width: 28, height: 28 }, { invert: true }),
  );
}

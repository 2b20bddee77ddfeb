/** The colour images for training and testing, as stored. */
import { CIFAR10, Compose, LabelledImages, ToTensor, type Transform } from "@heddle/data";
import type { Generator } from "@heddle/tensor";
import { OptionError } from "../runner/options.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { drawColourDigits } from "./colour_digits.ts";
import { IMAGE, SIDE, type StoredImages } from "./stored_images.ts";

export { IMAGE, SIDE, type StoredImages };

/** Enough to train on within a minute or two. */
const DRAWN = { train: 2_000, test: 500 };

/** Both sets and their source. */
export interface ColourSets {
  train: StoredImages;
  test: StoredImages;
  source: string;
}

/**
 * Loads CIFAR-10 from a folder, or generates colour digits without one; at most `limit` images per set.
 *
 * @throws OptionError if the folder lacks the archive or its files, or they are damaged.
 */
export async function loadColourImages(folder: string | null, limit: number | null): Promise<ColourSets> {
  return folder === null ? drawn(limit) : await cifar(folder, limit);
}

/** The source and the number of images, as a line to print. */
export function described({ train, test, source }: ColourSets): string {
  const count = ({ labels }: StoredImages): string => labels.length.toLocaleString("en-US");
  return `${source}: ${count(train)} for training, ${count(test)} for testing.`;
}

function drawn(limit: number | null): ColourSets {
  return {
    train: drawColourDigits(Math.min(DRAWN.train, limit ?? Infinity), true),
    test: drawColourDigits(Math.min(DRAWN.test, limit ?? Infinity), false),
    source: "Generated colour digits, not CIFAR-10 (--data DIR loads CIFAR-10)",
  };
}

async function cifar(folder: string, limit: number | null): Promise<ColourSets> {
  try {
    const train = stored(await CIFAR10.load({ root: folder }));
    const test = stored(await CIFAR10.load({ root: folder, train: false }));
    const most = limit ?? Infinity;
    return { train: part(train, 0, most), test: part(test, 0, most), source: `CIFAR-10 from ${folder}` };
  } catch (error) {
    throw new OptionError(`--data ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

function stored(set: LabelledImages): StoredImages {
  const { images, labels } = set;
  const copy = {
    pixels: images.toTypedArray("uint8"),
    labels: [...labels.toTypedArray("int32")],
    classes: set.classes,
  };
  for (const tensor of [images, labels]) tensor.dispose();
  return copy;
}

/** Images `from` to `to`, exclusive. */
export function part(images: StoredImages, from: number, to: number): StoredImages {
  const end = Math.min(to, images.labels.length);
  return {
    pixels: images.pixels.subarray(from * IMAGE, end * IMAGE),
    labels: images.labels.slice(from, end),
    classes: images.classes,
  };
}

/**
 * A dataset of float32 images [3, 32, 32] from 0 to 1, transformed when read, with the default generator or the given
 * one.
 */
export function dataset(
  images: StoredImages,
  transforms: readonly Transform[] = [],
  generator?: Generator,
): LabelledImages {
  return new LabelledImages({
    generator,
    ...images,
    imageShape: [3, SIDE, SIDE],
    transform: new Compose([new ToTensor({ layout: "CHW" }), ...transforms]),
    name: "colour images",
  });
}

/** An image from planar values [3, height, width]: bytes, or floats from 0 to 1. */
export function colourPixels(
  planes: Uint8Array | Float32Array,
  size: { width: number; height: number } = { width: SIDE, height: SIDE },
): Pixels {
  const area = size.width * size.height;
  const scale = planes instanceof Float32Array ? 255 : 1;
  const data = new Uint8Array(3 * area);
  for (let at = 0; at < area; at++) {
    for (let plane = 0; plane < 3; plane++) {
      data[3 * at + plane] = Math.round(Math.min(255, Math.max(0, planes[plane * area + at]! * scale)));
    }
  }
  return { ...size, channels: 3, data };
}

/** The pixels of a stored image. */
export function storedPixels({ pixels }: StoredImages, index: number): Pixels {
  return colourPixels(pixels.subarray(index * IMAGE, (index + 1) * IMAGE));
}

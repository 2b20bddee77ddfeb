import { checkOptions } from "@heddle/tensor/engine";
import { readMat } from "../archive/mat.ts";
import { cacheDir } from "../cache_dir.ts";
import { digest } from "../download/checksum.ts";
import { node } from "../node.ts";
import { LabelledImages, type LabelledImagesParts } from "./labelled_images.ts";
import { type PublishedOptions, publishedOptions, readIfThere, readPublished } from "./published.ts";

/** A part of SVHN. */
export type SvhnSplit = "train" | "test" | "extra";

/** Options of `SVHN.load`. */
export interface SvhnLoadOptions extends Omit<PublishedOptions, "train"> {
  /** Whether to compare checksums (default true). Turn it off for files of your own in the same format. */
  verify?: boolean;
  /** Which part (default "train"). */
  split?: SvhnSplit;
}

const MIRROR = "http://ufldl.stanford.edu/housenumbers";
// MD5 as torchvision (torchvision/datasets/svhn.py) has them.
const MD5: Readonly<Record<SvhnSplit, string>> = {
  train: "e26dedcc434d2e4c54c9b2d4a06d8373",
  test: "eb5a983be6a315427106f1b164d9cef3",
  extra: "a93ce644f1a588dc4d68dda5feec44a7",
};
const SIDE = 32;
const AREA = SIDE * SIDE;

/**
 * Street View House Numbers: digits from photographs in colour, 32×32: 73,257 for training, 26,032 for testing and
 * 531,131 easier ones (Netzer et al. 2011; torchvision's `SVHN`). As in torchvision the digit 0 has the label 0, which is
 * 10 in the files. The files are MATLAB's; "extra" needs 3 GB of memory.
 *
 * @example
 * ```ts ignore
 * import { SVHN } from "@heddle/data";
 *
 * const test = await SVHN.load({ split: "test", download: true });
 * console.log(test.images.shape); // [ 26032, 3, 32, 32 ]
 * ```
 */
export class SVHN extends LabelledImages {
  /**
   * Reads the file of a part from `root`, or from the user's cache, where `download: true` puts it.
   *
   * @throws when the part is unknown, or the file is missing, truncated or altered; the error names it. A damaged file in
   *   the cache is fetched again if `download` allows it; one in `root` is never touched.
   */
  static async load(options: SvhnLoadOptions = {}): Promise<SVHN> {
    checkOptions("SVHN.load", options, ["split", ...publishedOptions.filter((name) => name !== "train")]);
    const { split = "train", transform, generator } = options;
    if (!Object.hasOwn(MD5, split)) {
      throw new Error(`SVHN.load: split must be ${Object.keys(MD5).join(", ")}, got "${split}".`);
    }
    return new SVHN({ ...await readSplit(split, options), transform, generator });
  }
}

async function readSplit(split: SvhnSplit, options: SvhnLoadOptions): Promise<LabelledImagesParts> {
  const file = `${split}_32x32.mat`;
  const folder = options.root ?? node.path.join(cacheDir(), "svhn");
  const path = node.path.join(folder, file);
  const md5 = MD5[split];
  const read = async (): Promise<LabelledImagesParts | null> => {
    const bytes = await readIfThere(path);
    if (bytes === null) return null;
    // Before the checksum, since "truncated" says more than two different checksums.
    const parts = partsOf(bytes, path);
    const actual = options.verify ?? true ? digest("md5", bytes) : md5;
    if (actual === md5) return parts;
    throw new Error(
      `${path}: the file was altered or is a different one: its MD5 is ${actual}, expected ${md5}. Delete it and fetch ` +
        `it again, or pass verify: false if it is meant to differ.`,
    );
  };
  const missing = `SVHN: there is no ${path}. Pass download: true to fetch it (from ${MIRROR}), or root: the folder ` +
    `that has it.`;
  return await readPublished([read], { file, folder, mirrors: [MIRROR], md5, missing }, options);
}

/** The parts of a file in SVHN's layout: X of shape [height, width, channels, N] in uint8, and y with N labels from 1 to 10. */
export function partsOf(bytes: Uint8Array, name: string): LabelledImagesParts {
  const arrays = readMat(bytes, name, ["X", "y"]);
  const [images, digits] = [arrays.get("X"), arrays.get("y")];
  if (images === undefined || digits === undefined) {
    throw new Error(`${name}: there are no arrays "X" and "y" in the file.`);
  }
  // MATLAB drops a last dimension of one.
  const [height, width, channels, count = 1, ...more] = images.shape;
  const fits = height === SIDE && width === SIDE && channels === 3 && more.length === 0;
  if (!fits || !(images.data instanceof Uint8Array) || digits.data.length !== count) {
    throw new Error(
      `${name}: expected uint8 pictures "X" of shape [32, 32, 3, N] and N labels "y", got shapes ` +
        `[${images.shape.join(", ")}] and [${digits.shape.join(", ")}].`,
    );
  }
  const labels = Array.from(digits.data, (digit, i) => {
    if (Number.isInteger(digit) && digit >= 1 && digit <= 10) return digit % 10;
    throw new RangeError(`${name}: label ${digit} of sample ${i} is not an integer from 1 to 10.`);
  });
  const pixels = new Uint8Array(images.data.length);
  for (let plane = 0; plane < pixels.length; plane += AREA) {
    // A column follows the other there, a row the other here.
    for (let y = 0, p = plane; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++, p++) pixels[p] = images.data[plane + x * SIDE + y]!;
    }
  }
  return { pixels, labels, imageShape: [3, SIDE, SIDE], classes: [..."0123456789"], name };
}

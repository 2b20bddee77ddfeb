import { checkOptions } from "@heddle/tensor/engine";
import { type IdxCollection, loadIdxCollection } from "./idx_dataset.ts";
import { LabelledImages } from "./labelled_images.ts";
import { type PublishedOptions, publishedOptions } from "./published.ts";

/** A part of EMNIST: which characters, and how they are counted. */
export type EmnistSplit = "byclass" | "bymerge" | "balanced" | "letters" | "digits" | "mnist";

/** Options of `EMNIST.load`. */
export interface EmnistLoadOptions extends Omit<PublishedOptions, "verify"> {
  /** Which part. */
  split: EmnistSplit;
  /** Folder with the archive, or with its files, gzipped or not; by default "emnist" in the user's cache. */
  root?: string;
}

const DIGITS = [..."0123456789"];
const UPPER = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const LOWER = [..."abcdefghijklmnopqrstuvwxyz"];
/** Without the letters that look alike in both cases, which count as upper case. */
const MERGED = [...DIGITS, ...UPPER, ...LOWER.filter((letter) => !"cijklmopsuvwxyz".includes(letter))];
const CLASSES: Readonly<Record<EmnistSplit, readonly string[]>> = {
  byclass: [...DIGITS, ...UPPER, ...LOWER],
  bymerge: MERGED,
  balanced: MERGED,
  // The file counts them from 1.
  letters: ["N/A", ...LOWER],
  digits: DIGITS,
  mnist: DIGITS,
};

function collectionOf(split: EmnistSplit): IdxCollection {
  const half = (name: string): IdxCollection["train"] => ({
    images: { file: `emnist-${split}-${name}-images-idx3-ubyte` },
    labels: { file: `emnist-${split}-${name}-labels-idx1-ubyte` },
  });
  return {
    name: "EMNIST",
    folder: "emnist",
    mirrors: ["https://biometrics.nist.gov/cs_links/EMNIST"],
    // The checksum as torchvision has it (torchvision/datasets/mnist.py).
    archive: { file: "gzip.zip", inner: "gzip", md5: "58c8d27c78d21e728a6bc7b3cc06412e" },
    classes: CLASSES[split],
    train: half("train"),
    test: half("test"),
  };
}

/**
 * EMNIST: handwritten letters and digits, 28×28, white on black, up to 814,255 of them in 62 classes (Cohen et al. 2017;
 * torchvision's `EMNIST`). In MNIST's format, but rows and columns are exchanged, as in the files and in torchvision:
 * `new Lambda((x) => x.transpose(-1, -2), { batched: true })` turns pictures upright.
 *
 * The files are published as one archive of half a gigabyte, which `download: true` fetches; the files of a part are read out of it.
 *
 * @example
 * ```ts ignore
 * import { EMNIST } from "@heddle/data";
 *
 * const train = await EMNIST.load({ split: "letters", download: true });
 * console.log(train.length, train.classes.length); // 124800 27: class 0 does not occur
 * ```
 */
export class EMNIST extends LabelledImages {
  /**
   * Reads the files of a part from `root`, or from the folder "emnist" in the user's cache, where `download: true` puts the archive and
   * compares it with the published checksum. There are none of single files: those of the archive and of gzip are compared, and the
   * files' structure is checked.
   *
   * @throws when the part is unknown, or a file is missing, truncated or damaged; the error names it
   */
  static async load(options: EmnistLoadOptions): Promise<EMNIST> {
    checkOptions("EMNIST.load", options, ["split", ...publishedOptions.filter((name) => name !== "verify")]);
    if (!Object.hasOwn(CLASSES, options.split)) {
      throw new Error(`EMNIST.load: split must be ${Object.keys(CLASSES).join(", ")}, got "${options.split}".`);
    }
    const { split, ...rest } = options;
    return new EMNIST(await loadIdxCollection(collectionOf(split), rest));
  }
}

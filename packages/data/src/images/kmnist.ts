import { type IdxCollection, type IdxLoadOptions, loadIdxCollection } from "./idx_dataset.ts";
import { LabelledImages } from "./labelled_images.ts";

// Checksums of the gzipped files as torchvision has them (torchvision/datasets/mnist.py).
const COLLECTION: IdxCollection = {
  name: "KMNIST",
  folder: "kmnist",
  mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist"],
  classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
  train: {
    images: { file: "train-images-idx3-ubyte", gzipMd5: "bdb82020997e1d708af4cf47b453dcf7" },
    labels: { file: "train-labels-idx1-ubyte", gzipMd5: "e144d726b3acfaa3e44228e80efcd344" },
  },
  test: {
    images: { file: "t10k-images-idx3-ubyte", gzipMd5: "5c965bf0a639b31b8f53240b1b52f4d7" },
    labels: { file: "t10k-labels-idx1-ubyte", gzipMd5: "7320c461ea6c1c855c0b718fb2a4b134" },
  },
};

/**
 * Kuzushiji-MNIST: 60,000 training and 10,000 test pictures of cursive Japanese characters, 28×28, white on black, ten
 * classes (Clanuwat et al. 2018; torchvision's `KMNIST`). In MNIST's format.
 *
 * @example
 * ```ts ignore
 * import { KMNIST } from "@heddle/data";
 *
 * const train = await KMNIST.load({ download: true });
 * console.log(train.classes[train.label(0)]); // re
 * ```
 */
export class KMNIST extends LabelledImages {
  /**
   * Reads the files from `root`, or from the user's cache, where `download: true` puts them. Gzipped files are compared
   * with the published checksums; there are none for uncompressed files, so only their structure is checked.
   *
   * @throws when a file is missing, truncated or altered; the error names it
   */
  static async load(options: IdxLoadOptions = {}): Promise<KMNIST> {
    return new KMNIST(await loadIdxCollection(COLLECTION, options));
  }
}

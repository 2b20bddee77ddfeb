import { type IdxCollection, type IdxLoadOptions, loadIdxCollection } from "./idx_dataset.ts";
import { LabelledImages } from "./labelled_images.ts";

// Checksums are published for the gzipped files only (README of the data set, torchvision/datasets/mnist.py).
const COLLECTION: IdxCollection = {
  name: "FashionMNIST",
  folder: "fashion-mnist",
  mirrors: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
  ],
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  train: {
    images: { file: "train-images-idx3-ubyte", gzipMd5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
    labels: { file: "train-labels-idx1-ubyte", gzipMd5: "25c81989df183df01b3e8a0aad5dffbe" },
  },
  test: {
    images: { file: "t10k-images-idx3-ubyte", gzipMd5: "bef4ecab320f06d8554ea6380940ec79" },
    labels: { file: "t10k-labels-idx1-ubyte", gzipMd5: "bb300cfdad3c16e7a12a480ee83cd310" },
  },
};

/**
 * Fashion-MNIST: 60,000 training and 10,000 test pictures of articles of clothing, 28×28 grey, ten classes (Xiao,
 * Rasul, Vollgraf 2017; torchvision's `FashionMNIST`). Made as a harder MNIST in the same format.
 *
 * @example
 * ```ts ignore
 * import { FashionMNIST } from "@heddle/data";
 *
 * const train = await FashionMNIST.load({ download: true });
 * console.log(train.classes[train.label(0)]); // Ankle boot
 * ```
 */
export class FashionMNIST extends LabelledImages {
  /**
   * Reads the files from `root`, or from the user's cache, where `download: true` puts them. Gzipped files are compared
   * with the published checksums; there are none for uncompressed files, so only their structure is checked.
   *
   * @throws when a file is missing, truncated or altered; the error names it
   */
  static async load(options: IdxLoadOptions = {}): Promise<FashionMNIST> {
    return new FashionMNIST(await loadIdxCollection(COLLECTION, options));
  }
}

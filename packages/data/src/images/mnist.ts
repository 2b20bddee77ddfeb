import { type IdxCollection, type IdxLoadOptions, loadIdxCollection } from "./idx_dataset.ts";
import { LabelledImages } from "./labelled_images.ts";

// MD5s of the gzipped files from torchvision (torchvision/datasets/mnist.py); those of their content were computed from
// the files.
const COLLECTION: IdxCollection = {
  name: "MNIST",
  folder: "mnist",
  mirrors: [
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
  ],
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  train: {
    images: {
      file: "train-images-idx3-ubyte",
      gzipMd5: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      contentMd5: "6bbc9ace898e44ae57da46a324031adb",
    },
    labels: {
      file: "train-labels-idx1-ubyte",
      gzipMd5: "d53e105ee54ea40749a09fcbcd1e9432",
      contentMd5: "a25bea736e30d166cdddb491f175f624",
    },
  },
  test: {
    images: {
      file: "t10k-images-idx3-ubyte",
      gzipMd5: "9fb629c4189551a2d022fa330f9573f3",
      contentMd5: "2646ac647ad5339dbf082846283269ea",
    },
    labels: {
      file: "t10k-labels-idx1-ubyte",
      gzipMd5: "ec29112dd5afa0611ce80d1b7f02629c",
      contentMd5: "27ae3e4e09519cfbb04c329615203637",
    },
  },
};

/**
 * MNIST: 60,000 training and 10,000 test pictures of handwritten digits, 28×28, white on black (LeCun, Bottou, Bengio,
 * Haffner 1998; torchvision's `MNIST`). A sample is [float32 picture [1, 28, 28] from 0 to 1, label].
 *
 * @example
 * ```ts ignore
 * import { MNIST } from "@heddle/data";
 *
 * const train = await MNIST.load({ download: true });
 * const test = await MNIST.load({ root: "data/mnist", train: false });
 * console.log(test.length, test.images.shape); // 10000 [ 10000, 28, 28 ]
 * ```
 */
export class MNIST extends LabelledImages {
  /**
   * Reads the files from `root`, or from the user's cache, where `download: true` puts them.
   *
   * @throws when a file is missing, truncated or altered; the error names it. A damaged file in the cache is fetched
   *   again if `download` allows it; one in `root` is never touched.
   */
  static async load(options: IdxLoadOptions = {}): Promise<MNIST> {
    return new MNIST(await loadIdxCollection(COLLECTION, options));
  }
}

import { CIFAR_SHAPE, type CifarCollection, type CifarLoadOptions, loadCifar } from "./cifar_files.ts";
import { LabelledImages } from "./labelled_images.ts";

// MD5 as the data set's page and torchvision (torchvision/datasets/cifar.py) have it.
const COLLECTION: CifarCollection = {
  name: "CIFAR10",
  folder: "cifar10",
  mirrors: ["https://www.cs.toronto.edu/~kriz"],
  archive: "cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  inner: "cifar-10-batches-bin",
  train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
  test: ["test_batch.bin"],
  labels: [{ name: "label", classes: 10 }],
};

const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/**
 * CIFAR-10: 50,000 training and 10,000 test pictures in colour, 32×32, of ten kinds of things (Krizhevsky 2009;
 * torchvision's `CIFAR10`). A sample is [float32 picture [3, 32, 32] from 0 to 1, label].
 *
 * The archive with the binary files is read as it is and never unpacked; that takes about a second each time, less from
 * a folder in which you unpacked it.
 *
 * @example
 * ```ts ignore
 * import { CIFAR10 } from "@heddle/data";
 *
 * const train = await CIFAR10.load({ download: true });
 * const test = await CIFAR10.load({ root: "data/cifar10", train: false });
 * console.log(test.images.shape, test.classes[test.label(0)]); // [ 10000, 3, 32, 32 ] cat
 * ```
 */
export class CIFAR10 extends LabelledImages {
  /**
   * Reads the archive or the unpacked files from `root`, or the archive from the user's cache, where `download: true`
   * puts it.
   *
   * @throws when files are missing, truncated or altered, when a record is cut short or a label out of range, and when
   *   the archive has paths that lead out of it; the error names the file. A damaged archive in the cache is fetched
   *   again if `download` allows it; one in `root` is never touched.
   */
  static async load(options: CifarLoadOptions = {}): Promise<CIFAR10> {
    const { pixels, labels, name } = await loadCifar(COLLECTION, options);
    const { transform, generator } = options;
    return new CIFAR10({
      pixels,
      labels: labels[0]!,
      imageShape: CIFAR_SHAPE,
      classes: CLASSES,
      transform,
      generator,
      name,
    });
  }
}

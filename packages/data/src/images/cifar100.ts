import { fromTypedArray, keep, type Tensor } from "@heddle/tensor";
import { checkIndex } from "../datasets/dataset.ts";
import {
  CIFAR_SHAPE,
  type CifarCollection,
  type CifarLoadOptions,
  type CifarRecords,
  loadCifar,
} from "./cifar_files.ts";
import { LabelledImages } from "./labelled_images.ts";

// The MD5 is the one published on the data set's page and in torchvision (torchvision/datasets/cifar.py).
const COLLECTION: CifarCollection = {
  name: "CIFAR100",
  folder: "cifar100",
  mirrors: ["https://www.cs.toronto.edu/~kriz"],
  archive: "cifar-100-binary.tar.gz",
  md5: "03b5dce01913d631647c71ecec9e9cb8",
  inner: "cifar-100-binary",
  train: ["train.bin"],
  test: ["test.bin"],
  labels: [{ name: "coarse label", classes: 20 }, { name: "fine label", classes: 100 }],
};

/** The 100 classes, in the order of their numbers. */
const FINE: readonly string[] = `
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can
  castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
  elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster
  man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck
  pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
  skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
  tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
`.trim().split(/\s+/);

/** The 20 groups of five classes each. */
const COARSE: readonly string[] = `
  aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
  household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes
  large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees
  vehicles_1 vehicles_2
`.trim().split(/\s+/);

/** Options of {@link CIFAR100.load}. */
export interface Cifar100LoadOptions extends CifarLoadOptions {
  /** Which labels the samples have: of the 100 classes (default), or of the 20 groups of them. */
  labels?: "fine" | "coarse";
}

/**
 * CIFAR-100: 50,000 training and 10,000 test pictures in colour, 32×32, of 100 classes in 20 groups (Krizhevsky 2009;
 * torchvision's `CIFAR100`, which knows the fine labels only). A sample is [float32 picture [3, 32, 32] from 0 to 1, label].
 *
 * @example
 * ```ts ignore
 * import { CIFAR100 } from "@heddle/data";
 *
 * const train = await CIFAR100.load({ download: true });
 * console.log(train.classes[train.label(0)], train.coarseClasses[train.coarseLabel(0)]); // cattle large_omnivores_…
 * const groups = await CIFAR100.load({ root: "data/cifar100", labels: "coarse" });
 * ```
 */
export class CIFAR100 extends LabelledImages {
  /** Names of the 100 classes. */
  readonly fineClasses: readonly string[] = FINE;
  /** Names of the 20 groups. */
  readonly coarseClasses: readonly string[] = COARSE;
  private readonly records: CifarRecords;
  private fineTensor: Tensor | null = null;
  private coarseTensor: Tensor | null = null;

  private constructor(records: CifarRecords, options: Cifar100LoadOptions) {
    const coarse = options.labels === "coarse";
    super({
      pixels: records.pixels,
      labels: records.labels[coarse ? 0 : 1]!,
      imageShape: CIFAR_SHAPE,
      classes: coarse ? COARSE : FINE,
      transform: options.transform,
      generator: options.generator,
      name: records.name,
    });
    this.records = records;
  }

  /**
   * Reads the archive or the unpacked files, as `CIFAR10.load` does.
   *
   * @throws as `CIFAR10.load`, and for other `labels` than "fine" and "coarse"
   */
  static async load(options: Cifar100LoadOptions = {}): Promise<CIFAR100> {
    const { labels = "fine", ...others } = options;
    if (labels !== "fine" && labels !== "coarse") {
      throw new Error(`CIFAR100.load: labels must be "fine" or "coarse", got "${labels}".`);
    }
    return new CIFAR100(await loadCifar(COLLECTION, others), options);
  }

  /** The class of the picture at `index`, of 100. */
  fineLabel(index: number): number {
    checkIndex("CIFAR100.fineLabel", index, this.length);
    return this.records.labels[1]![index]!;
  }

  /** The group of the picture at `index`, of 20. */
  coarseLabel(index: number): number {
    checkIndex("CIFAR100.coarseLabel", index, this.length);
    return this.records.labels[0]![index]!;
  }

  /** All fine labels: int32 of shape [length]. Made once; not to be written to. */
  get fineLabels(): Tensor {
    return this.fineTensor ??= asTensor(this.records.labels[1]!);
  }

  /** All coarse labels: int32 of shape [length]. Made once; not to be written to. */
  get coarseLabels(): Tensor {
    return this.coarseTensor ??= asTensor(this.records.labels[0]!);
  }
}

function asTensor(labels: Uint8Array): Tensor {
  return keep(fromTypedArray(Int32Array.from(labels), [labels.length], { dtype: "int32" }));
}

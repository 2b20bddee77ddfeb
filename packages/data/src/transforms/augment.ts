/** Augmentation by operations drawn from a list, each with a magnitude. */
import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  augmentationSpace,
  Augmenter,
  type AugmentOperation,
  type AugmentOptions,
  augmentOptions,
  checkInteger,
  drawMagnitude,
  type Magnitudes,
  paperStrengths,
  type Strengths,
} from "./augment_operations.ts";
import { type AutoAugmentPolicy, POLICIES, type Step } from "./augment_policies.ts";
import { Draws } from "./random_draws.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { show } from "./parameters.ts";

export type { AutoAugmentPolicy } from "./augment_policies.ts";

/** The most bins of magnitudes and operations in a row: more are a mistake. */
const MOST = 2 ** 16;

/** Changes one picture after the other. */
function augmentEach(
  where: string,
  pictures: Pictures,
  { interpolation, fill }: Required<AugmentOptions>,
  generator: Generator,
  augment: (augmenter: Augmenter, i: number, draws: Draws) => void,
): Pictures {
  const augmenter = new Augmenter(where, pictures, interpolation, fill);
  const draws = new Draws(generator, 5 * pictures.count);
  for (let i = 0; i < pictures.count; i++) augment(augmenter, i, draws);
  return pictures;
}

/** The 14 operations that RandAugment and TrivialAugment choose from: all but "Invert". */
function withoutInvert(strengths: Strengths, bins: number): Map<AugmentOperation, Magnitudes> {
  const space = augmentationSpace(strengths, bins);
  space.delete("Invert");
  return space;
}

/** One of the operations, all as likely. */
function choose(space: Map<AugmentOperation, Magnitudes>, draws: Draws): [AugmentOperation, Magnitudes] {
  return [...space][draws.below(space.size)]!;
}

/**
 * Two operations for each picture, from a policy that was found by search (Cubuk et al. 2019; torchvision's
 * `AutoAugment`). For uint8 pictures, or float ones from 0 to 1.
 *
 * @example
 * ```ts
 * import { AutoAugment } from "@heddle/data";
 * import { zeros } from "@heddle/tensor";
 *
 * const augment = new AutoAugment("cifar10");
 * console.log(augment.apply(zeros([8, 3, 32, 32], { dtype: "uint8" })).dtype); // uint8
 * ```
 */
export class AutoAugment extends PictureTransform {
  protected readonly name: string = "AutoAugment";
  private readonly options: Required<AugmentOptions>;
  private readonly policy: readonly (readonly [Step, Step])[];

  /**
   * @param policy the data set that it was found on: "imagenet" (default), "cifar10" or "svhn"
   * @throws when the policy or the interpolation is unknown
   */
  constructor(policy: AutoAugmentPolicy = "imagenet", options: AugmentOptions = {}) {
    super();
    checkOptions(this.name, options, ["interpolation", "fill"]);
    this.options = augmentOptions(this.name, options);
    if (!Object.hasOwn(POLICIES, policy)) {
      throw new Error(`AutoAugment: the policy must be ${Object.keys(POLICIES).join(", ")}, got ${show(policy)}.`);
    }
    this.policy = POLICIES[policy];
  }

  private space({ height, width }: Pictures): Map<AugmentOperation, Magnitudes> {
    return augmentationSpace(paperStrengths(height, width), 10);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const space = this.space(pictures);
    return augmentEach(this.name, pictures, this.options, generator, (augmenter, i, draws) => {
      for (const [operation, p, bin = 0] of this.policy[draws.below(this.policy.length)]!) {
        if (!draws.chance(p)) continue;
        augmenter.apply(i, operation, drawMagnitude(space.get(operation)!, () => bin, draws));
      }
    });
  }
}

/** Options of {@link RandAugment}. */
export interface RandAugmentOptions extends AugmentOptions {
  /** How many operations one after the other (default 2). */
  numOps?: number;
  /** The bin of the magnitude of all operations (default 9). */
  magnitude?: number;
  /** How many magnitudes there are (default 31). */
  numMagnitudeBins?: number;
}

/**
 * Several operations drawn at random for each picture, all of one strength (Cubuk et al. 2020, "RandAugment"; torchvision's
 * `RandAugment`). For uint8 pictures, or float ones from 0 to 1.
 *
 * @example
 * ```ts
 * import { Compose, DataLoader, LabelledImages, RandAugment, ToTensor } from "@heddle/data";
 *
 * const transform = new Compose([new RandAugment({ magnitude: 7 }), new ToTensor({ layout: "CHW" })]);
 * const parts = { pixels: new Uint8Array(4 * 3072), labels: [0, 0, 0, 0], imageShape: [3, 32, 32], classes: ["black"] };
 * for (const [images] of new DataLoader(new LabelledImages({ ...parts, transform }), { batchSize: 4 })) {
 *   console.log(images.shape, images.dtype); // [ 4, 3, 32, 32 ] float32
 * }
 * ```
 */
export class RandAugment extends PictureTransform {
  protected readonly name: string = "RandAugment";
  private readonly options: Required<AugmentOptions>;
  private readonly numOps: number;
  private readonly magnitude: number;
  private readonly bins: number;

  /** @throws when a number is no integer or out of range, or the interpolation is unknown */
  constructor(options: RandAugmentOptions = {}) {
    super();
    checkOptions(this.name, options, ["numOps", "magnitude", "numMagnitudeBins", "interpolation", "fill"]);
    this.options = augmentOptions(this.name, options);
    this.numOps = checkInteger(this.name, "numOps", options.numOps ?? 2, 0, MOST);
    this.bins = checkInteger(this.name, "numMagnitudeBins", options.numMagnitudeBins ?? 31, 2, MOST);
    this.magnitude = checkInteger(this.name, "magnitude", options.magnitude ?? 9, 0, this.bins - 1);
  }

  private space({ height, width }: Pictures): Map<AugmentOperation, Magnitudes> {
    return withoutInvert(paperStrengths(height, width), this.bins);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const space = this.space(pictures);
    return augmentEach(this.name, pictures, this.options, generator, (augmenter, i, draws) => {
      for (let k = 0; k < this.numOps; k++) {
        const [operation, magnitudes] = choose(space, draws);
        augmenter.apply(i, operation, drawMagnitude(magnitudes, () => this.magnitude, draws));
      }
    });
  }
}

/** Options of {@link TrivialAugmentWide}. */
export interface TrivialAugmentOptions extends AugmentOptions {
  /** How many magnitudes there are (default 31). */
  numMagnitudeBins?: number;
}

// A length of 32 pixels whatever the picture's size, as in the paper.
const WIDE: Strengths = { shear: 0.99, translateX: 32, translateY: 32, rotate: 135, colour: 0.99, bits: [8, 2] };

/**
 * One operation of random strength for each picture (Müller and Hutter 2021, "TrivialAugment", with its wide range of
 * strengths; torchvision's `TrivialAugmentWide`). For uint8 pictures, or float ones from 0 to 1.
 *
 * @example
 * ```ts
 * import { TrivialAugmentWide } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new TrivialAugmentWide().apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class TrivialAugmentWide extends PictureTransform {
  protected readonly name: string = "TrivialAugmentWide";
  private readonly options: Required<AugmentOptions>;
  private readonly bins: number;

  /** @throws when the number of bins is no integer or out of range, or the interpolation is unknown */
  constructor(options: TrivialAugmentOptions = {}) {
    super();
    checkOptions(this.name, options, ["numMagnitudeBins", "interpolation", "fill"]);
    this.options = augmentOptions(this.name, options);
    this.bins = checkInteger(this.name, "numMagnitudeBins", options.numMagnitudeBins ?? 31, 2, MOST);
  }

  private space(): Map<AugmentOperation, Magnitudes> {
    return withoutInvert(WIDE, this.bins);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const space = this.space();
    return augmentEach(this.name, pictures, this.options, generator, (augmenter, i, draws) => {
      const [operation, magnitudes] = choose(space, draws);
      augmenter.apply(i, operation, drawMagnitude(magnitudes, () => draws.below(this.bins), draws));
    });
  }
}

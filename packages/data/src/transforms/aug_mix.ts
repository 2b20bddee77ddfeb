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
} from "./augment_operations.ts";
import { Draws } from "./random_draws.ts";
import { betaOf, gammaOf } from "./mix.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/** Options of {@link AugMix}. */
export interface AugMixOptions extends AugmentOptions {
  /** The strength of the operations, from 1 to 10 (default 3). */
  severity?: number;
  /** How many chains of operations are mixed (default 3). */
  mixtureWidth?: number;
  /** Operations in a chain; -1 draws 1 to 3 for each chain (default -1). */
  chainDepth?: number;
  /** The parameter of the Dirichlet and Beta distributions that the weights are drawn from (default 1). */
  alpha?: number;
  /** Whether brightness, colour, contrast and sharpness are among the operations (default true). */
  allOps?: boolean;
}

const BINS = 10;

/**
 * Mixes each picture with several chains of operations on it, in random proportions (Hendrycks et al. 2020, "AugMix";
 * torchvision's `AugMix`). For uint8 pictures, or float ones from 0 to 1. Each picture of a batch gets its own
 * operations; torchvision draws them once for a batch.
 *
 * @example
 * ```ts
 * import { AugMix } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new AugMix({ severity: 5 }).apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class AugMix extends PictureTransform {
  protected readonly name: string = "AugMix";
  private readonly severity: number;
  private readonly mixtureWidth: number;
  private readonly chainDepth: number;
  private readonly alpha: number;
  private readonly allOps: boolean;
  private readonly options: Required<AugmentOptions>;

  /** @throws when a number is no integer or out of range, or the interpolation is unknown */
  constructor(options: AugMixOptions = {}) {
    super();
    checkOptions(this.name, options, [
      "severity",
      "mixtureWidth",
      "chainDepth",
      "alpha",
      "allOps",
      "interpolation",
      "fill",
    ]);
    const { severity = 3, mixtureWidth = 3, chainDepth = -1, alpha = 1, allOps = true } = options;
    this.severity = checkInteger(this.name, "severity", severity, 1, BINS);
    this.mixtureWidth = checkInteger(this.name, "mixtureWidth", mixtureWidth, 1, 1000);
    this.chainDepth = checkInteger(this.name, "chainDepth", chainDepth, -1, 1000);
    if (!(alpha > 0 && alpha < Infinity)) throw new RangeError(`AugMix: alpha must be positive, got ${alpha}.`);
    this.alpha = alpha;
    this.allOps = allOps;
    this.options = augmentOptions(this.name, { interpolation: "bilinear", ...options });
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels, height, width } = pictures;
    const size = channels * height * width;
    // The picture that the chains change.
    const one: Pictures = { ...pictures, data: data.slice(0, size), count: 1 };
    const augmenter = new Augmenter(this.name, one, this.options.interpolation, this.options.fill);
    const space = [...this.space(pictures)];
    const draws = new Draws(generator, 20 * count);
    const mixed = new Float32Array(size);
    for (let i = 0; i < count; i++) {
      const original = data.subarray(i * size, (i + 1) * size);
      const kept = betaOf(this.alpha, draws);
      addTo(mixed.fill(0), original, kept);
      for (const weight of this.weights(draws)) {
        one.data.set(original);
        const depth = this.chainDepth > 0 ? this.chainDepth : 1 + draws.below(3);
        for (let k = 0; k < depth; k++) {
          const [operation, magnitudes] = space[draws.below(space.length)]!;
          augmenter.apply(0, operation, drawMagnitude(magnitudes, () => draws.below(this.severity), draws));
        }
        addTo(mixed, one.data, (1 - kept) * weight);
      }
      original.set(mixed);
    }
    return pictures;
  }

  private space({ height, width }: Pictures): Map<AugmentOperation, Magnitudes> {
    const space = augmentationSpace(
      { shear: 0.3, translateX: width / 3, translateY: height / 3, rotate: 30, colour: 0.9, bits: [4, 0] },
      BINS,
    );
    const colours = ["Brightness", "Color", "Contrast", "Sharpness"] as const;
    for (const name of ["Identity", "Invert", ...(this.allOps ? [] : colours)] as const) space.delete(name);
    return space;
  }

  /** The chains' weights, of the Dirichlet distribution with equal parameters. */
  private weights(draws: Draws): number[] {
    const parts = Array.from({ length: this.mixtureWidth }, () => gammaOf(this.alpha, draws));
    const sum = parts.reduce((total, part) => total + part, 0);
    // All may vanish for small parameters; then one of them has it all.
    const all = sum > 0 ? -1 : draws.below(parts.length);
    return parts.map((part, k) => sum > 0 ? part / sum : k === all ? 1 : 0);
  }
}

function addTo(sums: Float32Array, values: Float32Array | Uint8Array, weight: number): void {
  for (let p = 0; p < sums.length; p++) sums[p]! += weight * values[p]!;
}

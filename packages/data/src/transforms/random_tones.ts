/** Transforms that change each picture's tones with a probability. */
import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { changeSome, type Place } from "./colour.ts";
import { Draws } from "./random_draws.ts";
import { checkProbability, show } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { equalize, invert, posterize, sharpen, solarize, stretch } from "./tones.ts";

/**
 * Inverts pictures with a probability (torchvision's `RandomInvert`): a value x becomes 1 − x, or 255 − x in uint8.
 *
 * @example
 * ```ts
 * import { RandomInvert } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomInvert(1).apply(tensor([[[0, 0.25, 1]]])).toArray()); // [ [ [ 1, 0.75, 0 ] ] ]
 * ```
 */
export class RandomInvert extends PictureTransform {
  protected readonly name: string = "RandomInvert";
  private readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    super();
    checkArguments("RandomInvert", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    return changeSome(pictures, new Draws(generator, pictures.count), this.p, invert);
  }
}

/**
 * Inverts the values from a threshold on, with a probability (torchvision's `RandomSolarize`).
 *
 * @example
 * ```ts
 * import { RandomSolarize } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomSolarize(0.5, 1).apply(tensor([[[0.25, 0.5, 1]]])).toArray()); // [ [ [ 0.25, 0.5, 0 ] ] ]
 * ```
 */
export class RandomSolarize extends PictureTransform {
  protected readonly name: string = "RandomSolarize";
  private readonly threshold: number;
  private readonly p: number;

  /**
   * @param threshold in the pictures' values: from 0 to 1, or to 255 for uint8
   * @throws when the threshold is no number, or `p` no probability
   */
  constructor(threshold: number, p: number = 0.5) {
    super();
    checkArguments("RandomSolarize", arguments, 2);
    if (!Number.isFinite(threshold)) {
      throw new RangeError(`RandomSolarize: threshold must be a finite number, got ${show(threshold)}.`);
    }
    this.threshold = threshold;
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const bound = pictures.data instanceof Uint8Array ? 255 : 1;
    if (this.threshold > bound) {
      throw new RangeError(
        `RandomSolarize: the threshold ${this.threshold} is beyond the values of ` +
          `${bound === 1 ? "float pictures, 0 to 1; divide it by 255" : "uint8 pictures, 0 to 255"}.`,
      );
    }
    return changeSome(
      pictures,
      new Draws(generator, pictures.count),
      this.p,
      (place) => solarize(place, this.threshold),
    );
  }
}

/**
 * Reduces each value to its highest bits, with a probability (torchvision's `RandomPosterize`). Float pictures are
 * treated as the uint8 that `ToTensor` makes them from.
 *
 * @example
 * ```ts
 * import { RandomPosterize } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * const grey = tensor([[[63, 64, 200]]], { dtype: "uint8" });
 * console.log(new RandomPosterize(2, 1).apply(grey).toArray()); // [ [ [ 0, 64, 192 ] ] ]
 * ```
 */
export class RandomPosterize extends PictureTransform {
  protected readonly name: string = "RandomPosterize";
  private readonly bits: number;
  private readonly p: number;

  /**
   * @param bits how many bits to keep of 8
   * @throws unless `bits` is an integer from 0 to 8, and `p` a probability
   */
  constructor(bits: number, p: number = 0.5) {
    super();
    checkArguments("RandomPosterize", arguments, 2);
    if (!(Number.isInteger(bits) && bits >= 0 && bits <= 8)) {
      throw new RangeError(`RandomPosterize: bits must be an integer from 0 to 8, got ${show(bits)}.`);
    }
    this.bits = bits;
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    return changeSome(pictures, new Draws(generator, pictures.count), this.p, (place) => posterize(place, this.bits));
  }
}

/**
 * Equalises the histogram of each channel with a probability (torchvision's `RandomEqualize`): afterwards all levels
 * occur about as often. Float pictures are treated as the uint8 that `ToTensor` makes them from.
 *
 * @example
 * ```ts
 * import { RandomEqualize } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const dark = rand([3, 64, 64]).mul(0.2);
 * console.log(new RandomEqualize(1).apply(dark).amax().item() > 0.9); // true
 * ```
 */
export class RandomEqualize extends PictureTransform {
  protected readonly name: string = "RandomEqualize";
  private readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    super();
    checkArguments("RandomEqualize", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    return changeSome(pictures, new Draws(generator, pictures.count), this.p, equalize);
  }
}

/**
 * Stretches each channel so that its values reach from black to white, with a probability (torchvision's
 * `RandomAutocontrast`). A constant channel stays as it is.
 *
 * @example
 * ```ts
 * import { RandomAutocontrast } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomAutocontrast(1).apply(tensor([[[0.25, 0.5, 0.75]]])).toArray()); // [ [ [ 0, 0.5, 1 ] ] ]
 * ```
 */
export class RandomAutocontrast extends PictureTransform {
  protected readonly name: string = "RandomAutocontrast";
  private readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    super();
    checkArguments("RandomAutocontrast", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    return changeSome(pictures, new Draws(generator, pictures.count), this.p, stretch);
  }
}

/**
 * Sharpens or smooths pictures with a probability (torchvision's `RandomAdjustSharpness`). The outermost pixels stay as
 * they are, and so do pictures with a side below 3.
 *
 * @example
 * ```ts
 * import { RandomAdjustSharpness } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new RandomAdjustSharpness(2).apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class RandomAdjustSharpness extends PictureTransform {
  protected readonly name: string = "RandomAdjustSharpness";
  private readonly sharpnessFactor: number;
  private readonly p: number;

  /**
   * @param sharpnessFactor 0 smooths, 1 changes nothing, 2 sharpens
   * @throws when the factor is negative or not finite, or `p` no probability
   */
  constructor(sharpnessFactor: number, p: number = 0.5) {
    super();
    checkArguments("RandomAdjustSharpness", arguments, 2);
    if (!(sharpnessFactor >= 0 && sharpnessFactor < Infinity)) {
      throw new RangeError(
        `RandomAdjustSharpness: sharpnessFactor must be a finite number from 0, got ${show(sharpnessFactor)}.`,
      );
    }
    this.sharpnessFactor = sharpnessFactor;
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const before = planeLike(pictures);
    const change = (place: Place): void => sharpen(place, this.sharpnessFactor, before);
    return changeSome(pictures, new Draws(generator, pictures.count), this.p, change);
  }
}

/** Memory for a plane of pictures. */
export function planeLike({ data, height, width }: Pictures): Float32Array | Uint8Array {
  return data instanceof Float32Array ? new Float32Array(height * width) : new Uint8Array(height * width);
}

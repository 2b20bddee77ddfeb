import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { Draws } from "./random_draws.ts";
import { checkProbability } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/** What the flips share. */
export abstract class RandomFlip extends PictureTransform {
  protected readonly name: string;
  /** The probability of a flip. */
  readonly p: number;

  constructor(name: string, p: number) {
    super();
    this.name = name;
    this.p = checkProbability(name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const draws = new Draws(generator, pictures.count);
    for (let i = 0; i < pictures.count; i++) if (draws.chance(this.p)) this.flip(pictures, i);
    return pictures;
  }

  /** Mirrors picture `i`. */
  protected abstract flip(pictures: Pictures, i: number): void;
}

/**
 * Mirrors a picture left to right with a probability (torchvision's `RandomHorizontalFlip`), independently for each
 * picture of a batch.
 *
 * @example
 * ```ts
 * import { RandomHorizontalFlip } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomHorizontalFlip(1).apply(tensor([[[1, 2, 3]]])).toArray()); // [ [ [ 3, 2, 1 ] ] ]
 * ```
 */
export class RandomHorizontalFlip extends RandomFlip {
  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    checkArguments("RandomHorizontalFlip", arguments, 1);
    super("RandomHorizontalFlip", p);
  }

  protected flip({ data, channels, height, width }: Pictures, i: number): void {
    const rows = channels * height;
    for (let row = i * rows; row < (i + 1) * rows; row++) {
      for (let left = row * width, right = left + width - 1; left < right; left++, right--) {
        const kept = data[left]!;
        data[left] = data[right]!;
        data[right] = kept;
      }
    }
  }
}

/**
 * Mirrors a picture top to bottom with a probability (torchvision's `RandomVerticalFlip`), independently for each
 * picture of a batch.
 *
 * @example
 * ```ts
 * import { RandomVerticalFlip } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomVerticalFlip(1).apply(tensor([[[1], [2]]])).toArray()); // [ [ [ 2 ], [ 1 ] ] ]
 * ```
 */
export class RandomVerticalFlip extends RandomFlip {
  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    checkArguments("RandomVerticalFlip", arguments, 1);
    super("RandomVerticalFlip", p);
  }

  protected flip({ data, channels, height, width }: Pictures, i: number): void {
    const area = height * width;
    for (let plane = i * channels * area; plane < (i + 1) * channels * area; plane += area) {
      for (let upper = 0, lower = height - 1; upper < lower; upper++, lower--) {
        for (let x = 0; x < width; x++) {
          const kept = data[plane + upper * width + x]!;
          data[plane + upper * width + x] = data[plane + lower * width + x]!;
          data[plane + lower * width + x] = kept;
        }
      }
    }
  }
}

import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { Draws } from "./draws.ts";
import { checkProbability } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

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
export class RandomHorizontalFlip extends PictureTransform {
  protected readonly name: string = "RandomHorizontalFlip";
  /** The probability of a flip. */
  readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    super();
    checkArguments("RandomHorizontalFlip", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels, height, width } = pictures;
    const draws = new Draws(generator, count);
    const rows = channels * height;
    for (let i = 0; i < count; i++) {
      if (!draws.chance(this.p)) continue;
      for (let row = i * rows; row < (i + 1) * rows; row++) {
        for (let left = row * width, right = left + width - 1; left < right; left++, right--) {
          const kept = data[left]!;
          data[left] = data[right]!;
          data[right] = kept;
        }
      }
    }
    return pictures;
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
export class RandomVerticalFlip extends PictureTransform {
  protected readonly name: string = "RandomVerticalFlip";
  /** The probability of a flip. */
  readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.5) {
    super();
    checkArguments("RandomVerticalFlip", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels, height, width } = pictures;
    const draws = new Draws(generator, count);
    const area = height * width;
    for (let i = 0; i < count; i++) {
      if (!draws.chance(this.p)) continue;
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
    return pictures;
  }
}

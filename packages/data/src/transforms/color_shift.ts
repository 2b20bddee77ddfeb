import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { clamped } from "./colour.ts";
import { Draws } from "./random_draws.ts";
import { type Range, spread } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/**
 * Adds a different random number to each channel of a float picture from 0 to 1, and clamps the values to 0 to 1, like
 * light of another colour. torchvision has no such transform.
 *
 * @example
 * ```ts
 * import { ColorShift } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new ColorShift(0.1).apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class ColorShift extends PictureTransform {
  protected readonly name: string = "ColorShift";
  protected override readonly needsFloat: boolean = true;
  private readonly shift: Range;

  /**
   * @param shift from −shift to shift, or from the first to the second of two
   * @throws when the range is not ascending
   */
  constructor(shift: number | Range = 0.1) {
    super();
    checkArguments("ColorShift", arguments, 1);
    this.shift = spread(this.name, "shift", shift, 0);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels, height, width } = pictures;
    const planes = count * channels;
    const draws = new Draws(generator, planes);
    for (let plane = 0; plane < planes; plane++) {
      const amount = draws.between(...this.shift);
      const end = (plane + 1) * height * width;
      for (let p = plane * height * width; p < end; p++) {
        data[p] = clamped(data[p]! + amount);
      }
    }
    return pictures;
  }
}

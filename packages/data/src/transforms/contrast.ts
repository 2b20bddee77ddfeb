import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { changeSome, checkColours, contrast } from "./colour.ts";
import { Draws } from "./random_draws.ts";
import { checkProbability, type Range, spread } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/**
 * Multiplies the distance of a float picture's values from its mean grey by a random factor, and clamps them to 0 to 1:
 * `ColorJitter` with only contrast, applied with a probability.
 *
 * @example
 * ```ts
 * import { RandomContrast } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomContrast([2, 2], 1).apply(tensor([[[0.4, 0.6]]])).toArray()); // about 0.3 and 0.7
 * ```
 */
export class RandomContrast extends PictureTransform {
  protected readonly name: string = "RandomContrast";
  protected override readonly needsFloat: boolean = true;
  private readonly factors: Range;
  private readonly p: number;

  /**
   * @param factors a for factors from 1 − a to 1 + a, or their range
   * @param p the probability
   * @throws when the range is not ascending or has negative factors, or `p` is no probability
   */
  constructor(factors: number | Range = 0.5, p: number = 0.5) {
    super();
    checkArguments("RandomContrast", arguments, 2);
    this.factors = spread(this.name, "the factor", factors, 1, { min: 0 });
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    checkColours(this.name, pictures.channels);
    const draws = new Draws(generator, 2 * pictures.count);
    return changeSome(pictures, draws, this.p, (place) => contrast(place, draws.between(...this.factors)));
  }
}

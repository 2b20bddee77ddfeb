import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { checkColours, greyOf, placeOf } from "./colour.ts";
import { Draws } from "./random_draws.ts";
import { checkProbability } from "./parameters.ts";
import { emptyLike, type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/**
 * Converts float pictures to grey: 0.2989 of red, 0.587 of green and 0.114 of blue (torchvision's `Grayscale`).
 *
 * @example
 * ```ts
 * import { Grayscale } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new Grayscale().apply(rand([3, 32, 32])).shape); // [ 1, 32, 32 ]
 * ```
 */
export class Grayscale extends PictureTransform {
  protected readonly name: string = "Grayscale";
  protected override readonly needsFloat: boolean = true;
  private readonly outputChannels: 1 | 3;

  /**
   * @param outputChannels 1, or 3 for the same grey three times
   * @throws for another number
   */
  constructor(outputChannels: 1 | 3 = 1) {
    super();
    checkArguments("Grayscale", arguments, 1);
    if (outputChannels !== 1 && outputChannels !== 3) {
      throw new Error(`Grayscale: there are 1 or 3 output channels, got ${outputChannels}.`);
    }
    this.outputChannels = outputChannels;
  }

  protected transform(pictures: Pictures): Pictures {
    checkColours(this.name, pictures.channels);
    const channels = this.outputChannels;
    const result = emptyLike(this.name, pictures, { channels });
    for (let i = 0; i < pictures.count; i++) makeGrey(pictures, i, result);
    return result;
  }
}

/**
 * Converts float pictures to grey with a probability, keeping the number of channels (torchvision's `RandomGrayscale`).
 *
 * @example
 * ```ts
 * import { RandomGrayscale } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new RandomGrayscale(1).apply(tensor([[[1]], [[0]], [[0]]])).toArray()); // three times 0.2989
 * ```
 */
export class RandomGrayscale extends PictureTransform {
  protected readonly name: string = "RandomGrayscale";
  protected override readonly needsFloat: boolean = true;
  private readonly p: number;

  /** @throws unless `p` is a probability */
  constructor(p: number = 0.1) {
    super();
    checkArguments("RandomGrayscale", arguments, 1);
    this.p = checkProbability(this.name, p);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    checkColours(this.name, pictures.channels);
    const draws = new Draws(generator, pictures.count);
    for (let i = 0; i < pictures.count; i++) if (draws.chance(this.p)) makeGrey(pictures, i, pictures);
    return pictures;
  }
}

function makeGrey(source: Pictures, i: number, target: Pictures): void {
  const area = source.height * source.width;
  const data = target.data as Float32Array;
  const first = i * target.channels * area;
  // The first plane may be the red one: each of its pixels is read before it is written.
  greyOf(placeOf(source, i), data, first);
  for (let c = 1; c < target.channels; c++) data.copyWithin(first + c * area, first, first + area);
}

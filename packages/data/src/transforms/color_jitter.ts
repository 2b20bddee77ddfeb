import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { brighten, checkColours, contrast, type Place, placeOf, saturate, turnHue } from "./colour.ts";
import { Draws } from "./random_draws.ts";
import { type Range, spread } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/** Options of {@link ColorJitter}: a number a for factors from 1 − a to 1 + a, or a range of factors. */
export interface ColorJitterOptions {
  /** Of all values. */
  brightness?: number | Range;
  /** Of the distance from the picture's mean grey. */
  contrast?: number | Range;
  /** Of the distance from the pixel's grey. */
  saturation?: number | Range;
  /** Turns of the hue as a part of the circle: a number a for −a to a, at most 0.5, or a range. */
  hue?: number | Range;
}

type Adjust = (place: Place, amount: number) => void;

/**
 * Changes brightness, contrast, saturation and hue of float pictures from 0 to 1, in random order (torchvision's
 * `ColorJitter`); each picture of a batch gets its own random factors. Saturation and hue do not change grey pictures.
 *
 * @example
 * ```ts
 * import { ColorJitter } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const jitter = new ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 });
 * console.log(jitter.apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class ColorJitter extends PictureTransform {
  protected readonly name: string = "ColorJitter";
  protected override readonly needsFloat: boolean = true;
  private readonly steps: readonly (readonly [Adjust, Range])[];

  /** @throws when a factor would be negative, a hue beyond half a turn, or a range is not ascending */
  constructor(options: ColorJitterOptions = {}) {
    super();
    checkOptions(this.name, options, ["brightness", "contrast", "saturation", "hue"]);
    const factor = (key: "brightness" | "contrast" | "saturation") =>
      spread(this.name, key, options[key] ?? 0, 1, { min: 0 });
    const all: [Adjust, Range, still: number][] = [
      [brighten, factor("brightness"), 1],
      [contrast, factor("contrast"), 1],
      [saturate, factor("saturation"), 1],
      [turnHue, spread(this.name, "hue", options.hue ?? 0, 0, { min: -0.5, max: 0.5 }), 0],
    ];
    this.steps = all.filter(([, [low, high], still]) => low !== still || high !== still)
      .map(([adjust, range]) => [adjust, range]);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { count } = pictures;
    checkColours(this.name, pictures.channels);
    const steps = [...this.steps];
    const draws = new Draws(generator, 2 * steps.length * count);
    for (let i = 0; i < count; i++) {
      // Fisher and Yates's shuffle, whatever order the picture before has left.
      for (let k = steps.length - 1; k > 0; k--) {
        const other = draws.below(k + 1);
        [steps[k], steps[other]] = [steps[other]!, steps[k]!];
      }
      const place = placeOf(pictures, i);
      for (const [adjust, range] of steps) adjust(place, draws.between(...range));
    }
    return pictures;
  }
}

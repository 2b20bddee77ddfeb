import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Draws } from "./random_draws.ts";
import { checkProbability, checkRange, mostSide, type Range, show } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import type { Window } from "./border.ts";

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions {
  /** The range of the erased fraction of the area (default [0.02, 0.33]). */
  scale?: Range;
  /** The range of the ratio of height to width (default [0.3, 3.3]). */
  ratio?: Range;
  /** The fill value: a number, one for each channel, or "random" for normal noise (default 0). */
  value?: number | readonly number[] | "random";
}

/**
 * Erases a random rectangle with a probability (torchvision's `RandomErasing`; Zhong et al. 2020); each picture of a
 * batch gets its own. A rectangle that does not fit is redrawn, at most ten times.
 *
 * @example
 * ```ts
 * import { RandomErasing } from "@heddle/data";
 * import { ones } from "@heddle/tensor";
 *
 * const erased = new RandomErasing(1, { scale: [0.25, 0.25], ratio: [1, 1] }).apply(ones([1, 8, 8]));
 * console.log(erased.sum().item()); // 48
 * ```
 */
export class RandomErasing extends PictureTransform {
  protected readonly name: string = "RandomErasing";
  private readonly p: number;
  private readonly scale: Range;
  private readonly ratio: Range;
  private readonly value: readonly number[] | "random";

  /** @throws when `p` is no probability, a range is not ascending, or a part of the area is beyond 1 */
  constructor(p: number = 0.5, options: RandomErasingOptions = {}) {
    super();
    checkOptions(this.name, options, ["scale", "ratio", "value"]);
    this.p = checkProbability(this.name, p);
    this.scale = checkRange(this.name, "scale", options.scale ?? [0.02, 0.33], { min: 0, max: 1 });
    this.ratio = checkRange(this.name, "ratio", options.ratio ?? [0.3, 3.3], { min: 1e-6 });
    const { value = 0 } = options;
    this.value = value === "random" ? value : typeof value === "number" ? [value] : [...value];
    if (this.value !== "random" && !(this.value.length > 0 && this.value.every(Number.isFinite))) {
      throw new Error(`RandomErasing: value must be a number, one for each channel, or "random", got ${show(value)}.`);
    }
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels } = pictures;
    const { value } = this;
    if (value === "random" && data instanceof Uint8Array) {
      throw new Error(`RandomErasing: "random" needs a float tensor, got uint8. Put ToTensor before it.`);
    }
    if (value !== "random" && value.length !== 1 && value.length !== channels) {
      throw new Error(`RandomErasing: ${value.length} values for ${channels} channels.`);
    }
    const draws = new Draws(generator, 5 * count);
    for (let i = 0; i < count; i++) {
      if (!draws.chance(this.p)) continue;
      const box = this.drawBox(pictures, draws);
      if (box === null) continue;
      for (let c = 0; c < channels; c++) {
        const plane = i * channels + c;
        if (value !== "random") fillBox(pictures, plane, box, value[value.length === 1 ? 0 : c]!);
        else fillBox(pictures, plane, box, () => draws.normal());
      }
    }
    return pictures;
  }

  private drawBox({ height, width }: Pictures, draws: Draws): Window | null {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = height * width * draws.between(...this.scale);
      const proportion = Math.exp(draws.between(Math.log(this.ratio[0]), Math.log(this.ratio[1])));
      const h = Math.round(Math.sqrt(area * proportion));
      const w = Math.round(Math.sqrt(area / proportion));
      if (h >= height || w >= width) continue;
      return { top: draws.below(height - h + 1), left: draws.below(width - w + 1), height: h, width: w };
    }
    return null;
  }
}

/** Options of {@link Cutout}. */
export interface CutoutOptions {
  /** How many squares (default 1). */
  holes?: number;
  /** The fill value (default 0). */
  fill?: number;
}

/**
 * Covers squares with a value, each with its centre at any pixel, so that a part may lie outside (Cutout, DeVries and
 * Taylor 2017).
 *
 * @example
 * ```ts
 * import { Cutout } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new Cutout(16).apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class Cutout extends PictureTransform {
  protected readonly name: string = "Cutout";
  private readonly size: number;
  private readonly holes: number;
  private readonly fill: number;

  /** @throws unless size and holes are positive integers */
  constructor(size: number, options: CutoutOptions = {}) {
    super();
    checkOptions(this.name, options, ["holes", "fill"]);
    const { holes = 1, fill = 0 } = options;
    if (![size, holes].every((value) => Number.isInteger(value) && value > 0 && value <= mostSide)) {
      throw new RangeError(
        `Cutout: size and holes must be positive integers of at most ${mostSide}, got ${size} and ${holes}.`,
      );
    }
    this.size = size;
    this.holes = holes;
    this.fill = fill;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { count, channels, height, width } = pictures;
    const draws = new Draws(generator, 2 * this.holes * count);
    for (let i = 0; i < count; i++) {
      for (let hole = 0; hole < this.holes; hole++) {
        const top = draws.below(height) - Math.floor(this.size / 2);
        const left = draws.below(width) - Math.floor(this.size / 2);
        const box = {
          top: Math.max(0, top),
          left: Math.max(0, left),
          height: Math.min(height, top + this.size) - Math.max(0, top),
          width: Math.min(width, left + this.size) - Math.max(0, left),
        };
        for (let c = 0; c < channels; c++) fillBox(pictures, i * channels + c, box, this.fill);
      }
    }
    return pictures;
  }
}

/** Fills a part of a plane with a value, or with what a function gives for each pixel. */
function fillBox({ data, height, width }: Pictures, plane: number, box: Window, value: number | (() => number)): void {
  const { top, left } = box;
  for (let y = top; y < top + box.height; y++) {
    const start = (plane * height + y) * width + left;
    if (typeof value === "number") { for (let p = start; p < start + box.width; p++) data[p] = value; }
    else for (let p = start; p < start + box.width; p++) data[p] = value();
  }
}

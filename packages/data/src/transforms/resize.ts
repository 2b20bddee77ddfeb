import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Draws } from "./random_draws.ts";
import { checkRange, type Range, type Size, sizeOf } from "./parameters.ts";
import { emptyLike, type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import type { Window } from "./border.ts";
import { checkResizeInterpolation, Resampler, type ResizeInterpolation } from "./resample.ts";

/** Options of {@link Resize}. */
export interface ResizeOptions {
  /** How values between pixels are interpolated (default "bilinear"). */
  interpolation?: ResizeInterpolation;
  /** Whether shrinking averages over all pixels (default true); without it fine patterns alias. "bicubic" always does. */
  antialias?: boolean;
}

/**
 * Resizes pictures (torchvision's `Resize`). A single number is the length of the shorter side, and the aspect ratio is
 * kept; two numbers are height and width.
 *
 * @example
 * ```ts
 * import { Resize } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new Resize(16).apply(rand([3, 32, 48])).shape); // [ 3, 16, 24 ]
 * ```
 */
export class Resize extends PictureTransform {
  protected readonly name: string = "Resize";
  private readonly size: Size;
  private readonly interpolation: ResizeInterpolation;
  private readonly antialias: boolean;

  /** @throws for a size that is not positive, or an unknown interpolation */
  constructor(size: Size, options: ResizeOptions = {}) {
    super();
    checkOptions(this.name, options, ["interpolation", "antialias"]);
    sizeOf(this.name, "size", size);
    this.size = typeof size === "number" ? size : [...size] as [number, number];
    this.antialias = options.antialias ?? true;
    this.interpolation = checkResizeInterpolation(this.name, options.interpolation ?? "bilinear", this.antialias);
  }

  protected transform(pictures: Pictures): Pictures {
    const [height, width] = this.sizeFor(pictures);
    if (height === pictures.height && width === pictures.width) return pictures;
    const result = emptyLike(this.name, pictures, { height, width });
    const resampler = new Resampler(this.interpolation, this.antialias);
    const whole = { top: 0, left: 0, height: pictures.height, width: pictures.width };
    for (let i = 0; i < pictures.count; i++) resampler.resample(pictures, i, whole, result);
    return result;
  }

  private sizeFor({ height, width }: Pictures): readonly [height: number, width: number] {
    const { size } = this;
    if (typeof size !== "number") return size;
    return height < width
      ? [size, Math.max(1, Math.floor(size * width / height))]
      : [Math.max(1, Math.floor(size * height / width)), size];
  }
}

/** Options of {@link RandomResizedCrop}. */
export interface RandomResizedCropOptions extends ResizeOptions {
  /** The range of the cropped fraction of the area (default [0.08, 1]). */
  scale?: Range;
  /** The range of the ratio of width to height (default [3/4, 4/3]). */
  ratio?: Range;
}

/**
 * Crops a part of random area, aspect ratio and position, and resizes it (torchvision's `RandomResizedCrop`; the
 * "Inception crop" of Szegedy et al. 2015). If ten draws do not fit into the picture, it crops the middle.
 *
 * @example
 * ```ts
 * import { RandomResizedCrop } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new RandomResizedCrop(24, { scale: [0.5, 1] }).apply(rand([8, 3, 32, 48])).shape); // [ 8, 3, 24, 24 ]
 * ```
 */
export class RandomResizedCrop extends PictureTransform {
  protected readonly name: string = "RandomResizedCrop";
  private readonly size: [height: number, width: number];
  private readonly scale: Range;
  private readonly ratio: Range;
  private readonly interpolation: ResizeInterpolation;
  private readonly antialias: boolean;

  /** @throws for sizes that are not positive, ranges that are not ascending, or an unknown interpolation */
  constructor(size: Size, options: RandomResizedCropOptions = {}) {
    super();
    checkOptions(this.name, options, ["scale", "ratio", "interpolation", "antialias"]);
    this.size = sizeOf(this.name, "size", size);
    this.scale = checkRange(this.name, "scale", options.scale ?? [0.08, 1], { min: 0 });
    this.ratio = checkRange(this.name, "ratio", options.ratio ?? [3 / 4, 4 / 3], { min: 1e-6 });
    this.antialias = options.antialias ?? true;
    this.interpolation = checkResizeInterpolation(this.name, options.interpolation ?? "bilinear", this.antialias);
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const [height, width] = this.size;
    const result = emptyLike(this.name, pictures, { height, width });
    const resampler = new Resampler(this.interpolation, this.antialias);
    const draws = new Draws(generator, 4 * pictures.count);
    for (let i = 0; i < pictures.count; i++) {
      resampler.resample(pictures, i, drawBox(pictures, this.scale, this.ratio, draws), result);
    }
    return result;
  }
}

/** A part of a picture, by torchvision's rule. */
export function drawBox({ height, width }: Pictures, scale: Range, ratio: Range, draws: Draws): Window {
  const area = height * width;
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * draws.between(...scale);
    const proportion = Math.exp(draws.between(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = Math.round(Math.sqrt(target * proportion));
    const h = Math.round(Math.sqrt(target / proportion));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: draws.below(height - h + 1), left: draws.below(width - w + 1), height: h, width: w };
  }
  const proportion = width / height;
  const w = proportion > ratio[1] ? Math.max(1, Math.round(height * ratio[1])) : width;
  const h = proportion < ratio[0] ? Math.max(1, Math.round(width / ratio[0])) : height;
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

import { type Generator, rand } from "@heddle/tensor";
import { checkOptions } from "../options.ts";
import { gaussianKernel } from "./gaussian.ts";
import { type Pictures, PictureTransform } from "./pictures.ts";
import { checkInterpolation, type Interpolation } from "./resample.ts";
import { Warp } from "./warp.ts";

/** Options of {@link ElasticTransform}. */
export interface ElasticOptions {
  /** How strongly pixels are moved: the factor of the smoothed field, in pixels (default 34). */
  alpha?: number;
  /** How smooth the field is: the Gaussian's standard deviation in pixels (default 4). */
  sigma?: number;
  /** How values between pixels are found (default "bilinear"). */
  interpolation?: Interpolation;
  /** What lies beyond the edges (default 0). */
  fill?: number;
}

/**
 * Elastic distortion (Simard, Steinkraus, Platt 2003, "Best practices for convolutional neural networks applied to visual
 * document analysis"): every pixel is moved by two numbers drawn evenly from −1 to 1, smoothed with a Gaussian and
 * multiplied by `alpha`. The defaults are the paper's for digits of 29×29. torchvision's `ElasticTransform` has twice the
 * `alpha` for the same distortion.
 *
 * @example
 * ```ts
 * import { DrawnDigits, ElasticTransform } from "@heddle/data";
 *
 * const digit = new DrawnDigits({ size: 1 }).get(0)[0];
 * console.log(new ElasticTransform({ alpha: 20 }).apply(digit).shape); // [ 1, 28, 28 ]
 * ```
 */
export class ElasticTransform extends PictureTransform {
  protected readonly name: string = "ElasticTransform";
  private readonly alpha: number;
  private readonly kernel: Float64Array;
  private readonly interpolation: Interpolation;
  private readonly fill: number;

  /** @throws unless `alpha` is from 0 and `sigma` positive, or for an unknown interpolation */
  constructor(options: ElasticOptions = {}) {
    super();
    checkOptions(this.name, options, ["alpha", "sigma", "interpolation", "fill"]);
    const { alpha = 34, sigma = 4 } = options;
    if (!(alpha >= 0 && alpha < Infinity && sigma > 0 && sigma < Infinity)) {
      throw new RangeError(`ElasticTransform: alpha must be from 0 and sigma positive, got ${alpha} and ${sigma}.`);
    }
    this.alpha = alpha;
    // Beyond three standard deviations there is 0.3% of the weight.
    this.kernel = gaussianKernel(2 * Math.ceil(3 * sigma) + 1, sigma);
    this.interpolation = checkInterpolation(this.name, options.interpolation ?? "bilinear");
    this.fill = options.fill ?? 0;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { count, height, width } = pictures;
    const area = height * width;
    const drawn = rand([count, 2, height, width], { generator, device: "cpu" });
    const field = drawn.toTypedArray() as Float32Array;
    drawn.dispose();
    const warp = new Warp(pictures, this.interpolation, this.fill);
    const between = new Float64Array(area);
    for (let i = 0; i < count; i++) {
      for (const [k, places] of [warp.places.x, warp.places.y].entries()) {
        const start = (2 * i + k) * area;
        smooth(field.subarray(start, start + area), height, width, this.kernel, between, places);
      }
      for (let y = 0, p = 0; y < height; y++) {
        for (let x = 0; x < width; x++, p++) {
          warp.places.x[p] = x + this.alpha * warp.places.x[p]!;
          warp.places.y[p] = y + this.alpha * warp.places.y[p]!;
        }
      }
      warp.picture(pictures, i);
    }
    return pictures;
  }
}

/** Smooths 2·u − 1 for u in [0, 1), along rows and then columns; beyond the edges nothing moves. */
function smooth(
  field: Float32Array,
  height: number,
  width: number,
  kernel: Float64Array,
  between: Float64Array,
  result: Float64Array,
): void {
  const reach = (kernel.length - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const end = Math.min(width - 1, x + reach);
      let sum = 0;
      for (let s = Math.max(0, x - reach); s <= end; s++) {
        sum += kernel[s - x + reach]! * (2 * field[y * width + s]! - 1);
      }
      between[y * width + x] = sum;
    }
  }
  result.fill(0);
  for (let y = 0; y < height; y++) {
    const end = Math.min(height - 1, y + reach);
    for (let s = Math.max(0, y - reach); s <= end; s++) {
      const weight = kernel[s - y + reach]!;
      for (let x = 0; x < width; x++) result[y * width + x]! += weight * between[s * width + x]!;
    }
  }
}

import { fromTypedArray, type Generator, rand, type Tensor, tidy } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { gaussianKernel } from "./gaussian.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { checkInterpolation, type Interpolation } from "./resample.ts";
import { Warp } from "./warp.ts";

/** A field that is smoother than this moves pictures as a whole, and its kernel takes memory for nothing. */
const mostSigma = 10_000;

/** Options of {@link ElasticTransform}. */
export interface ElasticOptions {
  /** How strongly pixels are moved: the factor of the smoothed field, in pixels (default 34). */
  alpha?: number;
  /** How smooth the field is: the Gaussian's standard deviation in pixels (default 4). */
  sigma?: number;
  /** How values between pixels are interpolated (default "bilinear"). */
  interpolation?: Interpolation;
  /** The value outside the picture (default 0). */
  fill?: number;
}

/**
 * Elastic distortion (Simard, Steinkraus, Platt 2003, "Best practices for convolutional neural networks applied to
 * visual document analysis"): every pixel is moved by two uniform random numbers from −1 to 1, smoothed with a Gaussian
 * and multiplied by `alpha`. The defaults are the paper's for digits of 29×29. torchvision's `ElasticTransform` has
 * twice the `alpha` for the same distortion.
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

  /** @throws unless `alpha` is from 0 and `sigma` positive and at most 10,000, or for an unknown interpolation */
  constructor(options: ElasticOptions = {}) {
    super();
    checkOptions(this.name, options, ["alpha", "sigma", "interpolation", "fill"]);
    const { alpha = 34, sigma = 4 } = options;
    if (!(alpha >= 0 && alpha < Infinity && sigma > 0 && sigma <= mostSigma)) {
      throw new RangeError(
        `ElasticTransform: alpha must be from 0 and sigma positive, at most ${mostSigma}, got ${alpha} and ${sigma}.`,
      );
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
    const moves = tidy(() => {
      const drawn = rand([2 * count, height, width], { generator, device: "cpu" }).mul(2 * this.alpha).sub(this.alpha);
      // Smoothing is a product with a matrix of the kernel's weights: along rows, then along columns.
      const along = drawn.reshape(2 * count * height, width).matmul(this.smoothing(width));
      const columns = along.reshape(2 * count, height, width).transpose(1, 2).reshape(2 * count * width, height);
      return columns.matmul(this.smoothing(height)).toTypedArray("float32");
    });
    const warp = new Warp(pictures, this.interpolation, this.fill);
    for (let i = 0; i < count; i++) {
      const [acrossAt, downAt] = [2 * i * area, (2 * i + 1) * area];
      for (let y = 0, p = 0; y < height; y++) {
        for (let x = 0; x < width; x++, p++) {
          // Columns lie one after the other.
          warp.places.x[p] = x + moves[acrossAt + x * height + y]!;
          warp.places.y[p] = y + moves[downAt + x * height + y]!;
        }
      }
      warp.picture(pictures, i);
    }
    return pictures;
  }

  /** The square matrix of `size` that smooths; beyond the edges nothing moves. */
  private smoothing(size: number): Tensor {
    const reach = (this.kernel.length - 1) / 2;
    const matrix = Float32Array.from({ length: size * size }, (_, i) => {
      return this.kernel[Math.floor(i / size) - i % size + reach] ?? 0;
    });
    return fromTypedArray(matrix, [size, size], { device: "cpu" });
  }
}

import { type Generator, randn } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { clamped } from "./colour.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/** Options of {@link GaussianNoise}. */
export interface GaussianNoiseOptions {
  /** The mean of the noise (default 0). */
  mean?: number;
  /** The standard deviation of the noise (default 0.1). */
  sigma?: number;
  /** Whether to clamp values to 0 to 1 (default true). */
  clip?: boolean;
}

/**
 * Adds normally distributed noise to every value of a float picture (`GaussianNoise` of torchvision.transforms.v2).
 *
 * @example
 * ```ts
 * import { GaussianNoise } from "@heddle/data";
 * import { zeros } from "@heddle/tensor";
 *
 * const noise = new GaussianNoise({ sigma: 0.2, clip: false }).apply(zeros([1, 100, 100]));
 * console.log(noise.std().item()); // about 0.2
 * ```
 */
export class GaussianNoise extends PictureTransform {
  protected readonly name: string = "GaussianNoise";
  protected override readonly needsFloat: boolean = true;
  private readonly mean: number;
  private readonly sigma: number;
  private readonly clip: boolean;

  /** @throws unless the mean is finite and `sigma` is from 0 */
  constructor(options: GaussianNoiseOptions = {}) {
    super();
    checkOptions(this.name, options, ["mean", "sigma", "clip"]);
    const { mean = 0, sigma = 0.1, clip = true } = options;
    if (!(Number.isFinite(mean) && sigma >= 0 && sigma < Infinity)) {
      throw new RangeError(`GaussianNoise: mean must be finite and sigma from 0, got ${mean} and ${sigma}.`);
    }
    this.mean = mean;
    this.sigma = sigma;
    this.clip = clip;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data } = pictures;
    const drawn = randn([data.length], { generator, device: "cpu" });
    const noise = drawn.toTypedArray("float32");
    drawn.dispose();
    const { mean, sigma, clip } = this;
    for (let p = 0; p < data.length; p++) {
      const value = data[p]! + mean + sigma * noise[p]!;
      data[p] = clip ? clamped(value) : value;
    }
    return pictures;
  }
}

/** Fractional max-pooling as layers; the functions are in functional/fractional_pooling.ts. */
import type { Generator, Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  checkFractions,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  type FractionalMaxPoolOptions,
} from "./functional/fractional_pooling.ts";
import { ownOptions } from "./copy_options.ts";
import { Module } from "./module.ts";
import { showSizes, type Sizes, spread } from "./sizes.ts";

/** Options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}. Exactly one of the sizes and the ratios is needed. */
export type FractionalMaxPoolLayerOptions = Omit<FractionalMaxPoolOptions, "returnIndices">;

/** What fractional max-pooling in two and three dimensions shares. */
export abstract class FractionalMaxPoolNd extends Module {
  /** Size of the windows along each dimension. */
  readonly kernelSize: readonly number[];
  /** As given, without the generator. */
  readonly options: Omit<FractionalMaxPoolLayerOptions, "generator">;
  /** Source of the random places, if one was given. */
  readonly generator: Generator | undefined;

  /** @throws RangeError for sizes that are not positive, or ratios not between 0 and 1. */
  constructor(layer: string, dims: number, kernelSize: Sizes, options: FractionalMaxPoolLayerOptions) {
    checkOptions(layer, options, ["outputSize", "outputRatio", "randomSamples", "generator"]);
    super();
    checkFractions(layer, dims, options);
    const { generator, ...rest } = options;
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    this.options = ownOptions(rest);
    this.generator = generator;
  }

  override extraRepr(): string {
    return `kernelSize=${showSizes(this.kernelSize)}`;
  }
}

/**
 * Largest element of windows of `[N, C, H, W]` (or `[C, H, W]`) at random places, drawn again by every call, in evaluation too. See
 * `functional.fractionalMaxPool2d`, which also returns indices. PyTorch: `torch.nn.FractionalMaxPool2d`.
 *
 * @throws RangeError from `forward` when the windows do not fit.
 *
 * @example
 * ```ts
 * import { FractionalMaxPool2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new FractionalMaxPool2d(3, { outputSize: [5, 4] }).forward(randn([2, 8, 16, 16])).shape; // [2, 8, 5, 4]
 * ```
 */
export class FractionalMaxPool2d extends FractionalMaxPoolNd {
  /** Windows of `kernelSize`, and the output's size or ratio. */
  constructor(kernelSize: Sizes, options: FractionalMaxPoolLayerOptions) {
    super("FractionalMaxPool2d", 2, kernelSize, options);
  }

  /** The pooled input. */
  forward(input: Tensor): Tensor {
    return fractionalMaxPool2d(input, this.kernelSize, { ...this.options, generator: this.generator });
  }
}

/** {@link FractionalMaxPool2d} of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.FractionalMaxPool3d`. */
export class FractionalMaxPool3d extends FractionalMaxPoolNd {
  /** Windows of `kernelSize`, and the output's size or ratio. */
  constructor(kernelSize: Sizes, options: FractionalMaxPoolLayerOptions) {
    super("FractionalMaxPool3d", 3, kernelSize, options);
  }

  /** The pooled input. */
  forward(input: Tensor): Tensor {
    return fractionalMaxPool3d(input, this.kernelSize, { ...this.options, generator: this.generator });
  }
}

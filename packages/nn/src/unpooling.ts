/** The reverses of max-pooling; the functions are in functional/unpooling.ts. */
import type { Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { maxUnpool1d, maxUnpool2d, maxUnpool3d, type MaxUnpoolOptions } from "./functional/unpooling.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { checkWindows, showSizes, type Sizes, spread } from "./sizes.ts";

/** Options of the layers. */
export type MaxUnpoolLayerOptions = Omit<MaxUnpoolOptions, "outputSize">;

/** What the reverses of max-pooling share. */
export abstract class MaxUnpoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly options: MaxUnpoolLayerOptions;

  constructor(layer: string, dims: number, kernelSize: Sizes, options: MaxUnpoolLayerOptions) {
    super();
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    checkWindows(layer, dims, options);
    this.options = ownOptions(options);
  }

  override extraRepr(): string {
    return `kernelSize=${showSizes(this.kernelSize)}`;
  }
}

const layerOptions = ["padding", "stride"] as const;

/** Puts the maxima of `MaxPool1d` back: see {@link MaxUnpool2d}. PyTorch: `torch.nn.MaxUnpool1d`. */
export class MaxUnpool1d extends MaxUnpoolNd {
  constructor(kernelSize: Sizes, options: MaxUnpoolLayerOptions = {}) {
    checkOptions("MaxUnpool1d", options, layerOptions);
    super("MaxUnpool1d", 1, kernelSize, options);
  }

  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/**
 * Puts maxima back where a max-pool of the same windows took them from: see `functional.maxUnpool2d`. PyTorch: `torch.nn.MaxUnpool2d`.
 *
 * @example
 * ```ts
 * import { functional as F, MaxUnpool2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const { values, indices } = F.maxPool2d(randn([1, 8, 5, 5]), 2, { returnIndices: true });
 * new MaxUnpool2d(2).forward(values, indices, [5, 5]).shape; // [1, 8, 5, 5]
 * ```
 */
export class MaxUnpool2d extends MaxUnpoolNd {
  constructor(kernelSize: Sizes, options: MaxUnpoolLayerOptions = {}) {
    checkOptions("MaxUnpool2d", options, layerOptions);
    super("MaxUnpool2d", 2, kernelSize, options);
  }

  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** Puts the maxima of `MaxPool3d` back: see {@link MaxUnpool2d}. PyTorch: `torch.nn.MaxUnpool3d`. */
export class MaxUnpool3d extends MaxUnpoolNd {
  constructor(kernelSize: Sizes, options: MaxUnpoolLayerOptions = {}) {
    checkOptions("MaxUnpool3d", options, layerOptions);
    super("MaxUnpool3d", 3, kernelSize, options);
  }

  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool3d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** Pooling by a norm, over windows and over channels, as layers; the functions are in functional/lp_pooling.ts. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  featureLpPool,
  type FeatureLpPoolOptions,
  lpPool1d,
  lpPool2d,
  type LpPoolOptions,
} from "./functional/lp_pooling.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { checkNumber, checkSize, checkWindows, showSizes, type Sizes, spread } from "./sizes.ts";

const lpPoolOptions = ["ceilMode", "stride"] as const;

/** What pooling of windows by a norm shares. */
export abstract class LPPoolNd extends Module {
  readonly normType: number;
  readonly kernelSize: readonly number[];
  /** As given; the stride defaults to the window size. */
  readonly options: LpPoolOptions;

  constructor(dims: number, normType: number, kernelSize: Sizes, options: LpPoolOptions) {
    super();
    const layer = `LPPool${dims}d`;
    this.normType = checkNumber(layer, "normType", normType);
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    checkWindows(layer, dims, options);
    this.options = ownOptions(options);
  }

  override extraRepr(): string {
    const { stride = this.kernelSize, ceilMode = false } = this.options;
    const steps = typeof stride === "number" ? [stride] : stride;
    return `normType=${this.normType}, kernelSize=${showSizes(this.kernelSize)}, stride=${
      showSizes(steps)
    }, ceilMode=${ceilMode}`;
  }
}

/** (Σ xᵖ)^(1/p) of each window of `[N, C, L]`. PyTorch: `torch.nn.LPPool1d`. */
export class LPPool1d extends LPPoolNd {
  constructor(normType: number, kernelSize: Sizes, options: LpPoolOptions = {}) {
    checkOptions("LPPool1d", options, lpPoolOptions);
    super(1, normType, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, this.options);
  }
}

/**
 * (Σ xᵖ)^(1/p) of each window of `[N, C, H, W]`; with p = 2 L2 pooling. See `functional.lpPool2d`. PyTorch: `torch.nn.LPPool2d`.
 *
 * @example
 * ```ts
 * import { LPPool2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new LPPool2d(2, 3, { stride: 2 }).forward(randn([1, 8, 9, 9])).shape; // [1, 8, 4, 4]
 * ```
 */
export class LPPool2d extends LPPoolNd {
  constructor(normType: number, kernelSize: Sizes, options: LpPoolOptions = {}) {
    checkOptions("LPPool2d", options, lpPoolOptions);
    super(2, normType, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, this.options);
  }
}

/**
 * (Σ xᵖ)^(1/p) over groups of neighbouring channels of `[N, C, …]`, with p = 2 L2 pooling over features: see
 * `functional.featureLpPool`. Torch7: `nn.FeatureLPPooling`; PyTorch has none.
 *
 * @example
 * ```ts
 * import { FeatureLPPool } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new FeatureLPPool(2, 4).forward(randn([1, 32, 9, 9])).shape; // [1, 8, 9, 9]
 * ```
 */
export class FeatureLPPool extends Module {
  readonly normType: number;
  /** Channels in a group. */
  readonly size: number;
  /** As given; the stride defaults to the group size. */
  readonly options: FeatureLpPoolOptions;

  constructor(normType: number, size: number, options: FeatureLpPoolOptions = {}) {
    checkOptions("FeatureLPPool", options, ["stride"]);
    super();
    this.normType = checkNumber("FeatureLPPool", "normType", normType);
    this.size = checkSize("FeatureLPPool", "size", size);
    checkWindows("FeatureLPPool", 1, options);
    this.options = ownOptions(options);
  }

  forward(input: Tensor): Tensor {
    return featureLpPool(input, this.normType, this.size, this.options);
  }

  override extraRepr(): string {
    return `normType=${this.normType}, size=${this.size}, stride=${this.options.stride ?? this.size}`;
  }
}

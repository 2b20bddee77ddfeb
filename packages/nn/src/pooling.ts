/** Pooling: the largest, or the mean, of windows. Norms of windows are in lp_pooling.ts. */
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  type AvgPoolOptions,
  maxPool1d,
  maxPool2d,
  type MaxPoolOptions,
  type OutputSize,
  type Tensor,
} from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool3d,
  maxPool3d,
} from "./functional/pooling.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { checkSize, checkWindows, showSizes, type Sizes, spread } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

const maxPoolOptions = ["ceilMode", "dilation", "padding", "stride"] as const;
const avgPoolOptions = ["ceilMode", "countIncludePad", "divisorOverride", "padding", "stride"] as const;

function showOptions(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options).map(([name, value]) => `, ${name}=${Array.isArray(value) ? showSizes(value) : value}`)
    .join("");
}

/** What pooling over windows of a given size shares. `O` is the type of its options. */
export abstract class PoolNd<O extends object> extends Module {
  readonly kernelSize: readonly number[];
  /** As given; the stride defaults to the window size. */
  readonly options: O;

  constructor(layer: string, dims: number, kernelSize: Sizes, options: O) {
    super();
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    checkWindows(layer, dims, options);
    this.options = ownOptions(options);
  }

  override extraRepr(): string {
    return `kernelSize=${showSizes(this.kernelSize)}${showOptions(this.options as Record<string, unknown>)}`;
  }
}

/** Largest element of each window of `[N, C, L]`. PyTorch: `torch.nn.MaxPool1d`. */
export class MaxPool1d extends PoolNd<MaxPoolOptions> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    checkOptions("MaxPool1d", options, maxPoolOptions);
    super("MaxPool1d", 1, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return maxPool1d(input, this.kernelSize, this.options);
  }
}

/**
 * Largest element of each window of `[N, C, H, W]` (or `[C, H, W]`). PyTorch: `torch.nn.MaxPool2d`; for the indices call
 * `functional.maxPool2d`.
 *
 * @throws RangeError from `forward` when a window does not fit.
 *
 * @example
 * ```ts
 * import { MaxPool2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new MaxPool2d(3, { stride: 2, padding: 1 }).forward(randn([1, 8, 32, 32])).shape; // [1, 8, 16, 16]
 * ```
 */
export class MaxPool2d extends PoolNd<MaxPoolOptions> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    checkOptions("MaxPool2d", options, maxPoolOptions);
    super("MaxPool2d", 2, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return maxPool2d(input, this.kernelSize, this.options);
  }
}

/**
 * Largest element of each window of `[N, C, D, H, W]` (or `[C, D, H, W]`): see `functional.maxPool3d`. PyTorch:
 * `torch.nn.MaxPool3d`.
 */
export class MaxPool3d extends PoolNd<MaxPoolOptions> {
  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    checkOptions("MaxPool3d", options, maxPoolOptions);
    super("MaxPool3d", 3, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return maxPool3d(input, this.kernelSize, this.options);
  }
}

/** Mean of each window of `[N, C, L]`. PyTorch: `torch.nn.AvgPool1d`. */
export class AvgPool1d extends PoolNd<AvgPoolOptions> {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    checkOptions("AvgPool1d", options, avgPoolOptions);
    super("AvgPool1d", 1, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return avgPool1d(input, this.kernelSize, this.options);
  }
}

/** Mean of each window of `[N, C, H, W]` (or `[C, H, W]`). PyTorch: `torch.nn.AvgPool2d`. */
export class AvgPool2d extends PoolNd<AvgPoolOptions> {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    checkOptions("AvgPool2d", options, avgPoolOptions);
    super("AvgPool2d", 2, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return avgPool2d(input, this.kernelSize, this.options);
  }
}

/** Mean of each window of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.AvgPool3d`. */
export class AvgPool3d extends PoolNd<AvgPoolOptions> {
  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    checkOptions("AvgPool3d", options, avgPoolOptions);
    super("AvgPool3d", 3, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return avgPool3d(input, this.kernelSize, this.options);
  }
}

/** What the adaptive pools share: windows chosen so that the output has given sizes. */
export abstract class AdaptivePoolNd extends Module {
  /** One size for every dimension or one each; null keeps a size. */
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    const layer = this.constructor.name;
    checkSurplus(layer, arguments, 1);
    for (const size of Array.isArray(outputSize) ? outputSize : [outputSize]) {
      if (size !== null) checkSize(layer, "outputSize", size);
    }
    this.outputSize = typeof outputSize === "object" && outputSize !== null ? [...outputSize] : outputSize;
  }

  override extraRepr(): string {
    return `outputSize=${JSON.stringify(this.outputSize).replaceAll(",", ", ")}`;
  }
}

/** Means of windows chosen so that the output `[N, C, outputSize]` has a given length. PyTorch: `torch.nn.AdaptiveAvgPool1d`. */
export class AdaptiveAvgPool1d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }
}

/**
 * Means of windows chosen so that the output `[N, C, …outputSize]` has given sizes; null keeps a size. PyTorch:
 * `torch.nn.AdaptiveAvgPool2d`.
 *
 * @example
 * ```ts
 * import { AdaptiveAvgPool2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new AdaptiveAvgPool2d(1).forward(randn([2, 64, 7, 9])).shape; // [2, 64, 1, 1]
 * ```
 */
export class AdaptiveAvgPool2d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** Means of windows of `[N, C, D, H, W]` chosen for an output size. PyTorch: `torch.nn.AdaptiveAvgPool3d`. */
export class AdaptiveAvgPool3d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, this.outputSize);
  }
}

/** Maxima of windows of `[N, C, L]` chosen for an output length. PyTorch: `torch.nn.AdaptiveMaxPool1d`. */
export class AdaptiveMaxPool1d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool1d(input, this.outputSize);
  }
}

/** Maxima of windows of `[N, C, H, W]` chosen for an output size. PyTorch: `torch.nn.AdaptiveMaxPool2d`. */
export class AdaptiveMaxPool2d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool2d(input, this.outputSize);
  }
}

/** Maxima of windows of `[N, C, D, H, W]` chosen for an output size. PyTorch: `torch.nn.AdaptiveMaxPool3d`. */
export class AdaptiveMaxPool3d extends AdaptivePoolNd {
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool3d(input, this.outputSize);
  }
}

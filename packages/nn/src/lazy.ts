/**
 * Layers that learn the size of their inputs from the first one. They are their eager twins from then on: of that class, and with the same
 * parameter objects, so that an optimizer may have them before. Load a state after the first `forward`.
 */
import { empty, type Generator, type Tensor, tidy } from "@heddle/tensor";
import { become } from "@heddle/tensor/engine";
import {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type NormOptions,
  type RunningNorm,
} from "./batch_norm.ts";
import { checkGroups, Conv1d, Conv2d, Conv3d, type ConvLayerOptions, type ConvNd } from "./conv.ts";
import {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
  ConvTransposeNd,
} from "./conv_transpose.ts";
import { Linear, type LinearOptions } from "./linear.ts";
import type { BatchNormOptions } from "./functional/normalization.ts";
import type { Module } from "./module.ts";
import type { Sizes } from "./sizes.ts";

/** Gives tensors of a module their shapes, and the module its class. */
function settle(
  module: Module,
  eager: { readonly prototype: Module },
  sizes: object,
  shapes: readonly (readonly [tensor: Tensor | null, shape: readonly number[]])[],
): void {
  for (const [tensor, shape] of shapes) {
    if (tensor === null) continue;
    tidy(() => become(tensor, empty(shape, { dtype: tensor.dtype, device: tensor.device })));
  }
  Object.assign(module, sizes);
  Object.setPrototypeOf(module, eager.prototype);
}

/** The size of the channels' dimension, with a batch or without; 0 for an input of another rank, which `forward` refuses. */
function channelsOf({ shape, ndim }: Tensor, dims: number): number {
  return ndim === dims + 1 || ndim === dims + 2 ? shape[ndim - dims - 1]! : 0;
}

function settleConv(
  layer: ConvNd | ConvTransposeNd,
  eager: { readonly prototype: Module },
  input: Tensor,
  generator?: Generator,
): void {
  const { kernelSize, groups, outChannels } = layer;
  const inChannels = channelsOf(input, kernelSize.length);
  if (inChannels === 0) return;
  checkGroups(layer.constructor.name, groups, inChannels, outChannels);
  const channels = layer instanceof ConvTransposeNd
    ? [inChannels, outChannels / groups]
    : [outChannels, inChannels / groups];
  settle(layer, eager, { inChannels }, [[layer.weight, [...channels, ...kernelSize]]]);
  layer.resetParameters(generator);
}

function settleNorm(layer: RunningNorm, eager: { readonly prototype: Module }, numFeatures: number): void {
  if (numFeatures === 0) return;
  const { weight, bias, runningMean, runningVar } = layer;
  settle(
    layer,
    eager,
    { numFeatures },
    [weight, bias, runningMean, runningVar].map((tensor) => [tensor, [numFeatures]] as const),
  );
  layer.resetParameters();
}

/**
 * {@link Linear} that takes `inFeatures` from its first input. PyTorch: `torch.nn.LazyLinear`.
 *
 * @example
 * ```ts
 * import { LazyLinear } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const layer = new LazyLinear(3);
 * layer.forward(randn([2, 7]));
 * String(layer); // "Linear(inFeatures=7, outFeatures=3, bias=true)"
 * ```
 */
export class LazyLinear extends Linear {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outFeatures: number, options: LinearOptions = {}) {
    super(0, outFeatures, options);
    this.generator = options.generator;
  }

  override forward(input: Tensor): Tensor {
    const inFeatures = input.shape.at(-1);
    if (this instanceof LazyLinear && inFeatures !== undefined) {
      settle(this, Linear, { inFeatures }, [[this.weight, [this.outFeatures, inFeatures]]]);
      this.resetParameters(this.generator);
    }
    return super.forward(input);
  }
}

/** {@link Conv1d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv1d`. */
export class LazyConv1d extends Conv1d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyConv1d) settleConv(this, Conv1d, input, this.generator);
    return super.forward(input);
  }
}

/** {@link Conv2d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv2d`. */
export class LazyConv2d extends Conv2d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyConv2d) settleConv(this, Conv2d, input, this.generator);
    return super.forward(input);
  }
}

/** {@link Conv3d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConv3d`. */
export class LazyConv3d extends Conv3d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyConv3d) settleConv(this, Conv3d, input, this.generator);
    return super.forward(input);
  }
}

/** {@link ConvTranspose1d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose1d`. */
export class LazyConvTranspose1d extends ConvTranspose1d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    if (this instanceof LazyConvTranspose1d) settleConv(this, ConvTranspose1d, input, this.generator);
    return super.forward(input, outputSize);
  }
}

/** {@link ConvTranspose2d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose2d`. */
export class LazyConvTranspose2d extends ConvTranspose2d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    if (this instanceof LazyConvTranspose2d) settleConv(this, ConvTranspose2d, input, this.generator);
    return super.forward(input, outputSize);
  }
}

/** {@link ConvTranspose3d} that takes `inChannels` from its first input. PyTorch: `torch.nn.LazyConvTranspose3d`. */
export class LazyConvTranspose3d extends ConvTranspose3d {
  /** Where initial values are drawn from. */
  readonly generator: Generator | undefined;

  constructor(outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(options.groups ?? 1, outChannels, kernelSize, options);
    this.generator = options.generator;
    Object.assign(this, { inChannels: 0 });
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    if (this instanceof LazyConvTranspose3d) settleConv(this, ConvTranspose3d, input, this.generator);
    return super.forward(input, outputSize);
  }
}

/** {@link BatchNorm1d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm1d`. */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor, following: Pick<BatchNormOptions, "residual" | "activation"> = {}): Tensor {
    if (this instanceof LazyBatchNorm1d) settleNorm(this, BatchNorm1d, this.takes(input) ? input.shape[1]! : 0);
    return super.forward(input, following);
  }
}

/** {@link BatchNorm2d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor, following: Pick<BatchNormOptions, "residual" | "activation"> = {}): Tensor {
    if (this instanceof LazyBatchNorm2d) settleNorm(this, BatchNorm2d, this.takes(input) ? input.shape[1]! : 0);
    return super.forward(input, following);
  }
}

/** {@link BatchNorm3d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyBatchNorm3d`. */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor, following: Pick<BatchNormOptions, "residual" | "activation"> = {}): Tensor {
    if (this instanceof LazyBatchNorm3d) settleNorm(this, BatchNorm3d, this.takes(input) ? input.shape[1]! : 0);
    return super.forward(input, following);
  }
}

/** {@link InstanceNorm1d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm1d`. */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyInstanceNorm1d) settleNorm(this, InstanceNorm1d, channelsOf(input, 1));
    return super.forward(input);
  }
}

/** {@link InstanceNorm2d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm2d`. */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyInstanceNorm2d) settleNorm(this, InstanceNorm2d, channelsOf(input, 2));
    return super.forward(input);
  }
}

/** {@link InstanceNorm3d} that takes `numFeatures` from its first input. PyTorch: `torch.nn.LazyInstanceNorm3d`. */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  constructor(options: NormOptions = {}) {
    super(1, options);
    Object.assign(this, { numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    if (this instanceof LazyInstanceNorm3d) settleNorm(this, InstanceNorm3d, channelsOf(input, 3));
    return super.forward(input);
  }
}

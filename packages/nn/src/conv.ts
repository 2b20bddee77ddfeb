/** Convolutions in one to three dimensions. */
import { conv1d, conv2d, conv3d, type ConvOptions, empty, type Generator, pad, type Tensor } from "@heddle/tensor";
import { checkOptions, hasHalfGradient, inFloat32 } from "@heddle/tensor/engine";
import { makeFoldable } from "./foldable.ts";
import { drawWeights } from "./initial_values.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSize, showSizes, type Sizes, spread } from "./sizes.ts";

/** How the image continues beyond its border: with zeros, mirrored, by its edge, or repeated. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Options of the convolution layers. */
export interface ConvLayerOptions extends LayerOptions {
  /** By default 1. */
  readonly stride?: Sizes;
  /** By default 0; "same" keeps the size (stride 1 only), "valid" is 0. */
  readonly padding?: Sizes | "same" | "valid";
  /** By default 1. */
  readonly dilation?: Sizes;
  /** Channels are split into this many independent groups; by default 1. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /** By default "zeros". */
  readonly paddingMode?: PaddingMode;
}

const modes: readonly string[] = ["zeros", "reflect", "replicate", "circular"];

/** A convolution as a function of the input `[N, C, …]` and the weight. */
export type Convolution = (input: Tensor, weight: Tensor, options: ConvOptions) => Tensor;

/** What the convolutions share. */
export abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** `[outChannels, inChannels / groups, …kernelSize]` */
  weight: Parameter;
  /** `[outChannels]` */
  bias: Parameter | null;

  protected constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvLayerOptions,
  ) {
    super();
    checkOptions(this.constructor.name, options, [
      "bias",
      "device",
      "dilation",
      "dtype",
      "generator",
      "groups",
      "padding",
      "paddingMode",
      "stride",
    ]);
    const {
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      paddingMode = "zeros",
      generator,
      ...placement
    } = options;
    const layer = `Conv${dims}d`;
    this.inChannels = checkSize(layer, "inChannels", inChannels);
    this.outChannels = checkSize(layer, "outChannels", outChannels);
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    this.stride = spread(layer, "stride", stride, dims);
    this.padding = typeof padding === "string" ? padding : spread(layer, "padding", padding, dims, 0);
    this.dilation = spread(layer, "dilation", dilation, dims);
    this.groups = checkGroups(layer, groups, inChannels, outChannels);
    this.paddingMode = paddingMode;
    if (typeof padding === "string" && padding !== "same" && padding !== "valid") {
      throw new RangeError(`${layer}: padding "${padding}" is unknown; use numbers, "same" or "valid"`);
    }
    if (padding === "same" && this.stride.some((step) => step !== 1)) {
      throw new RangeError(`${layer}: padding "same" needs stride 1, got ${showSizes(this.stride)}`);
    }
    if (!modes.includes(paddingMode)) {
      throw new RangeError(
        `${layer}: paddingMode "${paddingMode}" is unknown; use ${modes.map((mode) => `"${mode}"`).join(", ")}`,
      );
    }
    this.weight = new Parameter(empty([outChannels, inChannels / groups, ...this.kernelSize], placement));
    this.bias = bias ? new Parameter(empty([outChannels], placement)) : null;
    this.resetParameters(generator);
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    drawWeights(this, generator);
  }

  protected convolve(convolution: Convolution, input: Tensor): Tensor {
    const dims = this.kernelSize.length;
    checkChannels(`Conv${dims}d`, input, dims, this.inChannels);
    return this.convolveWith(convolution, input, this.weight, this.bias);
  }

  /** The layer's convolution with another weight and bias, and with an activation. */
  convolveWith(
    convolution: Convolution,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | null,
    activation: "none" | "relu" = "none",
  ): Tensor {
    const { stride, dilation, groups } = this;
    if (this.paddingMode === "zeros") {
      return convolution(input, weight, { bias, stride, padding: this.padding, dilation, groups, activation });
    }
    if (hasHalfGradient(input)) {
      return inFloat32(
        [input, weight, bias],
        (x, weight, bias) => this.convolveWith(convolution, x, weight, bias, activation),
      );
    }
    const padded = pad(input, this.borders(), { mode: this.paddingMode });
    return convolution(padded, weight, { bias, stride, dilation, groups, activation });
  }

  /** Padding before and after, last dimension first, as `pad` takes it. */
  private borders(): number[] {
    const { padding, kernelSize, dilation } = this;
    return kernelSize.flatMap((size, d): number[] => {
      if (padding === "valid") return [0, 0];
      if (padding !== "same") return [padding[d]!, padding[d]!];
      const total = dilation[d]! * (size - 1);
      return [total - Math.floor(total / 2), Math.floor(total / 2)];
    }).reverse();
  }

  override extraRepr(): string {
    const dims = this.kernelSize.length;
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernelSize=${showSizes(this.kernelSize)}`,
      `stride=${showSizes(this.stride)}`,
    ];
    if (typeof this.padding === "string") parts.push(`padding=${this.padding}`);
    else if (this.padding.some((size) => size !== 0)) parts.push(`padding=${showSizes(this.padding)}`);
    if (showSizes(this.dilation) !== showSizes(Array(dims).fill(1))) parts.push(`dilation=${showSizes(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=false");
    if (this.paddingMode !== "zeros") parts.push(`paddingMode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

/** @throws RangeError unless the groups divide the channels. */
export function checkGroups(layer: string, groups: number, inChannels: number, outChannels: number): number {
  checkSize(layer, "groups", groups);
  if (inChannels % groups === 0 && outChannels % groups === 0) return groups;
  throw new RangeError(
    `${layer}: ${inChannels} input and ${outChannels} output channels cannot both be split into ${groups} groups`,
  );
}

const extents = ["L", "H, W", "D, H, W"];

/** @throws RangeError naming the shape expected, with or without a batch. */
export function checkChannels(layer: string, input: Tensor, dims: number, channels: number): void {
  const { shape, ndim } = input;
  if ((ndim === dims + 1 || ndim === dims + 2) && shape[ndim - dims - 1] === channels) return;
  const extent = extents[dims - 1];
  const count = channels === 0 ? "C" : channels; // A lazy layer does not know it yet.
  throw new RangeError(
    `${layer}: got an input of shape ${
      showSizes(shape)
    }; expected [N, ${count}, ${extent}] or, without a batch, [${count}, ${extent}]` +
      (ndim === dims + 1 && channels === 1 ? "; unsqueeze(1) adds a dimension for the one channel" : ""),
  );
}

/**
 * Convolution of `[N, C, L]`. PyTorch: `torch.nn.Conv1d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 */
export class Conv1d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return this.convolve(conv1d, input);
  }
}

/**
 * Convolution of `[N, C, H, W]` (or `[C, H, W]`). Weight and bias start evenly distributed within ±1/√(connections of a unit). PyTorch:
 * `torch.nn.Conv2d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 *
 * @example
 * ```ts
 * import { Conv2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new Conv2d(3, 16, 5, { padding: 2, stride: 2 }).forward(randn([1, 3, 32, 32])).shape; // [1, 16, 16, 16]
 * ```
 */
export class Conv2d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return this.convolve(conv2d, input);
  }
}

/**
 * Convolution of `[N, C, D, H, W]`. PyTorch: `torch.nn.Conv3d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 */
export class Conv3d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }

  forward(input: Tensor): Tensor {
    return this.convolve(conv3d, input);
  }
}

for (const [{ prototype }, convolution] of [[Conv1d, conv1d], [Conv2d, conv2d], [Conv3d, conv3d]] as const) {
  makeFoldable<ConvNd & { forward(input: Tensor): Tensor }>(
    prototype.forward,
    (layer, input, weight, bias, activation) => layer.convolveWith(convolution, input, weight, bias, activation),
  );
}

/** Transposed convolutions: the gradients of convolutions, as layers. */
import {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  empty,
  type Generator,
  type Tensor,
} from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkChannels, checkGroups } from "./conv.ts";
import { drawWeights } from "./initial_values.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSize, shown, showSizes, type Sizes, spread } from "./sizes.ts";

/** Options of the transposed convolutions. */
export interface ConvTransposeLayerOptions extends LayerOptions {
  /** By default 1. */
  readonly stride?: Sizes;
  /** Removed from both ends of the output; by default 0. */
  readonly padding?: Sizes;
  /** Added to one end of the output, to choose among the sizes that the stride allows; by default 0. */
  readonly outputPadding?: Sizes;
  /** By default 1. */
  readonly dilation?: Sizes;
  /** By default 1. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/** What the transposed convolutions share. */
export abstract class ConvTransposeNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  /** `[inChannels, outChannels / groups, …kernelSize]` */
  weight: Parameter;
  /** `[outChannels]` */
  bias: Parameter | null;

  protected constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeLayerOptions,
  ) {
    super();
    checkOptions(this.constructor.name, options, [
      "bias",
      "device",
      "dilation",
      "dtype",
      "generator",
      "groups",
      "outputPadding",
      "padding",
      "stride",
    ]);
    const {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      generator,
      ...placement
    } = options;
    const layer = `ConvTranspose${dims}d`;
    this.inChannels = checkSize(layer, "inChannels", inChannels);
    this.outChannels = checkSize(layer, "outChannels", outChannels);
    this.kernelSize = spread(layer, "kernelSize", kernelSize, dims);
    this.stride = spread(layer, "stride", stride, dims);
    this.padding = spread(layer, "padding", padding, dims, 0);
    this.outputPadding = spread(layer, "outputPadding", outputPadding, dims, 0);
    this.dilation = spread(layer, "dilation", dilation, dims);
    this.groups = checkGroups(layer, groups, inChannels, outChannels);
    this.weight = new Parameter(empty([inChannels, outChannels / groups, ...this.kernelSize], placement));
    this.bias = bias ? new Parameter(empty([outChannels], placement)) : null;
    this.resetParameters(generator);
  }

  /** Draws new initial values: as in PyTorch within ±1/√fanIn, with the second dimension of the weight as the inputs. */
  resetParameters(generator?: Generator): void {
    drawWeights(this, generator);
  }

  protected options(input: Tensor, outputSize: readonly number[] | null): ConvTransposeOptions {
    const { stride, padding, dilation, groups, bias } = this;
    const dims = this.kernelSize.length;
    checkChannels(`ConvTranspose${dims}d`, input, dims, this.inChannels);
    const outputPadding = outputSize === null ? this.outputPadding : this.paddingFor(input, outputSize);
    return { bias, stride, padding, outputPadding, dilation, groups };
  }

  /** What is added to one end of the output to make it of a given size: the last dimensions, or all. */
  private paddingFor(input: Tensor, outputSize: readonly number[]): number[] {
    const { kernelSize, stride, padding, dilation } = this;
    const dims = kernelSize.length;
    const layer = `ConvTranspose${dims}d`;
    if (!Array.isArray(outputSize)) {
      throw new TypeError(`${layer}: outputSize is ${shown(outputSize)}; expected an array of sizes`);
    }
    const sizes: readonly number[] = outputSize.slice(-dims);
    const least = kernelSize.map((k, d) =>
      (input.shape[input.ndim - dims + d]! - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (k - 1) + 1
    );
    const added = sizes.map((size, d) => size - least[d]!);
    if (added.length === dims && added.every((n, d) => Number.isInteger(n) && n >= 0 && n < stride[d]!)) return added;
    throw new RangeError(
      `${layer}: outputSize ${showSizes(sizes)} does not fit; expected sizes from ${showSizes(least)} to ${
        showSizes(least.map((size, d) => size + stride[d]! - 1))
      }`,
    );
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernelSize=${showSizes(this.kernelSize)}`,
      `stride=${showSizes(this.stride)}`,
    ];
    if (this.padding.some((size) => size !== 0)) parts.push(`padding=${showSizes(this.padding)}`);
    if (this.outputPadding.some((size) => size !== 0)) parts.push(`outputPadding=${showSizes(this.outputPadding)}`);
    if (this.dilation.some((size) => size !== 1)) parts.push(`dilation=${showSizes(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=false");
    return parts.join(", ");
  }
}

/**
 * Transposed convolution of `[N, C, L]`. PyTorch: `torch.nn.ConvTranspose1d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize the sizes that the output is to have, among those that the stride allows, in place of `outputPadding`: the last
   * dimensions, or all.
   * @throws RangeError for sizes that the stride does not allow.
   */
  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convTranspose1d(input, this.weight, this.options(input, outputSize));
  }
}

/**
 * Transposed convolution of `[N, C, H, W]` (or `[C, H, W]`), which enlarges by its stride. PyTorch: `torch.nn.ConvTranspose2d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 *
 * @example
 * ```ts
 * import { ConvTranspose2d } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new ConvTranspose2d(8, 3, 4, { stride: 2, padding: 1 }).forward(randn([1, 8, 7, 7])).shape; // [1, 3, 14, 14]
 * ```
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize the sizes that the output is to have, among those that the stride allows, in place of `outputPadding`: the last
   * dimensions, or all.
   * @throws RangeError for sizes that the stride does not allow.
   */
  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convTranspose2d(input, this.weight, this.options(input, outputSize));
  }
}

/**
 * Transposed convolution of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.ConvTranspose3d`.
 *
 * @throws RangeError from `forward` for another number of channels.
 */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }

  /**
   * @param outputSize the sizes that the output is to have, among those that the stride allows, in place of `outputPadding`: the last
   * dimensions, or all.
   * @throws RangeError for sizes that the stride does not allow.
   */
  forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return convTranspose3d(input, this.weight, this.options(input, outputSize));
  }
}

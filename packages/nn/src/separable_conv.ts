/** Convolutions in two cheap steps: each channel over space, then all channels at each position. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Conv2d, type ConvLayerOptions } from "./conv.ts";
import { Module } from "./module.ts";
import { checkSize, type Sizes } from "./sizes.ts";

/** Options of {@link DepthwiseSeparableConv2d}: those of a convolution, except groups. */
export interface SeparableConvOptions extends Omit<ConvLayerOptions, "groups"> {
  /** Spatial filters for each input channel; 1 by default. */
  readonly depthMultiplier?: number;
}

/**
 * A depthwise convolution (one filter for each channel) and a pointwise one (1 × 1): `[N, C, H, W]` → `[N, outChannels, H′, W′]` with C ·
 * k² + C · outChannels weights in place of C · outChannels · k². Chollet, "Xception" (2017); Keras: `SeparableConv2D`. The bias is the
 * pointwise one's; stride, padding and dilation are the depthwise one's. For norms and activations in between, as in MobileNet, put the
 * two into a sequence: see the second example.
 *
 * @throws RangeError from `forward` for another number of channels.
 *
 * @example
 * ```ts
 * import { BatchNorm2d, Conv2d, DepthwiseSeparableConv2d, ReLU, Sequential } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new DepthwiseSeparableConv2d(32, 64, 3, { padding: 1 }).forward(randn([1, 32, 8, 8])).shape; // [1, 64, 8, 8]
 *
 * const mobile = (from: number, to: number, stride: number) =>
 *   new Sequential(
 *     ...[new Conv2d(from, from, 3, { padding: 1, stride, groups: from, bias: false }), new BatchNorm2d(from), new ReLU()],
 *     ...[new Conv2d(from, to, 1, { bias: false }), new BatchNorm2d(to), new ReLU()],
 *   );
 * mobile(32, 64, 2).forward(randn([2, 32, 8, 8])).shape; // [2, 64, 4, 4]
 * ```
 */
export class DepthwiseSeparableConv2d extends Module {
  readonly depthwise: Conv2d;
  readonly pointwise: Conv2d;

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: SeparableConvOptions = {}) {
    checkOptions("DepthwiseSeparableConv2d", options, [
      "bias",
      "depthMultiplier",
      "device",
      "dilation",
      "dtype",
      "generator",
      "padding",
      "paddingMode",
      "stride",
    ]);
    super();
    const { depthMultiplier = 1, bias = true, ...rest } = options;
    const { dtype, device, generator } = rest;
    const between = inChannels * checkSize("DepthwiseSeparableConv2d", "depthMultiplier", depthMultiplier);
    this.depthwise = new Conv2d(inChannels, between, kernelSize, { ...rest, groups: inChannels, bias: false });
    this.pointwise = new Conv2d(between, outChannels, 1, { dtype, device, generator, bias });
  }

  forward(input: Tensor): Tensor {
    return this.pointwise.forward(this.depthwise.forward(input));
  }
}

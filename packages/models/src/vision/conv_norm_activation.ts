/** A convolution, a normalisation and an activation: the part of which convolutional networks are made. */
import type { Tensor } from "@heddle/tensor";
import { BatchNorm2d, Conv2d, type Layer, ReLU, Sequential } from "@heddle/nn";
import type { Building } from "./classifier_options.ts";

/** Options of {@link convNormActivation}. */
export interface ConvNormActivationOptions {
  readonly kernelSize?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** None by default. */
  readonly activation?: Layer;
}

/** A convolution that keeps the size of the image at stride 1, a normalisation, an activation. torchvision: `Conv2dNormActivation`. */
export function convNormActivation(
  { norm, placement }: Building,
  inChannels: number,
  outChannels: number,
  options: ConvNormActivationOptions = {},
): Sequential {
  const { kernelSize = 3, stride = 1, dilation = 1, groups = 1, activation } = options;
  const padding = Math.floor((kernelSize - 1) / 2) * dilation;
  const conv = new Conv2d(inChannels, outChannels, kernelSize, {
    stride,
    padding,
    dilation,
    groups,
    bias: false,
    ...placement,
  });
  return new Sequential<readonly Layer[]>(conv, norm(outChannels), ...(activation === undefined ? [] : [activation]));
}

/**
 * relu(norm(conv(x)) + residual): in one kernel, and in evaluation without gradients folded into the convolution, unless a hook is to see
 * what comes in between.
 */
export function convNormRelu(
  conv: Conv2d,
  norm: Layer,
  relu: ReLU,
  x: Tensor,
  residual: Tensor | null = null,
): Tensor {
  if (isPlain(norm, relu)) return norm.after(conv, x, { residual, activation: "relu" });
  const y = norm.forward(conv.forward(x));
  return relu.forward(residual === null ? y : y.add(residual));
}

/** relu(norm(x)), in one kernel unless a hook is to see what comes in between. */
export function normRelu(norm: Layer, relu: ReLU, x: Tensor): Tensor {
  return isPlain(norm, relu) ? norm.forward(x, { activation: "relu" }) : relu.forward(norm.forward(x));
}

/** Whether a batch normalisation can apply the ReLU after it: neither has hooks. */
function isPlain(norm: Layer, relu: ReLU): norm is BatchNorm2d {
  return norm instanceof BatchNorm2d && norm.forward === BatchNorm2d.prototype.forward &&
    relu.forward === ReLU.prototype.forward;
}

/** Squeeze and excitation. */
import type { Tensor } from "@heddle/tensor";
import { AdaptiveAvgPool2d, Conv2d, type Layer, type LayerOptions, Module, snakeCase } from "@heddle/nn";

/**
 * Scales each channel of `[N, C, H, W]` by a factor computed from the means of all channels: Hu et al., "Squeeze-and-excitation
 * networks" (2017). torchvision: `torchvision.ops.SqueezeExcitation`.
 */
export class SqueezeExcitation extends Module {
  readonly avgpool: AdaptiveAvgPool2d;
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  readonly activation: Layer;
  readonly scaleActivation: Layer;

  constructor(
    inputChannels: number,
    squeezeChannels: number,
    activation: Layer,
    scaleActivation: Layer,
    placement: LayerOptions,
  ) {
    super();
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.fc1 = new Conv2d(inputChannels, squeezeChannels, 1, placement);
    this.fc2 = new Conv2d(squeezeChannels, inputChannels, 1, placement);
    this.activation = activation;
    this.scaleActivation = scaleActivation;
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  forward(x: Tensor): Tensor {
    const squeezed = this.activation.forward(this.fc1.forward(this.avgpool.forward(x)));
    return this.scaleActivation.forward(this.fc2.forward(squeezed)).mul(x);
  }
}

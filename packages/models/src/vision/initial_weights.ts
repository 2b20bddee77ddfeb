/** torchvision's initial values of convolutional networks. */
import type { Generator } from "@heddle/tensor";
import { Conv2d, init, Linear, type Module } from "@heddle/nn";

/** Options of {@link initialWeights}. */
export interface InitialWeightsOptions {
  /** Which connections count for the weights of convolutions; "fanOut" by default. */
  readonly mode?: "fanIn" | "fanOut";
  /** Draws the weight of a linear layer. By default all of the layer stays as it was made. */
  readonly linear?: (layer: Linear) => void;
}

/**
 * Draws the weights of the convolutions of a network as {@link init.kaimingNormal_} does, and those of its linear layers as the options say.
 * Their biases become zero.
 */
export function initialWeights(
  model: Module,
  generator: Generator | undefined,
  { mode = "fanOut", linear }: InitialWeightsOptions = {},
): void {
  for (const module of model.modules()) {
    if (module instanceof Conv2d) {
      init.kaimingNormal_(module.weight, { mode, nonlinearity: "relu", generator });
    } else if (module instanceof Linear && linear !== undefined) linear(module);
    else continue;
    if (module.bias !== null) init.zeros_(module.bias);
  }
}

/** Normal with standard deviation 0.01. */
export function smallNormal(generator: Generator | undefined): (layer: Linear) => void {
  return ({ weight }) => void init.normal_(weight, 0, 0.01, { generator });
}

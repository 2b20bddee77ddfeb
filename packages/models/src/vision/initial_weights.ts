/** torchvision's initial values of convolutional networks. */
import type { Generator } from "@heddle/tensor";
import { Conv2d, init, Linear, type Module } from "@heddle/nn";

/**
 * Draws the weights of the convolutions of a network by their fan out, as {@link init.kaimingNormal_} does, and, given `linear`, those of
 * the linear layers by that function. Their biases become zero.
 */
export function initialWeights(
  model: Module,
  generator: Generator | undefined,
  linear: ((layer: Linear) => void) | null = null,
): void {
  for (const module of model.modules()) {
    if (module instanceof Conv2d) {
      init.kaimingNormal_(module.weight, { mode: "fanOut", nonlinearity: "relu", generator });
    } else if (module instanceof Linear && linear !== null) linear(module);
    else continue;
    if (module.bias !== null) init.zeros_(module.bias);
  }
}

/** Normal with standard deviation 0.01. */
export function smallNormal(generator: Generator | undefined): (layer: Linear) => void {
  return ({ weight }) => void init.normal_(weight, 0, 0.01, { generator });
}

/** The activation between the two layers of a feed-forward network. */
import type { Tensor } from "@heddle/tensor";
import { gelu } from "../functional/activation.ts";
import { linear } from "../functional/linear.ts";
import { Linear } from "../linear.ts";

/** A name, or any function of a tensor. */
export type FeedForwardActivation = "relu" | "gelu" | ((x: Tensor) => Tensor);

/** @throws TypeError for an unknown name. */
export function checkActivation(layer: string, activation: FeedForwardActivation): FeedForwardActivation {
  if (activation === "relu" || activation === "gelu" || typeof activation === "function") return activation;
  throw new TypeError(
    `${layer}: unknown activation "${String(activation)}"; use "relu", "gelu", or a function of a tensor`,
  );
}

/** A linear layer and the activation after it. One with hooks, or a forward of its own, is called as a module. */
export function activated(layer: Linear, x: Tensor, activation: FeedForwardActivation): Tensor {
  if (activation === "relu" && layer.forward === Linear.prototype.forward) {
    return linear(x, layer.weight, layer.bias, { activation });
  }
  const y = layer.forward(x);
  if (activation === "relu") return y.relu();
  return activation === "gelu" ? gelu(y) : activation(y);
}

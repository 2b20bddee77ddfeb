/** Losses that hold weights. */
import type { Tensor } from "@heddle/tensor";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { snakeCase } from "./state_dict.ts";

/**
 * The base of losses with weights. The weights are buffers, which `to` moves and state dicts hold under PyTorch's names. They share the
 * memory of the given tensor.
 */
export abstract class WeightedLoss extends Module {
  /** A weight for each class or element, depending on the loss; null for none. */
  weight: Tensor | null;

  constructor(weight: Tensor | null | undefined) {
    super();
    this.weight = null;
    this.hold("weight", weight);
  }

  /** Adds a given weight to the state: a parameter stays one, and gradients flow to a tensor that requires them. */
  protected hold(name: string, weight: Tensor | null | undefined): void {
    if (!weight) return;
    if (weight instanceof Parameter) (this as unknown as Record<string, Tensor>)[name] = weight;
    else this.registerBuffer(name, weight.requiresGrad ? weight : weight.detach());
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }
}

import type { Module } from "@heddle/nn";

/** Frees the parameters and buffers of a model at once. */
export function freeModel(model: Module): void {
  model.zeroGrad();
  for (const tensor of [...model.parameters(), ...model.buffers()]) tensor.dispose();
}

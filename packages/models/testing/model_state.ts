import type { Module } from "@heddle/nn";
import { tidy } from "@heddle/tensor";

/** Makes a model of which {@link freeModel} frees everything: parameters share their memory with the tensors they are made of. */
export function makeModel<M extends Module>(make: () => M): M {
  return tidy(make);
}

/** Frees the parameters and buffers of a model at once. */
export function freeModel(model: Module): void {
  model.zeroGrad();
  for (const tensor of [...model.parameters(), ...model.buffers()]) tensor.dispose();
}

/** Lines `name dtype [shape]` of the state dict. */
export function describeState(model: Module): string[] {
  return tidy(() =>
    Object.entries(model.stateDict()).map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join(", ")}]`)
  );
}

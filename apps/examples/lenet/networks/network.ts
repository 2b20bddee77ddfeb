import type { Module } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** One row of the table of layers. */
export interface Layer {
  name: string;
  does: string;
  /** What comes out of it for one image, such as `6@28×28`. */
  output: string;
  /** Where its parameters are; a layer without any has none. */
  module?: Module;
}

/** A classifier of 28×28 digits: [n, 1, 28, 28], 0 for paper and 1 for ink, to logits [n, 10]. */
export interface DigitNetwork extends Module {
  /** Its layers from the image to the digit. */
  readonly layers: readonly Layer[];
  forward(images: Tensor): Tensor;
}

/** How many trainable numbers a module has. */
export function parameterCount(module: Module): number {
  let count = 0;
  for (const parameter of module.parameters()) count += parameter.numel;
  return count;
}

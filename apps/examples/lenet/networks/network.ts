import type { Module } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** One row of the table of layers. */
export interface Layer {
  name: string;
  does: string;
  /** The size of its output for one image, such as `6@28×28`. */
  output: string;
  /** The module with its parameters, if it has any. */
  module?: Module;
}

/** A classifier of 28×28 digits: maps [n, 1, 28, 28], 0 for paper and 1 for ink, to logits [n, 10]. */
export interface DigitNetwork extends Module {
  /** Its layers from the image to the logits. */
  readonly layers: readonly Layer[];
  forward(images: Tensor): Tensor;
}

/** What operators take and return. */
import type { Tensor } from "@heddle/tensor";

/** What flows along the edges of a graph: a tensor, a sequence, or nothing (an empty optional). */
export type Value = Tensor | readonly Value[] | null;

/** The value of a node's attribute, where it has one. Tensors are on the host. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | Subgraph;

/** The outputs of an operator that may have several. */
export class Outputs {
  readonly values: readonly Value[];
  constructor(values: readonly Value[]) {
    this.values = values;
  }
}

/** A graph that is an attribute of a node, such as the body of a loop. */
export interface Subgraph {
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly string[];
  readonly nodes: readonly unknown[];
}

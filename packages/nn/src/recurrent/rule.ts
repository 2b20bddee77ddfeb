/** What tells one kind of recurrent network from another: its equations for one step. */
import type { Tensor } from "@heddle/tensor";

/** Parameters of one layer in one direction. */
export interface RecurrentWeights {
  /** `[gates · hiddenSize, inputSize]` */
  readonly weightIh: Tensor;
  /** `[gates · hiddenSize, hiddenSize]`; the last is the size of the projection where there is one. */
  readonly weightHh: Tensor;
  /** `[gates · hiddenSize]` */
  readonly biasIh: Tensor | null;
  /** `[gates · hiddenSize]` */
  readonly biasHh: Tensor | null;
  /** `[projSize, hiddenSize]`, in an LSTM that has projections. */
  readonly weightHr: Tensor | null;
}

/** The equations of a kind of recurrent network. */
export interface RecurrentRule {
  /** Blocks of hiddenSize rows in the weights. */
  readonly gates: number;
  /** Tensors that make up the state: the hidden state, and with 2 the cell's. */
  readonly states: 1 | 2;
  /**
   * The next state from this one, `[N, hiddenSize]` each, and from what the two weights and biases make of the input and of the hidden
   * state, `[N, gates · hiddenSize]` each.
   */
  step(fromInput: Tensor, fromHidden: Tensor, states: readonly Tensor[]): readonly Tensor[];
}

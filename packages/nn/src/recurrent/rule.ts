/** The equations of one step, which define a kind of recurrent network. */
import type { Elementwise, Symbolic, Tensor } from "@heddle/tensor";
import { widened } from "@heddle/tensor/engine";

/** Parameters of one layer in one direction. */
export interface RecurrentWeights {
  /** `[gates · hiddenSize, inputSize]` */
  readonly weightIh: Tensor;
  /** `[gates · hiddenSize, hiddenSize]`; with a projection, the last is its size. */
  readonly weightHh: Tensor;
  /** `[gates · hiddenSize]` */
  readonly biasIh: Tensor | null;
  /** `[gates · hiddenSize]` */
  readonly biasHh: Tensor | null;
  /** `[projSize, hiddenSize]`, in an LSTM that has projections. */
  readonly weightHr: Tensor | null;
}

/** The parameters in float32 where they are float16. */
export function widenedWeights({ weightIh, weightHh, biasIh, biasHh, weightHr }: RecurrentWeights): RecurrentWeights {
  return {
    weightIh: widened(weightIh),
    weightHh: widened(weightHh),
    biasIh: widened(biasIh),
    biasHh: widened(biasHh),
    weightHr: widened(weightHr),
  };
}

/** The result of a step. */
export interface RecurrentStep<X> {
  /** The new state. */
  readonly next: readonly X[];
  /** The values kept for the gradient, besides the states before and after. */
  readonly kept: readonly X[];
}

/** The inputs of a step's gradient. */
export interface StepValues {
  /** The gradients of the state after it. */
  readonly gradients: readonly Symbolic[];
  readonly kept: readonly Symbolic[];
  readonly before: readonly Symbolic[];
  readonly after: readonly Symbolic[];
}

/** The gradients of a step's inputs. */
export interface StepGradients {
  /** By gate, of the part from the input. */
  readonly fromInput: readonly Symbolic[];
  /** By gate, of the part from the hidden state; empty where both are the same. */
  readonly fromHidden: readonly Symbolic[];
  /** Of the old state, without the part through the weights; null for none. */
  readonly before: readonly (Symbolic | null)[];
}

/**
 * The equations of a kind of recurrent network. `step` is their only form: on tensors it gives the network of single operations, on
 * symbols a fused kernel, whose gradient is `gradient`.
 */
export interface RecurrentRule {
  readonly name: string;
  /** Blocks of hiddenSize rows in the weights. */
  readonly gates: number;
  /** By block, the number of its gate in the layer's own order; that order if missing. */
  readonly order?: readonly number[];
  /** Number of tensors in the state: 1 for the hidden state, 2 with a cell state. */
  readonly states: 1 | 2;
  /** Length of `kept`. */
  readonly kept: number;
  /** Whether `step` gets the sums of both parts as `fromInput`, and nothing as `fromHidden`. */
  readonly summed: boolean;
  /** By state, whether its gradient partly bypasses the weights. */
  readonly passes: readonly boolean[];
  step<X extends Elementwise<X>>(
    fromInput: readonly X[],
    fromHidden: readonly X[],
    states: readonly X[],
  ): RecurrentStep<X>;
  gradient(values: StepValues): StepGradients;
}

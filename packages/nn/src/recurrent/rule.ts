/** What tells one kind of recurrent network from another: its equations for one step. */
import { type Symbolic, type Tensor } from "@heddle/tensor";
import { widened } from "@heddle/tensor/engine";

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

/** What equations are made of: a tensor's operations that a fused expression has, too. */
export interface Elementwise<X> {
  add(other: X): X;
  sub(other: X): X;
  mul(other: X): X;
  tanh(): X;
  sigmoid(): X;
  relu(): X;
}

/** What a step makes. */
export interface RecurrentStep<X> {
  /** The state after it. */
  readonly next: readonly X[];
  /** What its gradient is made from, beside the states before and after. */
  readonly kept: readonly X[];
}

/** What the gradient of a step is made from. */
export interface StepValues {
  /** The gradients of the state after it. */
  readonly gradients: readonly Symbolic[];
  readonly kept: readonly Symbolic[];
  readonly before: readonly Symbolic[];
  readonly after: readonly Symbolic[];
}

/** The gradients of what goes into a step. */
export interface StepGradients {
  /** By gate, of what comes from the input. */
  readonly fromInput: readonly Symbolic[];
  /** By gate, of what comes from the hidden state; empty where both are the same. */
  readonly fromHidden: readonly Symbolic[];
  /** Of the state before, but for what goes through the weights: null for none. */
  readonly before: readonly (Symbolic | null)[];
}

/**
 * The equations of a kind of recurrent network. `step` is their only form: run on tensors it is the network made of single operations,
 * on symbols a fused kernel, whose gradient is `gradient`.
 */
export interface RecurrentRule {
  readonly name: string;
  /** Blocks of hiddenSize rows in the weights. */
  readonly gates: number;
  /** Tensors that make up the state: the hidden state, and with 2 the cell's. */
  readonly states: 1 | 2;
  /** Length of `kept`. */
  readonly kept: number;
  /** Whether `step` gets the sums of what comes from the input and from the hidden state as `fromInput`, and nothing as `fromHidden`. */
  readonly summed: boolean;
  /** By state, whether its gradient has a part that does not go through the weights. */
  readonly passes: readonly boolean[];
  step<X extends Elementwise<X>>(
    fromInput: readonly X[],
    fromHidden: readonly X[],
    states: readonly X[],
  ): RecurrentStep<X>;
  gradient(values: StepValues): StepGradients;
}

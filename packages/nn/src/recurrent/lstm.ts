/** Long short-term memory. */
import type { Tensor } from "@heddle/tensor";
import { RecurrentCell, type RecurrentCellOptions } from "./cell.ts";
import { type RecurrentForwardOptions, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import type { RecurrentRule } from "./rule.ts";

/** Input gate, forget gate, candidate, output gate, in this order in the weights. */
const lstm: RecurrentRule = {
  gates: 4,
  states: 2,
  step(fromInput, fromHidden, [, c]) {
    const [i, f, g, o] = fromInput.add(fromHidden).chunk(4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const next = f.sigmoid().mul(c!).add(i.sigmoid().mul(g.tanh()));
    return [o.sigmoid().mul(next.tanh()), next];
  },
};

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** With a number above 0 the hidden state is projected to that size after each step; the cell's is not. */
  readonly projSize?: number;
}

/** Hidden state and cell state. */
export type LSTMState = [h: Tensor, c: Tensor];

/**
 * Long short-term memory over sequences: Hochreiter & Schmidhuber, "Long short-term memory" (1997), with forget gates. PyTorch:
 * `torch.nn.LSTM`.
 *
 * - i, f, o = σ(W_i· x + b_i· + W_h· h + b_h·) with weights of their own each, g likewise with tanh,
 * - c′ = f ∘ c + i ∘ g, h′ = o ∘ tanh(c′), with `projSize` h′ = W_hr (o ∘ tanh(c′)).
 *
 * Inputs, outputs and `lengths` are those of {@link GRU}.
 *
 * @throws RangeError from `forward` for other shapes, or lengths that are not from 1 to T. TypeError for another dtype.
 *
 * @example
 * ```ts
 * import { LSTM } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const lstm = new LSTM(8, 16, { batchFirst: true });
 * const [output, [hN, cN]] = lstm.forward(randn([3, 5, 8]));
 * output.shape; // [3, 5, 16]
 * cN.shape; // [1, 3, 16]
 * ```
 */
export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(inputSize, hiddenSize, lstm.gates, options);
  }

  protected get rule(): RecurrentRule {
    return lstm;
  }

  /** `state`: what to begin with, `[layers · directions, N, size]` each, zeros if it is left out. */
  forward(
    input: Tensor,
    state: readonly [h0: Tensor, c0: Tensor] | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, state: LSTMState] {
    const { output, states } = this.run(input, state, options);
    return [output, states as LSTMState];
  }
}

/**
 * One step of an {@link LSTM}: `[N, inputSize]` and a state `[h, c]` of `[N, hiddenSize]` each (or all without N) give the next state.
 * PyTorch: `torch.nn.LSTMCell`.
 *
 * @example
 * ```ts
 * import { LSTMCell } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const cell = new LSTMCell(8, 16);
 * const [h, c] = cell.forward(randn([3, 8]));
 * cell.forward(randn([3, 8]), [h, c])[0].shape; // [3, 16]
 * ```
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(inputSize, hiddenSize, lstm.gates, options);
  }

  protected get rule(): RecurrentRule {
    return lstm;
  }

  forward(input: Tensor, state: readonly [h: Tensor, c: Tensor] | null = null): LSTMState {
    return this.run(input, state) as unknown as LSTMState;
  }
}

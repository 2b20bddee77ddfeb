/** Long short-term memory. */
import { type Symbolic, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { RecurrentCell, type RecurrentCellOptions } from "./cell.ts";
import { type RecurrentForwardOptions, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import type { RecurrentRule } from "./rule.ts";

/** Input gate, forget gate, candidate, output gate, in this order in the weights. */
export const lstm: RecurrentRule = {
  name: "LSTM",
  gates: 4,
  states: 2,
  kept: 4,
  summed: true,
  passes: [false, true],
  step([ai, af, ag, ao], _, [, c]) {
    const [i, f, g, o] = [ai!.sigmoid(), af!.sigmoid(), ag!.tanh(), ao!.sigmoid()];
    const next = f.mul(c!).add(i.mul(g));
    return { next: [o.mul(next.tanh()), next], kept: [i, f, g, o] };
  },
  gradient({ gradients: [dh, dcNext], kept: [i, f, g, o], before: [, c], after: [, next] }) {
    const t = next!.tanh();
    const dt = dh!.mul(o!);
    const dc = dcNext!.add(dt.sub(dt.mul(t.square())));
    const gate = (d: Symbolic, y: Symbolic): Symbolic => d.mul(y.sub(y.square()));
    const dg = dc.mul(i!);
    return {
      fromInput: [gate(dc.mul(g!), i!), gate(dc.mul(c!), f!), dg.sub(dg.mul(g!.square())), gate(dh!.mul(t), o!)],
      fromHidden: [],
      before: [null, dc.mul(f!)],
    };
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
 * - i, f, o = σ(W_i· x + b_i· + W_h· h + b_h·) each with its own weights, g in the same way with tanh,
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
    checkOptions("LSTM", options, [
      "batchFirst",
      "bias",
      "bidirectional",
      "device",
      "dropout",
      "dtype",
      "generator",
      "numLayers",
      "projSize",
    ]);
    super(inputSize, hiddenSize, lstm.gates, options);
  }

  protected get rule(): RecurrentRule {
    return lstm;
  }

  /** `state`: the initial hidden and cell state, `[layers · directions, N, size]` each; zeros by default. */
  forward(
    input: Tensor,
    state: readonly [h0: Tensor, c0: Tensor] | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, state: LSTMState] {
    checkOptions("LSTM.forward", options, ["lengths"]);
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
    checkOptions("LSTMCell", options, ["bias", "device", "dtype", "generator"]);
    super(inputSize, hiddenSize, lstm.gates, options);
  }

  protected get rule(): RecurrentRule {
    return lstm;
  }

  forward(input: Tensor, state: readonly [h: Tensor, c: Tensor] | null = null): LSTMState {
    return this.run(input, state) as unknown as LSTMState;
  }
}

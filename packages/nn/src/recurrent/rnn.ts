/** Plain recurrent networks. */
import { type Tensor, whereSymbolic } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { RecurrentCell, type RecurrentCellOptions } from "./cell.ts";
import { type RecurrentForwardOptions, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import type { RecurrentRule } from "./rule.ts";

/** The nonlinearity after the sum of the two products. */
export type RecurrentNonlinearity = "tanh" | "relu";

const plain = { gates: 1, states: 1, kept: 0, summed: true, passes: [false] } as const;

/** By nonlinearity. */
export const rules: Readonly<Record<RecurrentNonlinearity, RecurrentRule>> = {
  tanh: {
    ...plain,
    name: "RNN",
    step: ([sum]) => ({ next: [sum!.tanh()], kept: [] }),
    gradient: ({ gradients: [dh], after: [h] }) => ({
      fromInput: [dh!.sub(dh!.mul(h!.square()))],
      fromHidden: [],
      before: [null],
    }),
  },
  relu: {
    ...plain,
    name: "RNN with ReLU",
    step: ([sum]) => ({ next: [sum!.relu()], kept: [] }),
    gradient: ({ gradients: [dh], after: [h] }) => ({
      fromInput: [whereSymbolic(h!.gt(0), dh!, 0)],
      fromHidden: [],
      before: [null],
    }),
  },
};

function checkNonlinearity(layer: string, nonlinearity: string): void {
  if (Object.hasOwn(rules, nonlinearity)) return;
  throw new TypeError(`${layer}: nonlinearity is ${JSON.stringify(nonlinearity)}; use "tanh" or "relu"`);
}

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** "tanh" by default, or "relu". */
  readonly nonlinearity?: RecurrentNonlinearity;
}

/**
 * The plain recurrent network of Elman, "Finding structure in time" (1990): h′ = tanh(W_ih x + b_ih + W_hh h + b_hh). Inputs, outputs and
 * `lengths` are those of {@link GRU}. PyTorch: `torch.nn.RNN`.
 *
 * @throws RangeError from `forward` for other shapes, or lengths that are not from 1 to T. TypeError for another dtype.
 *
 * @example
 * ```ts
 * import { RNN } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const rnn = new RNN(8, 16, { nonlinearity: "relu" });
 * const [output, hN] = rnn.forward(randn([5, 3, 8]));
 * output.at(-1).equal(hN.at(0)); // true
 * ```
 */
export class RNN extends RecurrentLayer {
  readonly nonlinearity: RecurrentNonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    checkOptions("RNN", options, [
      "batchFirst",
      "bias",
      "bidirectional",
      "device",
      "dropout",
      "dtype",
      "generator",
      "nonlinearity",
      "numLayers",
    ]);
    super(inputSize, hiddenSize, 1, options);
    this.nonlinearity = options.nonlinearity ?? "tanh";
    checkNonlinearity("RNN", this.nonlinearity);
  }

  protected get rule(): RecurrentRule {
    return rules[this.nonlinearity];
  }

  /** `h0`: the initial state, `[layers · directions, N, hiddenSize]`; zeros by default. */
  forward(
    input: Tensor,
    h0: Tensor | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, hN: Tensor] {
    checkOptions("RNN.forward", options, ["lengths"]);
    const { output, states } = this.run(input, h0 && [h0], options);
    return [output, states[0]!];
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`);
  }
}

/** Options of {@link RNNCell}. */
export interface RNNCellOptions extends RecurrentCellOptions {
  /** "tanh" by default, or "relu". */
  readonly nonlinearity?: RecurrentNonlinearity;
}

/**
 * One step of an {@link RNN}: `[N, inputSize]` and a state `[N, hiddenSize]` (or both without N) give the next state. PyTorch:
 * `torch.nn.RNNCell`.
 *
 * @example
 * ```ts
 * import { RNNCell } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new RNNCell(8, 16).forward(randn([3, 8])).shape; // [3, 16]
 * ```
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: RecurrentNonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    checkOptions("RNNCell", options, ["bias", "device", "dtype", "generator", "nonlinearity"]);
    super(inputSize, hiddenSize, 1, options);
    this.nonlinearity = options.nonlinearity ?? "tanh";
    checkNonlinearity("RNNCell", this.nonlinearity);
  }

  protected get rule(): RecurrentRule {
    return rules[this.nonlinearity];
  }

  forward(input: Tensor, h: Tensor | null = null): Tensor {
    return this.run(input, h && [h])[0]!;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`);
  }
}

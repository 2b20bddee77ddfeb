/** Gated recurrent units. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { RecurrentCell, type RecurrentCellOptions } from "./cell.ts";
import { type RecurrentForwardOptions, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import type { RecurrentRule } from "./rule.ts";

/** Reset gate, update gate, candidate, in this order in the weights. */
export const gru: RecurrentRule = {
  name: "GRU",
  gates: 3,
  states: 1,
  kept: 4,
  summed: false,
  passes: [true],
  step([ir, iz, inew], [hr, hz, hnew], [h]) {
    const [r, z] = [ir!.add(hr!).sigmoid(), iz!.add(hz!).sigmoid()];
    const n = inew!.add(r.mul(hnew!)).tanh();
    return { next: [n.add(z.mul(h!.sub(n)))], kept: [r, z, n, hnew!] };
  },
  gradient({ gradients: [dh], kept: [r, z, n, hnew], before: [h] }) {
    const dn = dh!.sub(dh!.mul(z!));
    const dnew = dn.sub(dn.mul(n!.square()));
    const dhnew = dnew.mul(r!);
    const dr = dhnew.sub(dhnew.mul(r!)).mul(hnew!);
    const dz = dh!.mul(h!.sub(n!)).mul(z!.sub(z!.square()));
    return { fromInput: [dr, dz, dnew], fromHidden: [dr, dz, dhnew], before: [dh!.mul(z!)] };
  },
};

/**
 * Gated recurrent units over sequences: Cho et al., "Learning phrase representations using RNN encoder–decoder" (2014), with the reset
 * gate after the product, as in PyTorch (`torch.nn.GRU`):
 *
 * - r = σ(W_ir x + b_ir + W_hr h + b_hr), z = σ(W_iz x + b_iz + W_hz h + b_hz),
 * - n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn)), h′ = (1 − z) ∘ n + z ∘ h.
 *
 * Inputs are `[T, N, inputSize]`, with `batchFirst` `[N, T, inputSize]`, or `[T, inputSize]` without a batch. For sequences shorter than
 * the input, given by `lengths`, the outputs after the end are zero, the last state is that of the last element, and the reverse
 * direction starts there, as with PyTorch's `pack_padded_sequence`.
 *
 * @throws RangeError from `forward` for other shapes, or lengths that are not from 1 to T. TypeError for another dtype.
 *
 * @example
 * ```ts
 * import { GRU } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const gru = new GRU(8, 16, { numLayers: 2, bidirectional: true });
 * const [output, hN] = gru.forward(randn([5, 3, 8]), null, { lengths: [5, 2, 4] });
 * output.shape; // [5, 3, 32]
 * hN.shape; // [4, 3, 16]: layers · directions, N, hiddenSize
 * ```
 */
export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    checkOptions("GRU", options, [
      "batchFirst",
      "bias",
      "bidirectional",
      "device",
      "dropout",
      "dtype",
      "generator",
      "numLayers",
    ]);
    super(inputSize, hiddenSize, gru.gates, options);
  }

  protected get rule(): RecurrentRule {
    return gru;
  }

  /** `h0`: the initial state, `[layers · directions, N, hiddenSize]`; zeros by default. */
  forward(
    input: Tensor,
    h0: Tensor | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, hN: Tensor] {
    checkOptions("GRU.forward", options, ["lengths"]);
    const { output, states } = this.run(input, h0 && [h0], options);
    return [output, states[0]!];
  }
}

/**
 * One step of a {@link GRU}: `[N, inputSize]` and a state `[N, hiddenSize]` (or both without N) give the next state. PyTorch:
 * `torch.nn.GRUCell`.
 *
 * @example
 * ```ts
 * import { GRUCell } from "@heddle/nn";
 * import { randn, type Tensor } from "@heddle/tensor";
 * const cell = new GRUCell(8, 16);
 * let h: Tensor | null = null;
 * for (const x of randn([5, 3, 8]).unbind(0)) h = cell.forward(x, h);
 * h!.shape; // [3, 16]
 * ```
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    checkOptions("GRUCell", options, ["bias", "device", "dtype", "generator"]);
    super(inputSize, hiddenSize, gru.gates, options);
  }

  protected get rule(): RecurrentRule {
    return gru;
  }

  forward(input: Tensor, h: Tensor | null = null): Tensor {
    return this.run(input, h && [h])[0]!;
  }
}

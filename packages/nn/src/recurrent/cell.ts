/** What the cells share: one step of one layer. */
import { empty, type Tensor, zeros } from "@heddle/tensor";
import { widened } from "@heddle/tensor/engine";
import type { LayerOptions } from "../layer_options.ts";
import { Parameter } from "../parameter.ts";
import { showSizes } from "../sizes.ts";
import { widenedWeights } from "./rule.ts";
import { Recurrent } from "./recurrent.ts";
import { recurrentSequence } from "./sequence.ts";

/** Options of the recurrent cells. */
export interface RecurrentCellOptions extends LayerOptions {
  /** Whether the weights have biases; true by default. */
  readonly bias?: boolean;
}

/** Base class of the recurrent cells. PyTorch: `torch.nn.RNNCellBase`. */
export abstract class RecurrentCell extends Recurrent {
  /** `[gates · hiddenSize, inputSize]` */
  weightIh: Parameter;
  /** `[gates · hiddenSize, hiddenSize]` */
  weightHh: Parameter;
  /** `[gates · hiddenSize]` */
  biasIh: Parameter | null;
  /** `[gates · hiddenSize]` */
  biasHh: Parameter | null;

  constructor(inputSize: number, hiddenSize: number, gates: number, options: RecurrentCellOptions) {
    super(inputSize, hiddenSize);
    const { bias = true, generator, dtype, device } = options;
    const placement = { dtype, device };
    this.weightIh = new Parameter(empty([gates * hiddenSize, inputSize], placement));
    this.weightHh = new Parameter(empty([gates * hiddenSize, hiddenSize], placement));
    this.biasIh = bias ? new Parameter(empty([gates * hiddenSize], placement)) : null;
    this.biasHh = bias ? new Parameter(empty([gates * hiddenSize], placement)) : null;
    this.resetParameters(generator);
  }

  /** The next state; `given` is the one before, zeros if null. */
  protected run(input: Tensor, given: readonly Tensor[] | null): readonly Tensor[] {
    const { inputSize, hiddenSize, weightIh, weightHh, biasIh, biasHh } = this;
    const name = this.constructor.name;
    const batched = input.ndim === 2;
    if ((!batched && input.ndim !== 1) || input.shape.at(-1) !== inputSize) {
      throw new RangeError(
        `${name}: got an input of shape ${
          showSizes(input.shape)
        }; expected [N, ${inputSize}], or [${inputSize}] without a batch`,
      );
    }
    if (input.dtype !== weightIh.dtype) {
      throw new TypeError(
        `${name}: the input is ${input.dtype}, the weights are ${weightIh.dtype}; cast it with .to("${weightIh.dtype}")`,
      );
    }
    const shape = [...input.shape.slice(0, -1), hiddenSize];
    const { dtype, device } = input;
    const before = given ?? Array.from({ length: this.rule.states }, () => zeros(shape, { dtype, device }));
    before.forEach((state, s) => {
      if (state.ndim === shape.length && state.shape.every((size, d) => size === shape[d]) && state.dtype === dtype) {
        return;
      }
      throw new RangeError(
        `${name}: ${"hc"[s]} is ${state.dtype} of shape ${showSizes(state.shape)}; expected ${dtype} of shape ${
          showSizes(shape)
        }`,
      );
    });
    const { states } = recurrentSequence(this.rule, {
      input: widened(batched ? input.unsqueeze(0) : input.reshape(1, 1, inputSize)),
      states: before.map((state) => widened(batched ? state : state.unsqueeze(0))),
      weights: widenedWeights({ weightIh, weightHh, biasIh, biasHh, weightHr: null }),
      mask: null,
      reverse: false,
    });
    return states.map((state) => (batched ? state : state.squeeze(0)).to(dtype));
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh === null ? ", bias=false" : ""}`;
  }
}

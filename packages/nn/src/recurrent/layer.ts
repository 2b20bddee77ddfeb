/** What the recurrent layers share. */
import { cat, empty, stack, Tensor, where, zeros, zerosLike } from "@heddle/tensor";
import { widened } from "@heddle/tensor/engine";
import { checkProbability, dropout } from "../functional/dropout.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Parameter } from "../parameter.ts";
import { checkSize, mostLayers, showSizes } from "../sizes.ts";
import { checkLengths, type Lengths, stepMask } from "./lengths.ts";
import { type RecurrentWeights, widenedWeights } from "./rule.ts";
import { Recurrent } from "./recurrent.ts";
import { recurrentSequence } from "./sequence.ts";

/** Options of the recurrent layers. */
export interface RecurrentOptions extends LayerOptions {
  /** Number of stacked layers; 1 by default. */
  readonly numLayers?: number;
  /** Whether the weights have biases; true by default. */
  readonly bias?: boolean;
  /** Whether inputs and outputs are `[N, T, …]` rather than `[T, N, …]`; false by default. States are `[…, N, hiddenSize]` always. */
  readonly batchFirst?: boolean;
  /** Dropout probability of the outputs between layers, in training; 0 by default. */
  readonly dropout?: number;
  /** Whether a second set of weights runs over each sequence in reverse; false by default. */
  readonly bidirectional?: boolean;
}

/** Options of the `forward` of recurrent layers. */
export interface RecurrentForwardOptions {
  /** The length of each sequence, `[N]`; by default all elements count. With an array no tensor has to be read from the device. */
  readonly lengths?: Lengths;
}

/** Base class of the recurrent layers. PyTorch: `torch.nn.RNNBase`. */
export abstract class RecurrentLayer extends Recurrent {
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  /** See {@link RecurrentOptions}. */
  dropout: number;
  readonly bidirectional: boolean;
  /** Size of the projected hidden state; 0 without a projection. */
  readonly projSize: number;

  constructor(
    inputSize: number,
    hiddenSize: number,
    gates: number,
    options: RecurrentOptions & { readonly projSize?: number },
  ) {
    super(inputSize, hiddenSize);
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false, projSize = 0 } =
      options;
    const name = this.constructor.name;
    this.numLayers = checkSize(name, "numLayers", numLayers, 1, mostLayers);
    checkProbability(`${name}: dropout`, dropout);
    if (checkSize(name, "projSize", projSize, 0) >= hiddenSize) {
      throw new RangeError(`${name}: projSize is ${projSize}; expected less than hiddenSize, which is ${hiddenSize}`);
    }
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    this.projSize = projSize;
    const { dtype, device, generator } = options;
    const parameter = (...shape: number[]): Parameter => new Parameter(empty(shape, { dtype, device }));
    const own = this as Record<string, unknown>;
    const outputSize = projSize || hiddenSize;
    for (let layer = 0; layer < numLayers; layer++) {
      const into = layer === 0 ? inputSize : outputSize * this.directions;
      for (let direction = 0; direction < this.directions; direction++) {
        const suffix = suffixOf(layer, direction === 1);
        own[`weightIh${suffix}`] = parameter(gates * hiddenSize, into);
        own[`weightHh${suffix}`] = parameter(gates * hiddenSize, outputSize);
        if (bias) own[`biasIh${suffix}`] = parameter(gates * hiddenSize);
        if (bias) own[`biasHh${suffix}`] = parameter(gates * hiddenSize);
        if (projSize > 0) own[`weightHr${suffix}`] = parameter(projSize, hiddenSize);
      }
    }
    this.resetParameters(generator);
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /**
   * The parameters of a layer in one direction; as properties they are `weightIhL0`, `biasHhL1Reverse` and so on.
   *
   * @throws RangeError when there is no such layer or direction.
   */
  weights(layer: number, reverse = false): RecurrentWeights {
    const own = this as unknown as Record<string, Parameter | undefined>;
    const suffix = suffixOf(layer, reverse);
    const weightIh = own[`weightIh${suffix}`];
    if (weightIh === undefined) {
      throw new RangeError(
        `${this.constructor.name}.weights: there is no layer ${layer}${
          reverse ? " in reverse" : ""
        } among ${this.numLayers} ` +
          `layer${this.numLayers === 1 ? "" : "s"} in ${this.directions === 2 ? "two directions" : "one direction"}`,
      );
    }
    return {
      weightIh,
      weightHh: own[`weightHh${suffix}`]!,
      biasIh: own[`biasIh${suffix}`] ?? null,
      biasHh: own[`biasHh${suffix}`] ?? null,
      weightHr: own[`weightHr${suffix}`] ?? null,
    };
  }

  /** The outputs and the state after the last step, of all layers; `given` is the state before the first step, zeros if null. */
  protected run(
    input: Tensor,
    given: readonly Tensor[] | null,
    { lengths }: RecurrentForwardOptions,
  ): { output: Tensor; states: Tensor[] } {
    this.checkInput(input);
    const batched = input.ndim === 3;
    const swapped = batched && this.batchFirst;
    let x = batched ? swapped ? input.transpose(0, 1) : input : input.unsqueeze(1);
    const [steps, batch] = x.shape as [number, number, number];
    const name = this.constructor.name;
    if (steps === 0) {
      throw new RangeError(`${name}: the input of shape ${showSizes(input.shape)} has no steps; give at least one`);
    }
    const mask = lengths === undefined
      ? null
      : stepMask(checkLengths(name, lengths, steps, batch), steps, { dtype: widened(x).dtype, device: input.device });
    // What lies after the end of a sequence, even NaN, has no effect.
    if (mask !== null) x = where(mask.gt(0), x, zerosLike(x));
    // One product for all steps needs them contiguous.
    else x = x.contiguous();
    const before = this.initialStates(given, x, batched).map(widened);
    x = widened(x);
    const after: Tensor[][] = before.map(() => []);
    for (let layer = 0; layer < this.numLayers; layer++) {
      const outputs: Tensor[] = [];
      for (let direction = 0; direction < this.directions; direction++) {
        const at = layer * this.directions + direction;
        const reverse = direction === 1;
        const found = recurrentSequence(this.rule, {
          input: x,
          states: before.map((state) => state.select(0, at)),
          weights: widenedWeights(this.weights(layer, reverse)),
          mask,
          reverse,
        });
        outputs.push(found.output);
        found.states.forEach((state, s) => after[s]!.push(state));
      }
      x = outputs.length === 1 ? outputs[0]! : cat(outputs, -1);
      if (layer < this.numLayers - 1 && this.dropout > 0) x = dropout(x, this.dropout, { training: this.training });
    }
    const states = after.map((layers) => {
      const state = layers.length === 1 ? layers[0]!.unsqueeze(0) : stack(layers);
      return (batched ? state : state.squeeze(1)).to(input.dtype);
    });
    x = x.to(input.dtype);
    return { output: batched ? swapped ? x.transpose(0, 1) : x : x.squeeze(1), states };
  }

  private checkInput({ shape, ndim, dtype }: Tensor): void {
    const name = this.constructor.name;
    if ((ndim !== 2 && ndim !== 3) || shape.at(-1) !== this.inputSize) {
      const batch = this.batchFirst ? `[N, T, ${this.inputSize}]` : `[T, N, ${this.inputSize}]`;
      throw new RangeError(
        `${name}: got an input of shape ${
          showSizes(shape)
        }; expected ${batch}, or [T, ${this.inputSize}] without a batch`,
      );
    }
    const wanted = this.weights(0).weightIh.dtype;
    if (dtype !== wanted) {
      throw new TypeError(
        `${name}: the input is ${dtype}, the weights are ${wanted}; ` +
          (dtype.includes("int")
            ? "tokens become features in an Embedding"
            : `cast one, with .to("${wanted}") or ${name.toLowerCase()}.to("${dtype}")`),
      );
    }
  }

  /** The states before the first step with a batch dimension: `[layers · directions, N, size]` each. */
  private initialStates(given: readonly Tensor[] | null, x: Tensor, batched: boolean): readonly Tensor[] {
    const batch = x.shape[1]!;
    const count = this.numLayers * this.directions;
    const sizes = [this.projSize || this.hiddenSize, this.hiddenSize].slice(0, this.rule.states);
    const { dtype, device } = x;
    if (given === null) return sizes.map((size) => zeros([count, batch, size], { dtype, device }));
    if (given instanceof Tensor) {
      throw new TypeError(`${this.constructor.name}: a state is the pair [h0, c0], got one tensor`);
    }
    if (given.length !== sizes.length) {
      throw new TypeError(`${this.constructor.name}: a state is ${sizes.length} tensors, got ${given.length}`);
    }
    return given.map((state, s) => {
      const wanted = batched ? [count, batch, sizes[s]!] : [count, sizes[s]!];
      if (state.ndim !== wanted.length || state.shape.some((size, d) => size !== wanted[d])) {
        throw new RangeError(
          `${this.constructor.name}: ${s === 0 ? "h0" : "c0"} has shape ${showSizes(state.shape)}; expected ` +
            `${showSizes(wanted)}, [layers · directions${batched ? ", N" : ""}, size]`,
        );
      }
      if (state.dtype !== dtype) {
        throw new TypeError(
          `${this.constructor.name}: ${
            s === 0 ? "h0" : "c0"
          } is ${state.dtype}, the input ${dtype}; cast it with .to("${dtype}")`,
        );
      }
      return batched ? state : state.unsqueeze(1);
    });
  }

  override extraRepr(): string {
    const { numLayers, bias, batchFirst, dropout, bidirectional, projSize } = this;
    const shown = [
      numLayers !== 1 && `numLayers=${numLayers}`,
      !bias && "bias=false",
      batchFirst && "batchFirst=true",
      dropout !== 0 && `dropout=${dropout}`,
      bidirectional && "bidirectional=true",
      projSize !== 0 && `projSize=${projSize}`,
    ].filter((part) => part !== false);
    return [this.inputSize, this.hiddenSize, ...shown].join(", ");
  }
}

function suffixOf(layer: number, reverse: boolean): string {
  return `L${layer}${reverse ? "Reverse" : ""}`;
}

import { fromTypedArray, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkIndex, type Dataset } from "../datasets/dataset.ts";
import { integersBelow } from "../samplers/draw_indices.ts";
import { checkPositive } from "../samplers/sampler.ts";

/** Options of {@link LanguageModelWindows}. */
export interface WindowOptions {
  /** Distance between the starts of windows (default: their length, so that no token is a target twice). */
  stride?: number;
  /**
   * Whether each window starts at a random position, drawn each time from the loader's generator, as for training
   * (default false). The number of windows per epoch stays the same.
   */
  random?: boolean;
}

/**
 * Windows of a long text for a language model. A sample is [input, target]: `length` tokens, and the token that follows
 * each of them. A rest at the end that does not fill a window is left out.
 *
 * @example
 * ```ts
 * import { DataLoader, LanguageModelWindows } from "@heddle/data";
 *
 * const windows = new LanguageModelWindows([10, 11, 12, 13, 14], 2);
 * for (const [input, target] of new DataLoader(windows, { batchSize: 2 })) {
 *   console.log(input.toArray(), target.toArray()); // [ [ 10, 11 ], [ 12, 13 ] ] [ [ 11, 12 ], [ 13, 14 ] ]
 * }
 * ```
 */
export class LanguageModelWindows implements Dataset<[input: Int32Array, target: Int32Array]> {
  /** Number of windows. */
  readonly length: number;
  private readonly ids: Int32Array;
  private readonly tokens: number;
  private readonly stride: number;
  private readonly random: boolean;

  /**
   * @param ids the text's token numbers
   * @param length tokens in a window
   * @throws when the text is too short for a window and the token behind it, or a number is no token's
   */
  constructor(ids: ArrayLike<number>, length: number, options: WindowOptions = {}) {
    checkOptions("LanguageModelWindows", options, ["stride", "random"]);
    checkPositive("LanguageModelWindows", "length", length);
    const { stride = length, random = false } = options;
    checkPositive("LanguageModelWindows", "stride", stride);
    if (ids.length < length + 1) {
      throw new RangeError(
        `LanguageModelWindows: ${ids.length} tokens are too few for a window of ${length} and the token that follows; ` +
          "take a longer text or a shorter window.",
      );
    }
    this.ids = Int32Array.from(ids);
    const wrong = this.ids.findIndex((id, i) => id !== ids[i] || id < 0);
    if (wrong >= 0) {
      throw new RangeError(
        `LanguageModelWindows: token ${wrong} of the text is ${ids[wrong]}; token numbers are integers from 0.`,
      );
    }
    this.tokens = length;
    this.stride = stride;
    this.random = random;
    this.length = Math.floor((ids.length - 1 - length) / stride) + 1;
  }

  /** The window at `index`, or a random one: views, not to be written to. */
  get(index: number, generator?: Generator): [input: Int32Array, target: Int32Array] {
    checkIndex("LanguageModelWindows.get", index, this.length);
    const start = this.random ? this.drawStarts(1, generator)[0]! : index * this.stride;
    return [
      this.ids.subarray(start, start + this.tokens),
      this.ids.subarray(start + 1, start + this.tokens + 1),
    ];
  }

  /** Inputs and targets, int32 [windows, length] each. */
  getBatch(indices: readonly number[], generator?: Generator): [input: Tensor, target: Tensor] {
    for (const index of indices) checkIndex("LanguageModelWindows.getBatch", index, this.length);
    const drawn = this.random ? this.drawStarts(indices.length, generator) : null;
    const { tokens } = this;
    const shape = [indices.length, tokens];
    const [input, target] = [new Int32Array(indices.length * tokens), new Int32Array(indices.length * tokens)];
    indices.forEach((index, row) => {
      const start = drawn?.[row] ?? index * this.stride;
      input.set(this.ids.subarray(start, start + tokens), row * tokens);
      target.set(this.ids.subarray(start + 1, start + tokens + 1), row * tokens);
    });
    return [fromTypedArray(input, shape), fromTypedArray(target, shape)];
  }

  private drawStarts(count: number, generator: Generator | undefined): Int32Array {
    return integersBelow(this.ids.length - this.tokens, count, generator);
  }
}

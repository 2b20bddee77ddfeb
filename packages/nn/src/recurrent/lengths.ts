/** Sequences of different lengths in one batch. */
import { type Tensor, tensor, type TensorOptions } from "@heddle/tensor";
import { showSizes } from "../sizes.ts";

/** The length of each sequence of a batch: `[N]`. */
export type Lengths = Tensor | readonly number[];

/**
 * The lengths as numbers.
 *
 * @throws RangeError when they are not one for each of `batch` sequences, or not whole numbers from 1 to `steps`.
 */
export function checkLengths(operation: string, lengths: Lengths, steps: number, batch: number): readonly number[] {
  if ("shape" in lengths && lengths.ndim !== 1) {
    throw new RangeError(`${operation}: lengths have shape ${showSizes(lengths.shape)}; expected [${batch}]`);
  }
  const list = "shape" in lengths ? Array.from<number | bigint, number>(lengths.toTypedArray(), Number) : lengths;
  if (list.length !== batch) {
    throw new RangeError(
      `${operation}: ${list.length} lengths for a batch of ${batch} sequences; give one for each (with batchFirst false the ` +
        `input is [steps, batch, features])`,
    );
  }
  list.forEach((length, i) => {
    if (Number.isInteger(length) && length >= 1 && length <= steps) return;
    throw new RangeError(
      `${operation}: length ${i} is ${length}; expected a whole number from 1 to ${steps}, the steps of the input` +
        (length === 0 ? "; leave out sequences without elements" : ""),
    );
  });
  return list;
}

/** 1 where a step lies within the sequence, else 0: `[steps, N, 1]`. Null when all are as long as the input. */
export function stepMask(lengths: readonly number[], steps: number, options: TensorOptions): Tensor | null {
  if (lengths.every((length) => length === steps)) return null;
  return tensor(Array.from({ length: steps }, (_, t) => lengths.map((length) => [t < length ? 1 : 0])), options);
}

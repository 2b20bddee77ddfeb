/** What convolutions and pooling share: their options by dimension, batches, and the limits of windows. */
import { checkNumbers } from "../engine/checks.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One number for all spatial dimensions, or one for each. */
export type PerDim = number | readonly number[];

/** One entry per spatial dimension. @throws RangeError if the number of entries is neither one nor the number of dimensions. */
export function perDim(operation: string, name: string, value: PerDim, dims: number, least: number): number[] {
  checkNumbers(operation, name, value);
  const list = typeof value === "number"
    ? Array<number>(dims).fill(value)
    : value.length === 1
    ? Array<number>(dims).fill(value[0]!)
    : [...value];
  if (list.length !== dims || list.some((n) => !Number.isInteger(n) || n < least || n > mostReach)) {
    throw new RangeError(
      `${operation}: ${name} ${
        JSON.stringify(value)
      } must be one or ${dims} integers of at least ${least} and at most ${mostReach}`,
    );
  }
  return list;
}

/** The most positions of a padded image along a dimension: they are int32. */
const mostReach = 2 ** 31 - 2 ** 16;

/** @throws RangeError if a padded image, or a window on it, has too many positions along a dimension. */
export function checkPadded(
  operation: string,
  size: readonly number[],
  kernel: readonly number[],
  padding: readonly number[],
  dilation: readonly number[] | null,
): void {
  kernel.forEach((k, i) => {
    const padded = size[i]! + 2 * padding[i]!;
    const window = (dilation?.[i] ?? 1) * (k - 1) + 1;
    if (padded <= mostReach && window <= mostReach) return;
    throw new RangeError(
      `${operation}: dim ${i} of the image has ${padded} positions with its padding, and a window reaches over ${window}; ` +
        `at most ${mostReach} can be counted`,
    );
  });
}

/** Adds a batch dimension to an input without one. Returns whether it did. */
export function batched(operation: string, x: Tensor, dims: number): { input: Tensor; single: boolean } {
  if (x.ndim !== dims + 2 && x.ndim !== dims + 1) {
    throw new RangeError(
      `${operation}: expected an input of ${dims + 2} dims [N, C, …] (or ${dims + 1} without batch), got shape ${
        showShape(x.shape)
      }`,
    );
  }
  return x.ndim === dims + 2 ? { input: x, single: false } : { input: x.unsqueeze(0), single: true };
}

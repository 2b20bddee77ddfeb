/** Softmax over the keys that may be attended to. */
import { arange, type Tensor, where } from "@heddle/tensor";
import { showSizes } from "../sizes.ts";

/** Who may attend to whom. All that is given holds at once. */
export interface Visibility {
  /** Each broadcasts to `[…, queries, keys]`: bool, true where a key takes part, or numbers that are added to the scores. */
  readonly masks: readonly Tensor[];
  /** With a number, query i sees the keys up to i + this number; null: all of them. */
  readonly causalOffset: number | null;
}

/** Far below any score, and still a number: differences from it are numbers too. */
const lowest = { float16: -3e4, float32: -1e30, float64: -1e30 } as const;

/** True where query i, one of those from `start` on, sees key j: `[queries, keys]`. */
export function causalMask(queries: number, keys: number, offset: number, { device }: Tensor): Tensor {
  const last = arange(offset, offset + queries, 1, { dtype: "int32", device }).unsqueeze(1);
  return arange(0, keys, 1, { dtype: "int32", device }).le(last);
}

/** @throws TypeError or RangeError for a mask that is neither bool nor of the scores' dtype, or that does not broadcast to them. */
export function checkMask(operation: string, mask: Tensor, dtype: string, shape: readonly number[]): void {
  if (mask.dtype !== "bool" && mask.dtype !== dtype) {
    throw new TypeError(
      `${operation}: a mask of ${mask.dtype} for ${dtype} inputs; give bool (true: takes part), or ${dtype} to be added to the scores`,
    );
  }
  const lead = shape.length - mask.ndim;
  if (lead < 0 || mask.shape.some((size, d) => size !== 1 && size !== shape[lead + d])) {
    throw new RangeError(
      `${operation}: a mask of shape ${showSizes(mask.shape)} does not broadcast to the scores' ${showSizes(shape)}, ` +
        `which are […, queries, keys]`,
    );
  }
}

/** Softmax over the last dimension of scores `[…, queries, keys]`, of the keys that are seen; zeros where none is. */
export function maskedSoftmax(scores: Tensor, { masks, causalOffset }: Visibility): Tensor {
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  let seen: Tensor | null = null;
  const only = (those: Tensor): Tensor => seen = seen === null ? those : seen.logicalAnd(those);
  let sum = scores;
  for (const mask of masks) {
    if (mask.dtype === "bool") only(mask);
    else {
      only(mask.gt(-Infinity));
      sum = sum.add(mask);
    }
  }
  if (causalOffset !== null && causalOffset < keys - 1) only(causalMask(queries, keys, causalOffset, scores));
  if (seen === null) return sum.softmax(-1);
  // Rows that see nothing are even before they are zero, so that no gradient is NaN.
  return where(seen, where(seen, sum, lowest[sum.dtype as keyof typeof lowest]).softmax(-1), 0);
}

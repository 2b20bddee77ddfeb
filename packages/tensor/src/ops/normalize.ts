/** Zero mean and unit variance over some dimensions: what the normalising layers are made of. */
import { applyAll } from "../apply.ts";
import { hasRows } from "../execute/rows.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What {@link normalize} takes. */
export interface NormalizeOptions {
  /** Factor after normalising; broadcast to the input. */
  readonly weight?: Tensor | null;
  /** Added after that; broadcast to the input. */
  readonly bias?: Tensor | null;
  /** Added to the variance. */
  readonly eps: number;
}

/** A normalised tensor, and the statistics that it was normalised with; these have the dimensions kept, with size 1. */
export interface Normalized {
  readonly result: Tensor;
  readonly mean: Tensor;
  /** Biased: the mean of the squared deviations. */
  readonly variance: Tensor;
}

/**
 * `(x − mean) / √(variance + eps) · weight + bias`, with mean and variance over `dims` of `x`. Gradients flow through the result; what
 * the statistics are used for is outside the history.
 *
 * @param dims not negative, without repetition.
 */
export function normalize(x: Tensor, dims: readonly number[], options: NormalizeOptions): Normalized {
  const { weight = null, bias = null, eps } = options;
  const affine = [weight, bias];
  // One of the two alone is rare.
  if (
    hasRows(x, dims) && affine.every((t) => t === null || t.dtype === x.dtype) && (weight === null) === (bias === null)
  ) {
    const [result, mean, variance] = applyAll("normalize", weight ? [x, weight, bias!] : [x], { dims, eps });
    return { result: result!, mean: mean!, variance: variance! };
  }
  const mean = x.mean(dims, { keepdim: true });
  const centred = x.sub(mean);
  const variance = centred.square().mean(dims, { keepdim: true });
  const scale = variance.add(eps).rsqrt();
  // What is small is multiplied first.
  const small = weight !== null && weight.numel <= scale.numel;
  let result = centred.mul(small ? scale.mul(weight) : scale);
  if (weight !== null && !small) result = result.mul(weight);
  if (bias !== null) result = result.add(bias);
  return { result, mean, variance };
}

/** Spreads and how variables vary together. */
import { checkNumber, checkTensor } from "../engine/checks.ts";
import { isFloat } from "../dtype.ts";
import { inFloat32, widened } from "../engine/upcast.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { checkOptions } from "../options.ts";
import { normalizeDims, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloat, type Dims, type ReduceOptions } from "./reduction.ts";

/** Options of variances: what is subtracted from the number of elements (by default 1), and whether reduced dimensions stay. */
export type VarianceOptions = ReduceOptions & { readonly correction?: number };

/** Options of `cov`. */
export interface CovOptions {
  /** What is subtracted from the number of observations, by default 1. */
  readonly correction?: number;
  /** How often each observation counts: integers `[observations]`. */
  readonly fweights?: Tensor | null;
  /** How much each observation matters: floats `[observations]`. */
  readonly aweights?: Tensor | null;
}

/** @throws TypeError for integers, RangeError for wrong dimensions. */
function checkSpread(operation: string, x: Tensor, dim: Dims, options: VarianceOptions): void {
  checkOptions(operation, options, ["correction", "keepdim"]);
  if (options.correction !== undefined) checkNumber(operation, "correction", options.correction);
  checkFloat(operation, x);
  normalizeDims(operation, dim, x.ndim);
}

export function stdMean(x: Tensor, dim?: Dims, options: VarianceOptions = {}): { std: Tensor; mean: Tensor } {
  checkSpread("stdMean", x, dim, options);
  const wide = widened(x); // both outputs add to one gradient
  const mean = wide.mean(dim, { keepdim: options.keepdim ?? false });
  return { std: wide.std(dim, options).to(x.dtype), mean: mean.to(x.dtype) };
}

export function varMean(x: Tensor, dim?: Dims, options: VarianceOptions = {}): { var: Tensor; mean: Tensor } {
  checkSpread("varMean", x, dim, options);
  const wide = widened(x);
  const mean = wide.mean(dim, { keepdim: options.keepdim ?? false });
  return { var: wide.var(dim, options).to(x.dtype), mean: mean.to(x.dtype) };
}

/** Weights of the observations. @throws RangeError for another shape or a negative one, TypeError for another kind of number. */
function checkWeights(name: string, weights: Tensor, count: number, floats: boolean): void {
  checkTensor("cov", weights, name);
  if (isFloat(weights.dtype) !== floats) {
    throw new TypeError(`cov: ${name} are ${floats ? "floats" : "integers"}, got ${weights.dtype}`);
  }
  if (weights.ndim > 1 || weights.numel !== count) {
    throw new RangeError(`cov: ${name} of shape ${showShape(weights.shape)} for ${count} observations; give one each`);
  }
  if (readsAtOnce(weights) && weights.detach().lt(0).any().item() === 1) {
    throw new RangeError(`cov: ${name} contain a negative weight`);
  }
}

export function cov(x: Tensor, options: CovOptions = {}): Tensor {
  checkOptions("cov", options, ["aweights", "correction", "fweights"]);
  const correction = options.correction ?? 1;
  checkNumber("cov", "correction", correction);
  const [fweights, aweights] = [options.fweights ?? null, options.aweights ?? null];
  if (x.ndim > 2) throw new RangeError(`cov: expected [variables, observations], got shape ${showShape(x.shape)}`);
  if (x.dtype === "bool") throw new TypeError('cov: not defined on bool; cast with .to("float32")');
  const count = x.shape.at(-1) ?? 1;
  if (fweights !== null) checkWeights("fweights", fweights, count, false);
  if (aweights !== null) checkWeights("aweights", aweights, count, true);
  return inFloat32([isFloat(x.dtype) ? x : x.to("float32"), aweights], (x, aweights) => {
    const rows = x.ndim < 2 ? x.reshape(1, count) : x;
    const repeats = fweights?.to(rows.dtype) ?? null;
    const weights = repeats === null ? aweights : aweights === null ? repeats : repeats.mul(aweights);
    const centre = weights === null
      ? rows.sum(1, { keepdim: true }).div(count)
      : rows.mul(weights).sum(1, { keepdim: true }).div(weights.sum());
    const centred = rows.sub(centre);
    if (weights === null) {
      return centred.matmul(centred.t()).div(Math.max(count - correction, 0)).squeeze();
    }
    const total = weights.sum();
    const lost = aweights !== null ? weights.mul(aweights).sum().div(total).mul(correction) : correction;
    return centred.mul(weights).matmul(centred.t()).div(total.sub(lost).clamp({ min: 0 })).squeeze();
  });
}

export function corrcoef(x: Tensor): Tensor {
  if (x.ndim > 2) throw new RangeError(`corrcoef: expected [variables, observations], got shape ${showShape(x.shape)}`);
  return inFloat32([isFloat(x.dtype) ? x : x.to("float32")], (x) => {
    const together = x.cov();
    if (together.ndim === 0) return together.div(together);
    const spread = together.diagonal().sqrt();
    return together.div(spread.unsqueeze(1)).div(spread).clamp({ min: -1, max: 1 });
  });
}

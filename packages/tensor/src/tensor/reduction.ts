/** Reductions over none, one or several dimensions, running sums, softmax. */
import { apply } from "../apply.ts";
import { hasRows } from "../execute/rows.ts";
import { checkDType, type DType, isFloat } from "../dtype.ts";
import type { ReducePrim } from "../prims/attrs.ts";
import { normalizeDim, normalizeDims, showShape } from "../shape.ts";
import { TensorComparison } from "./comparison.ts";
import type { Tensor } from "./tensor.ts";
import { checkOptions } from "../options.ts";

const accumulateNames = ["dtype", "keepdim"] as const;
const varianceNames = ["correction", "keepdim"] as const;

/** One dimension, several, or (undefined) all. */
export type Dims = number | readonly number[] | undefined;

/** Whether reduced dimensions stay with size 1. */
export interface ReduceOptions {
  readonly keepdim?: boolean;
}

/** Values along a dimension and where they stood (int32). */
export interface ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;
}

function reduce(prim: ReducePrim, x: Tensor, dim: Dims, keepdim = false, operation: string = prim): Tensor {
  return apply(prim, [x], { dims: normalizeDims(operation, dim, x.ndim), keepdim });
}

/** A sum or product in a dtype that the caller may choose; narrow integers are summed as int32, and then wrap. */
function accumulated(
  prim: "sum" | "prod",
  x: Tensor,
  dim: Dims,
  { dtype, keepdim }: ReduceOptions & { readonly dtype?: DType },
): Tensor {
  if (dtype === undefined) return reduce(prim, x, dim, keepdim);
  checkDType(prim, dtype);
  return reduce(prim, x.to(dtype), dim, keepdim).to(dtype);
}

/** @throws RangeError when there is nothing to choose from. */
function checkChoice(operation: string, x: Tensor, dim: Dims): void {
  const dims = normalizeDims(operation, dim, x.ndim);
  if (dims.some((d) => x.shape[d] === 0)) {
    throw new RangeError(
      `${operation}: shape ${showShape(x.shape)} has no elements along the reduced dims [${dims.join(", ")}]`,
    );
  }
}

function checkFloat(operation: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${operation}: needs a floating-point tensor, got ${x.dtype}; cast with .to("float32")`);
  }
}

/** Part of {@link Tensor}: reductions. */
export abstract class TensorReduction extends TensorComparison {
  /**
   * Sum over `dim` (default: all). Integers and bool give int32, int64 stays, unless `dtype` says otherwise.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).sum(0, { keepdim: true }).toArray(); // [[4, 6]]
   * ```
   */
  sum(this: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
    checkOptions("sum", options, accumulateNames);
    return accumulated("sum", this, dim, options);
  }

  /** Product over `dim` (default: all), in a dtype as that of {@link sum}. */
  prod(this: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
    checkOptions("prod", options, accumulateNames);
    return accumulated("prod", this, dim, options);
  }

  /** Mean over `dim` (default: all), computed in `dtype` if given. @throws TypeError for integers without it. */
  mean(this: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
    checkOptions("mean", options, accumulateNames);
    if (options.dtype !== undefined) checkDType("mean", options.dtype);
    const x = options.dtype === undefined ? this : this.to(options.dtype);
    checkFloat("mean", x);
    const count = normalizeDims("mean", dim, this.ndim).reduce((n, d) => n * this.shape[d]!, 1);
    return reduce("sum", x, dim, options.keepdim).div(count);
  }

  /** Largest element over `dim`; the gradient is shared by equals. NaN wins. */
  amax(this: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
    checkOptions("amax", options, ["keepdim"]);
    checkChoice("amax", this, dim);
    return reduce("amax", this, dim, options.keepdim);
  }

  /** Smallest element over `dim`; the gradient is shared by equals. NaN wins. */
  amin(this: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
    checkOptions("amin", options, ["keepdim"]);
    checkChoice("amin", this, dim);
    return reduce("amin", this, dim, options.keepdim);
  }

  /** Largest element of all, or the largest along one dimension with its index (the first of equals, which gets the gradient). */
  max(this: Tensor): Tensor;
  max(this: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
  max(this: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
    checkOptions("max", options, ["keepdim"]);
    checkChoice("max", this, dim);
    return dim === undefined ? this.amax() : chosen(this, this.argmax(dim, { keepdim: true }), dim, options);
  }

  /** Smallest element of all, or the smallest along one dimension with its index. */
  min(this: Tensor): Tensor;
  min(this: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
  min(this: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
    checkOptions("min", options, ["keepdim"]);
    checkChoice("min", this, dim);
    return dim === undefined ? this.amin() : chosen(this, this.argmin(dim, { keepdim: true }), dim, options);
  }

  /** Index of the largest element along `dim`, or in the flattened tensor (int32). */
  argmax(this: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
    checkOptions("argmax", options, ["keepdim"]);
    checkChoice("argmax", this, dim);
    return reduce("argmax", this, dim, options.keepdim);
  }

  /** Index of the smallest element along `dim`, or in the flattened tensor (int32). */
  argmin(this: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
    checkOptions("argmin", options, ["keepdim"]);
    checkChoice("argmin", this, dim);
    return reduce("argmin", this, dim, options.keepdim);
  }

  /** Whether any element differs from zero. */
  any(this: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
    checkOptions("any", options, ["keepdim"]);
    return reduce("amax", this.to("bool"), dim, options.keepdim, "any");
  }

  /** Whether all elements differ from zero. */
  all(this: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
    checkOptions("all", options, ["keepdim"]);
    return reduce("amin", this.to("bool"), dim, options.keepdim, "all");
  }

  /** Number of elements that differ from zero (int32). */
  countNonzero(this: Tensor, dim?: Dims): Tensor {
    return reduce("sum", this.to("bool"), dim, false, "countNonzero");
  }

  /** Variance over `dim`, divided by n − `correction` (default 1: Bessel's). */
  var(this: Tensor, dim?: Dims, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
    checkOptions("var", options, varianceNames);
    return variance("var", this, dim, options);
  }

  /** Standard deviation over `dim`: the root of {@link var}. The gradient of a deviation of 0 is 0. */
  std(this: Tensor, dim?: Dims, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
    checkOptions("std", options, varianceNames);
    return away(variance("std", this, dim, options), (squared) => squared.sqrt());
  }

  /** The p-norm (Σ|x|ᵖ)^(1/p) over `dim`; p may be 0 (count of non-zeros), Infinity or -Infinity. The gradient at 0 is 0. */
  norm(this: Tensor, p = 2, dim?: Dims, options: ReduceOptions = {}): Tensor {
    checkOptions("norm", options, ["keepdim"]);
    checkFloat("norm", this);
    normalizeDims("norm", dim, this.ndim);
    const { keepdim = false } = options;
    if (p === 1) return this.abs().sum(dim, { keepdim });
    if (p === Infinity) return this.abs().amax(dim, { keepdim });
    if (p === -Infinity) return this.abs().amin(dim, { keepdim });
    if (p === 0) return this.ne(0).to(this.dtype).sum(dim, { keepdim });
    if (p === 2) return away(this.square().sum(dim, { keepdim }), (sum) => sum.sqrt());
    if (p < 0) return this.abs().pow(p).sum(dim, { keepdim }).pow(1 / p);
    const powers = p < 1 ? away(this.abs(), (x) => x.pow(p)) : this.abs().pow(p);
    return away(powers.sum(dim, { keepdim }), (sum) => sum.pow(1 / p));
  }

  /** ln Σ eˣ over `dim` without overflow. */
  logsumexp(this: Tensor, dim: number | readonly number[], options: ReduceOptions = {}): Tensor {
    checkOptions("logsumexp", options, ["keepdim"]);
    checkFloat("logsumexp", this);
    const dims = normalizeDims("logsumexp", dim, this.ndim);
    if (dims.some((d) => this.shape[d] === 0)) return this.exp().sum(dim, options).log();
    const high = this.detach().amax(dims, { keepdim: true });
    // An infinite maximum would make inf − inf.
    const shift = apply("where", [high.abs().eq(Infinity), 0, high], {});
    const sum = this.sub(shift).exp().sum(dims, options).log();
    return sum.add(options.keepdim ? shift : shift.reshape(sum.shape));
  }

  /** Running sum along a dimension. Integers and bool give int32, int64 stays, unless `dtype` says otherwise. */
  cumsum(this: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
    checkOptions("cumsum", options, ["dtype"]);
    const d = normalizeDim("cumsum", dim, this.ndim);
    return apply("cumsum", [accumulating(this, options.dtype)], { dim: d });
  }

  /** Running product along a dimension, in a dtype as that of {@link cumsum}. */
  cumprod(this: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
    checkOptions("cumprod", options, ["dtype"]);
    const d = normalizeDim("cumprod", dim, this.ndim);
    return apply("cumprod", [accumulating(this, options.dtype)], { dim: d });
  }

  /** eˣ / Σ eˣ along a dimension. */
  softmax(this: Tensor, dim: number): Tensor {
    checkFloat("softmax", this);
    const d = normalizeDim("softmax", dim, this.ndim);
    if (this.numel === 0) return this.clone();
    if (hasRows(this, [d])) return apply("softmax", [this], { dim: d });
    const power = this.sub(this.detach().amax(d, { keepdim: true })).exp();
    return power.div(power.sum(d, { keepdim: true }));
  }

  /** Logarithm of {@link softmax}, exact where the softmax underflows. */
  logSoftmax(this: Tensor, dim: number): Tensor {
    checkFloat("logSoftmax", this);
    const d = normalizeDim("logSoftmax", dim, this.ndim);
    if (this.numel === 0) return this.clone();
    if (hasRows(this, [d])) return apply("logSoftmax", [this], { dim: d });
    const shifted = this.sub(this.detach().amax(d, { keepdim: true }));
    return shifted.sub(shifted.exp().sum(d, { keepdim: true }).log());
  }
}

function variance(
  operation: string,
  x: Tensor,
  dim: Dims,
  options: ReduceOptions & { readonly correction?: number },
): Tensor {
  checkFloat(operation, x);
  const { correction = 1, keepdim = false } = options;
  const count = normalizeDims(operation, dim, x.ndim).reduce((n, d) => n * x.shape[d]!, 1);
  const centred = x.sub(x.mean(dim, { keepdim: true }));
  return centred.square().sum(dim, { keepdim }).div(Math.max(count - correction, 0));
}

/** A power of non-negative numbers where they are not 0, and 0 there: with gradient 0 in place of infinity. */
function away(x: Tensor, power: (x: Tensor) => Tensor): Tensor {
  const zero = x.eq(0);
  return apply("where", [zero, 0, power(apply("where", [zero, 1, x], {}))], {});
}

function accumulating(x: Tensor, dtype: DType | undefined): Tensor {
  return x.to(dtype ?? (isFloat(x.dtype) || x.dtype === "int64" ? x.dtype : "int32"));
}

function chosen(x: Tensor, index: Tensor, dim: number, { keepdim = false }: ReduceOptions): ValuesAndIndices {
  if (x.ndim === 0) return { values: x.clone(), indices: index };
  const values = x.gather(dim, index);
  return keepdim ? { values, indices: index } : { values: values.squeeze(dim), indices: index.squeeze(dim) };
}

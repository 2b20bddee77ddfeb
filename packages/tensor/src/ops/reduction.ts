/** Reductions, running sums and products, and softmax. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkNumber } from "../engine/checks.ts";
import { checkDType, type DType, isFloat } from "../dtype.ts";
import { hasHalfGradient, inFloat32, isHalf } from "../engine/upcast.ts";
import type { ReducePrim } from "../prims/attrs.ts";
import { normalizeDim, normalizeDims, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions } from "../options.ts";

const accumulateNames = ["dtype", "keepdim"] as const;
const varianceNames = ["correction", "keepdim"] as const;

/** One dimension, several, or all (undefined). */
export type Dims = number | readonly number[] | undefined;

/** Options of reductions: whether reduced dimensions are kept with size 1. */
export interface ReduceOptions {
  /** Whether reduced dimensions stay with size 1, by default false. */
  readonly keepdim?: boolean;
}

/** Values along a dimension, and their indices (int32). */
export interface ValuesAndIndices {
  /** The values. */
  readonly values: Tensor;
  /** Their indices along the dimension (int32). */
  readonly indices: Tensor;
}

function reduce(prim: ReducePrim, x: Tensor, dim: Dims, keepdim = false, operation: string = prim): Tensor {
  return apply(prim, [x], { dims: normalizeDims(operation, dim, x.ndim), keepdim }, operation);
}

/** A sum or product, in a dtype that the caller may choose. Narrow integers accumulate as int32, and then wrap. */
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

/** @throws RangeError if there are no elements to choose from. */
function checkChoice(operation: string, x: Tensor, dim: Dims): void {
  const dims = normalizeDims(operation, dim, x.ndim);
  if (dims.some((d) => x.shape[d] === 0)) {
    throw new RangeError(
      `${operation}: shape ${showShape(x.shape)} has no elements along the reduced dims [${dims.join(", ")}]`,
    );
  }
}

export function checkFloat(operation: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${operation}: needs a floating-point tensor, got ${x.dtype}; cast with .to("float32")`);
  }
}

export function sum(x: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
  checkOptions("sum", options, accumulateNames);
  return accumulated("sum", x, dim, options);
}

export function prod(x: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
  checkOptions("prod", options, accumulateNames);
  return accumulated("prod", x, dim, options);
}

export function mean(input: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
  checkOptions("mean", options, accumulateNames);
  if (options.dtype !== undefined) checkDType("mean", options.dtype);
  const x = options.dtype === undefined ? input : input.to(options.dtype);
  checkFloat("mean", x);
  if (isHalf(x)) return inFloat32([x], (x) => x.mean(dim, { keepdim: options.keepdim ?? false }));
  const count = normalizeDims("mean", dim, input.ndim).reduce((n, d) => n * input.shape[d]!, 1);
  return reduce("sum", x, dim, options.keepdim).div(count);
}

export function amax(x: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  checkOptions("amax", options, ["keepdim"]);
  checkChoice("amax", x, dim);
  return reduce("amax", x, dim, options.keepdim);
}

export function amin(x: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  checkOptions("amin", options, ["keepdim"]);
  checkChoice("amin", x, dim);
  return reduce("amin", x, dim, options.keepdim);
}

export function aminmax(x: Tensor, dim?: number, options: ReduceOptions = {}): { min: Tensor; max: Tensor } {
  checkOptions("aminmax", options, ["keepdim"]);
  checkChoice("aminmax", x, dim);
  const part = (prim: "amin" | "amax") => reduce(prim, x, dim, options.keepdim, "aminmax");
  return { min: part("amin"), max: part("amax") };
}

export function max(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
  checkOptions("max", options, ["keepdim"]);
  checkChoice("max", x, dim);
  return dim === undefined ? x.amax() : chosen(x, x.argmax(dim, { keepdim: true }), dim, options);
}

export function min(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
  checkOptions("min", options, ["keepdim"]);
  checkChoice("min", x, dim);
  return dim === undefined ? x.amin() : chosen(x, x.argmin(dim, { keepdim: true }), dim, options);
}

export function argmax(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
  checkOptions("argmax", options, ["keepdim"]);
  checkChoice("argmax", x, dim);
  return reduce("argmax", x, dim, options.keepdim);
}

export function argmin(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor {
  checkOptions("argmin", options, ["keepdim"]);
  checkChoice("argmin", x, dim);
  return reduce("argmin", x, dim, options.keepdim);
}

export function any(x: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  checkOptions("any", options, ["keepdim"]);
  return reduce("amax", x.to("bool"), dim, options.keepdim, "any");
}

export function all(x: Tensor, dim?: Dims, options: ReduceOptions = {}): Tensor {
  checkOptions("all", options, ["keepdim"]);
  return reduce("amin", x.to("bool"), dim, options.keepdim, "all");
}

export function countNonzero(x: Tensor, dim?: Dims): Tensor {
  return reduce("sum", x.to("bool"), dim, false, "countNonzero");
}

export function variance(
  x: Tensor,
  dim?: Dims,
  options: ReduceOptions & { readonly correction?: number } = {},
): Tensor {
  checkOptions("var", options, varianceNames);
  return squaredDeviation("var", x, dim, options);
}

export function std(x: Tensor, dim?: Dims, options: ReduceOptions & { readonly correction?: number } = {}): Tensor {
  checkOptions("std", options, varianceNames);
  checkFloat("std", x);
  if (isHalf(x)) return inFloat32([x], (x) => x.std(dim, options));
  return away(squaredDeviation("std", x, dim, options), (squared) => squared.sqrt());
}

/** @throws TypeError or RangeError unless the order is a number, not NaN. */
export function checkNormOrder(operation: string, p: number): void {
  if (typeof p === "string") {
    throw new TypeError(`${operation}: p is "${p}"; it must be a number. Norms of matrices are in @heddle/linalg`);
  }
  checkNumber(operation, "p", p);
  if (Number.isNaN(p)) throw new RangeError(`${operation}: p is NaN; it must be a number or ±Infinity`);
}

export function norm(x: Tensor, p = 2, dim?: Dims, options: ReduceOptions = {}): Tensor {
  checkOptions("norm", options, ["keepdim"]);
  checkNormOrder("norm", p);
  checkFloat("norm", x);
  const dims = normalizeDims("norm", dim, x.ndim);
  if (!Number.isFinite(p) && dims.some((d) => x.shape[d] === 0)) {
    throw new RangeError(
      `norm: shape ${showShape(x.shape)} has no elements along the reduced dims [${dims.join(", ")}]`,
    );
  }
  if (isHalf(x)) return inFloat32([x], (x) => x.norm(p, dim, options));
  const { keepdim = false } = options;
  if (p === 1) return x.abs().sum(dim, { keepdim });
  if (p === Infinity) return x.abs().amax(dim, { keepdim });
  if (p === -Infinity) return x.abs().amin(dim, { keepdim });
  // The number of elements that are not zero; its gradient is zero.
  if (p === 0) return apply("where", [x.ne(0), 1, x.sign()], {}).sum(dim, { keepdim });
  if (p === 2) return away(x.square().sum(dim, { keepdim }), (sum) => sum.sqrt());
  if (p < 0) {
    // A zero makes the norm 0, whatever the other elements are.
    const zero = x.eq(0);
    const powers = apply("where", [zero, 1, x.abs()], {}).pow(p);
    return apply("where", [zero.any(dim, { keepdim }), 0, powers.sum(dim, { keepdim }).pow(1 / p)], {});
  }
  const powers = p < 1 ? away(x.abs(), (x) => x.pow(p)) : x.abs().pow(p);
  return away(powers.sum(dim, { keepdim }), (sum) => sum.pow(1 / p));
}

export function logsumexp(x: Tensor, dim: number | readonly number[], options: ReduceOptions = {}): Tensor {
  checkOptions("logsumexp", options, ["keepdim"]);
  if (!isFloat(x.dtype)) return x.to("float32").logsumexp(dim, options);
  const dims = normalizeDims("logsumexp", dim, x.ndim);
  if (isHalf(x)) return inFloat32([x], (x) => x.logsumexp(dim, options));
  if (dims.some((d) => x.shape[d] === 0)) return x.exp().sum(dim, options).log();
  const high = x.detach().amax(dims, { keepdim: true });
  // Without this an infinite maximum would give inf − inf.
  const shift = apply("where", [high.abs().eq(Infinity), 0, high], {});
  const sum = x.sub(shift).exp().sum(dims, options).log();
  return sum.add(options.keepdim ? shift : shift.reshape(sum.shape));
}

export function cumsum(x: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkOptions("cumsum", options, ["dtype"]);
  const d = normalizeDim("cumsum", dim, x.ndim);
  return apply("cumsum", [accumulating(x, options.dtype)], { dim: d });
}

export function cumsum_(x: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkInPlace("cumsum_", x, dim, options);
  return overwrite("cumsum_", x, [], (x) => cumsum(x, dim, { dtype: x.dtype }));
}

export function cumprod(input: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkOptions("cumprod", options, ["dtype"]);
  const d = normalizeDim("cumprod", dim, input.ndim);
  const x = accumulating(input, options.dtype);
  return hasHalfGradient(x) ? inFloat32([x], (x) => x.cumprod(d)) : apply("cumprod", [x], { dim: d });
}

export function cumprod_(x: Tensor, dim: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkInPlace("cumprod_", x, dim, options);
  return overwrite("cumprod_", x, [], (x) => cumprod(x, dim, { dtype: x.dtype }));
}

/** @throws TypeError for another dtype than the tensor's, RangeError when there is no such dimension. */
function checkInPlace(operation: string, x: Tensor, dim: number, options: { readonly dtype?: DType }): void {
  checkOptions(operation, options, ["dtype"]);
  normalizeDim(operation, dim, x.ndim);
  const { dtype = x.dtype } = options;
  if (dtype === x.dtype) return;
  throw new TypeError(`${operation}: dtype is ${dtype}, the tensor ${x.dtype}; use the form without _, or cast first`);
}

export function softmax(x: Tensor, dim: number): Tensor {
  checkFloat("softmax", x);
  return apply("softmax", [x], { dim: normalizeDim("softmax", dim, x.ndim) });
}

export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkFloat("logSoftmax", x);
  return apply("logSoftmax", [x], { dim: normalizeDim("logSoftmax", dim, x.ndim) });
}

function squaredDeviation(
  operation: string,
  x: Tensor,
  dim: Dims,
  options: ReduceOptions & { readonly correction?: number },
): Tensor {
  checkFloat(operation, x);
  if (isHalf(x)) return inFloat32([x], (x) => squaredDeviation(operation, x, dim, options));
  const { correction = 1, keepdim = false } = options;
  checkNumber(operation, "correction", correction);
  const count = normalizeDims(operation, dim, x.ndim).reduce((n, d) => n * x.shape[d]!, 1);
  const centred = x.sub(x.mean(dim, { keepdim: true }));
  return centred.square().sum(dim, { keepdim }).div(Math.max(count - correction, 0));
}

/** A power of non-negative numbers, and 0 where they are 0: the gradient there is 0 rather than infinite. */
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

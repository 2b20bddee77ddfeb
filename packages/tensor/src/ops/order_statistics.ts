/** Medians, quantiles, the k-th smallest and the most frequent value: what sorting finds. */
import { apply } from "../engine/apply.ts";
import { checkNumbers, checkTensor } from "../engine/checks.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { constant } from "../engine/fill.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { checkOption, checkOptions } from "../options.ts";
import { isFloat } from "../dtype.ts";
import { normalizeDim, showShape } from "../shape.ts";
import { isTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray, full } from "./creation.ts";
import { checkFloat, type ReduceOptions, type ValuesAndIndices } from "./reduction.ts";
import { cummaxIndex } from "./scans.ts";

const none = {};

/** How a quantile between two elements is computed. */
export type QuantileInterpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";

/** Options of `quantile` and `nanquantile`. */
export interface QuantileOptions extends ReduceOptions {
  /** What a quantile between two elements is: on the line between them (the default), one of the two, or their mean. */
  readonly interpolation?: QuantileInterpolation;
}

/** One element of each row along `dim`, which goes unless it is kept. `index` has size 1 there. */
function picked(
  { values, indices }: ValuesAndIndices,
  dim: number,
  index: Tensor,
  { keepdim = false }: ReduceOptions,
): ValuesAndIndices {
  const found = { values: values.gather(dim, index), indices: indices.gather(dim, index) };
  return keepdim ? found : { values: found.values.squeeze(dim), indices: found.indices.squeeze(dim) };
}

/** The size of a dimension to choose along. @throws RangeError when it is 0, TypeError for bool. */
function rowLength(operation: string, x: Tensor, dim: number): number {
  const size = x.shape[dim] ?? 1;
  if (size === 0) {
    throw new RangeError(`${operation}: shape ${showShape(x.shape)} has no elements along dim ${dim}`);
  }
  return size;
}

function checkOrdered(operation: string, x: Tensor): void {
  if (x.dtype === "bool") throw new TypeError(`${operation}: not defined on bool; cast with .to("int32")`);
}

/** How many of the elements along a dimension are NaN (int32), which stays with size 1. */
function nanCount(x: Tensor, dim: number): Tensor {
  return x.detach().isnan().sum(dim, { keepdim: true });
}

function medianAlong(operation: string, x: Tensor, dim: number, ignoreNan: boolean, options: ReduceOptions) {
  const d = normalizeDim(operation, dim, x.ndim);
  const size = rowLength(operation, x, d);
  if (x.ndim === 0) return { values: x.clone(), indices: full([], 0, { dtype: "int32", device: x.device }) };
  const nans = nanCount(x, d);
  const index = ignoreNan
    ? nans.neg().add(size - 1).floorDivide(2).clamp({ min: 0 })
    // Sorting puts NaN last, so that the first of them stands there.
    : apply("where", [nans.gt(0), nans.neg().add(size), Math.floor((size - 1) / 2)], none);
  return picked(x.sort(d), d, index.to("int32"), options);
}

function medianOf(
  operation: string,
  x: Tensor,
  dim: number | undefined,
  ignoreNan: boolean,
  options: ReduceOptions,
): Tensor | ValuesAndIndices {
  checkOptions(operation, options, ["keepdim"]);
  checkOrdered(operation, x);
  if (dim !== undefined) return medianAlong(operation, x, dim, ignoreNan, options);
  if (x.numel === 0) {
    if (!isFloat(x.dtype)) {
      throw new RangeError(
        `${operation}: ${x.dtype} of shape ${showShape(x.shape)} has no elements, and no NaN to return`,
      );
    }
    return x.mean(); // NaN, with a gradient of no elements
  }
  const flat = x.reshape(-1);
  const { values } = medianAlong(operation, flat.detach(), 0, ignoreNan, none);
  if (!isFloat(x.dtype)) return values;
  // Equal elements share the gradient, as those of an extreme do.
  const missing = constant(operation, -Infinity, x.dtype, x.device);
  return apply("where", [flat.detach().eq(values).logicalOr(values.isnan()), flat, missing], none).amax();
}

export function median(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
  return medianOf("median", x, dim, false, options);
}

export function nanmedian(x: Tensor, dim?: number, options: ReduceOptions = {}): Tensor | ValuesAndIndices {
  return medianOf("nanmedian", x, dim, true, options);
}

/** The fractions as a tensor of the values' dtype. @throws RangeError for a number outside 0 to 1. */
function fractions(operation: string, q: number | readonly number[] | Tensor, x: Tensor): Tensor {
  if (!isTensor(q)) {
    checkNumbers(operation, "q", q);
    const list = typeof q === "number" ? [q] : q;
    for (const each of list) {
      if (!(each >= 0 && each <= 1)) throw new RangeError(`${operation}: q ${each} is not within 0 to 1`);
    }
    const made = fromTypedArray(Float64Array.from(list), [list.length], { dtype: x.dtype, device: x.device });
    return typeof q === "number" ? made.reshape([]) : made;
  }
  return q;
}

/** @throws TypeError for another dtype, RangeError for another shape or a fraction outside 0 to 1 that can be read at once. */
function checkFractions(operation: string, q: Tensor, x: Tensor): void {
  checkTensor(operation, q, "q");
  if (q.ndim > 1) throw new RangeError(`${operation}: q has shape ${showShape(q.shape)}; give a number or a vector`);
  if (q.dtype !== x.dtype) {
    throw new TypeError(`${operation}: q is ${q.dtype}, the tensor ${x.dtype}; cast one with .to("${x.dtype}")`);
  }
  if (readsAtOnce(q)) fractions(operation, Array.from(q.toTypedArray(), Number), x);
}

function quantileOf(
  operation: string,
  x: Tensor,
  q: number | readonly number[] | Tensor,
  dim: number | undefined,
  ignoreNan: boolean,
  options: QuantileOptions,
): Tensor {
  checkOptions(operation, options, ["interpolation", "keepdim"]);
  const { keepdim = false, interpolation = "linear" } = options;
  checkOption(operation, "interpolation", interpolation, ["linear", "lower", "higher", "midpoint", "nearest"]);
  checkFloat(operation, x);
  if (isTensor(q)) checkFractions(operation, q, x);
  if (isHalf(x)) {
    return inFloat32(
      [x, isTensor(q) ? q : null],
      (x, wide) => quantileOf(operation, x, wide ?? q, dim, ignoreNan, options),
    );
  }
  const d = dim === undefined ? 0 : normalizeDim(operation, dim, x.ndim);
  if (x.numel === 0) throw new RangeError(`${operation}: shape ${showShape(x.shape)} has no elements`);
  const at = fractions(operation, q, x);
  const rows = dim === undefined ? x.reshape(-1) : x.ndim === 0 ? x.reshape(1) : x.movedim(d, -1);
  const size = rows.shape.at(-1)!;
  const { values } = rows.sort(-1);
  const nans = nanCount(rows, rows.ndim - 1);
  const last = ignoreNan ? nans.neg().add(size - 1).clamp({ min: 0 }).to(x.dtype) : size - 1;
  // Where there is a NaN, the last element is one.
  const exact = at.reshape(-1).mul(last).expand([...rows.shape.slice(0, -1), at.numel]);
  const ranks = ignoreNan ? exact : apply("where", [nans.gt(0), size - 1, exact], none);
  const element = (rank: Tensor) => values.gather(-1, rank.detach().to("int32"));
  const between = (): Tensor => {
    const below = element(ranks.floor());
    const above = element(ranks.ceil());
    return interpolation === "midpoint" ? below.lerp(above, 0.5) : below.lerp(above, ranks.sub(ranks.detach().floor()));
  };
  const found = interpolation === "lower"
    ? element(ranks.floor())
    : interpolation === "higher"
    ? element(ranks.ceil())
    : interpolation === "nearest"
    ? element(ranks.round())
    : between();
  // The fractions come first, if there are several.
  const moved = found.movedim(-1, 0);
  const kept = x.shape.map((n, i) => dim === undefined || i === d ? 1 : n);
  const shape = keepdim ? kept : dim === undefined ? [] : x.shape.filter((_, i) => i !== d);
  const ordered = dim === undefined || !keepdim ? moved : moved.unsqueeze(d + 1);
  return ordered.reshape([...at.shape, ...shape]);
}

export function quantile(
  x: Tensor,
  q: number | readonly number[] | Tensor,
  dim?: number,
  options: QuantileOptions = {},
): Tensor {
  return quantileOf("quantile", x, q, dim, false, options);
}

export function nanquantile(
  x: Tensor,
  q: number | readonly number[] | Tensor,
  dim?: number,
  options: QuantileOptions = {},
): Tensor {
  return quantileOf("nanquantile", x, q, dim, true, options);
}

export function kthvalue(x: Tensor, k: number, dim = -1, options: ReduceOptions = {}): ValuesAndIndices {
  checkOptions("kthvalue", options, ["keepdim"]);
  checkOrdered("kthvalue", x);
  const d = normalizeDim("kthvalue", dim, x.ndim);
  const size = rowLength("kthvalue", x, d);
  if (!Number.isInteger(k) || k < 1 || k > size) {
    throw new RangeError(
      `kthvalue: k ${k} is not within 1 to ${size}, the size of dim ${dim} of shape ${showShape(x.shape)}`,
    );
  }
  const { values, indices } = x.sort(d);
  if (x.ndim === 0) return { values, indices };
  const { keepdim = false } = options;
  const cut = (y: Tensor) => keepdim ? y.narrow(d, k - 1, 1) : y.select(d, k - 1);
  return { values: cut(values), indices: cut(indices) };
}

export function mode(x: Tensor, dim = -1, options: ReduceOptions = {}): ValuesAndIndices {
  checkOptions("mode", options, ["keepdim"]);
  const d = normalizeDim("mode", dim, x.ndim);
  const size = rowLength("mode", x, d);
  const sorted = x.sort(d);
  if (x.ndim === 0) return sorted;
  // How far each element lies into the run of its equals; the longest run that comes first has the smallest value.
  const values = sorted.values.detach();
  const position = fromTypedArray(Int32Array.from({ length: size }, (_, i) => i), [size], { device: x.device })
    .reshape(x.shape.map((_, i) => i === d ? size : 1)).expand(x.shape);
  const start = apply("where", [
    values.narrow(d, 1, size - 1).ne(values.narrow(d, 0, size - 1)),
    position.narrow(d, 1, size - 1),
    0,
  ], none);
  const starts = apply("cat", [position.narrow(d, 0, 1), start], { dim: d });
  const length = position.sub(starts.gather(d, cummaxIndex(starts, d, "ge")));
  return picked(sorted, d, length.argmax(d, { keepdim: true }), options);
}

/** Sorting, top-k, distinct values and counts. */
import { applyAll } from "../engine/apply.ts";
import { checkTensor } from "../engine/checks.ts";
import { isFloat } from "../dtype.ts";
import { fromTypedArray, onesLike, zeros } from "./creation.ts";
import { checkHostSize, normalizeDim, sameShape, showShape } from "../shape.ts";
import type { ValuesAndIndices } from "./reduction.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions } from "../options.ts";

/** The result of {@link Tensor.unique} and {@link Tensor.uniqueConsecutive}. */
export interface Unique {
  /** The distinct values: of `unique` ascending, of `uniqueConsecutive` in their own order. */
  readonly values: Tensor;
  /** With `returnInverse`: the index of each element among the values (int32). */
  readonly inverse?: Tensor;
  /** With `returnCounts`: the number of occurrences of each value (int32). */
  readonly counts?: Tensor;
}

export function sort(
  x: Tensor,
  dim = -1,
  options: { readonly descending?: boolean; readonly stable?: boolean } = {},
): ValuesAndIndices {
  checkOptions("sort", options, ["descending", "stable"]);
  return sorted("sort", x, dim, options.descending ?? false);
}

function sorted(operation: string, x: Tensor, dim: number, descending: boolean): ValuesAndIndices {
  const attrs = { dim: normalizeDim(operation, dim, x.ndim), descending };
  const [values, indices] = applyAll("sort", [x], attrs, operation);
  return { values: values!, indices: indices! };
}

export function argsort(x: Tensor, dim = -1, options: { readonly descending?: boolean } = {}): Tensor {
  checkOptions("argsort", options, ["descending"]);
  return sorted("argsort", x.detach(), dim, options.descending ?? false).indices;
}

export function topk(
  x: Tensor,
  k: number,
  dim = -1,
  options: { readonly largest?: boolean; readonly sorted?: boolean } = {},
): ValuesAndIndices {
  checkOptions("topk", options, ["largest", "sorted"]);
  const d = normalizeDim("topk", dim, x.ndim);
  const size = x.shape[d] ?? 1;
  if (!Number.isInteger(k) || k < 0 || k > size) {
    throw new RangeError(
      `topk: k ${k} is not within 0 to ${size}, the size of dim ${dim} of shape ${showShape(x.shape)}`,
    );
  }
  const { values, indices } = sorted("topk", x, d, options.largest ?? true);
  return x.ndim === 0 ? { values, indices } : { values: values.narrow(d, 0, k), indices: indices.narrow(d, 0, k) };
}

/** Options of `unique` and `uniqueConsecutive`. */
export interface UniqueOptions {
  /** Whether the result has, for each element, its place among the values. */
  readonly returnInverse?: boolean;
  /** Whether the result has how often each value occurs. */
  readonly returnCounts?: boolean;
  /** Along which dimension slices are compared, instead of single elements. */
  readonly dim?: number;
}

/** The distinct ones among elements, or slices, of which only those that follow each other in the order are compared. */
function distinct(operation: string, x: Tensor, options: UniqueOptions, sorts: boolean): Unique {
  checkOptions(operation, options, ["dim", "returnCounts", "returnInverse"]);
  const { returnInverse = false, returnCounts = false } = options;
  if (options.dim !== undefined && x.ndim === 0) {
    throw new RangeError(`${operation}: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one`);
  }
  const dim = options.dim === undefined ? undefined : normalizeDim(operation, options.dim, x.ndim);
  if (dim !== undefined && x.numel === 0 && x.shape[dim] !== 0) {
    throw new RangeError(
      `${operation}: the slices along dim ${options.dim} of shape ${showShape(x.shape)} have no elements`,
    );
  }
  const rows = dim === undefined
    ? x.detach().reshape(-1, 1)
    : x.detach().movedim(dim, 0).flatten(1 - Number(x.ndim === 1));
  const flat = rows.toTypedArray();
  const count = dim === undefined ? x.numel : x.shape[dim]!;
  const width = count === 0 ? 0 : flat.length / count;
  const compare = (a: number, b: number): number => {
    for (let i = 0; i < width; i++) {
      const [p, q] = [flat[a * width + i]!, flat[b * width + i]!];
      if (p < q) return -1;
      if (p > q) return 1;
      if (p !== q) return Number(p !== p) - Number(q !== q) || -1; // every NaN is distinct; NaNs come last
    }
    return 0;
  };
  const order = Array.from({ length: count }, (_, i) => i);
  if (sorts) order.sort((a, b) => compare(a, b) || a - b);
  const inverse = new Int32Array(count);
  const first: number[] = [];
  const counts: number[] = [];
  order.forEach((item, i) => {
    if (i === 0 || compare(order[i - 1]!, item) !== 0) {
      first.push(item);
      counts.push(0);
    }
    inverse[item] = first.length - 1;
    counts[counts.length - 1]!++;
  });
  const device = { device: x.device };
  const picked = fromTypedArray(Int32Array.from(first), [first.length], device);
  const values = dim === undefined
    ? x.detach().reshape(-1).indexSelect(0, picked)
    : x.detach().indexSelect(dim, picked);
  return {
    values,
    ...(returnInverse ? { inverse: fromTypedArray(inverse, dim === undefined ? x.shape : [count], device) } : {}),
    ...(returnCounts ? { counts: fromTypedArray(Int32Array.from(counts), [counts.length], device) } : {}),
  };
}

export function unique(x: Tensor, options: UniqueOptions = {}): Unique {
  return distinct("unique", x, options, true);
}

export function uniqueConsecutive(x: Tensor, options: UniqueOptions = {}): Unique {
  return distinct("uniqueConsecutive", x, options, false);
}

export function bincount(x: Tensor, options: { readonly weights?: Tensor; readonly minlength?: number } = {}): Tensor {
  checkOptions("bincount", options, ["minlength", "weights"]);
  const { weights, minlength = 0 } = options;
  if (isFloat(x.dtype)) {
    throw new TypeError(`bincount: counts integers, got ${x.dtype}; cast with .to("int32")`);
  }
  if (x.ndim !== 1) {
    throw new RangeError(`bincount: expected one dimension, got shape ${showShape(x.shape)}; use flatten()`);
  }
  if (!Number.isInteger(minlength) || minlength < 0) {
    throw new RangeError(`bincount: minlength ${minlength} is not a non-negative integer`);
  }
  checkHostSize("bincount", [minlength]);
  if (weights !== undefined) checkTensor("bincount", weights, "the weights");
  if (weights !== undefined && !sameShape(weights.shape, x.shape)) {
    throw new RangeError(
      `bincount: weights of shape ${showShape(weights.shape)} for values of shape ${showShape(x.shape)}; give one each`,
    );
  }
  const values = x.to("int32").toTypedArray("int32");
  let length = minlength;
  for (const value of values) {
    if (value < 0) throw new RangeError(`bincount: ${value} is negative; only integers from 0 on can be counted`);
    length = Math.max(length, value + 1);
  }
  checkHostSize("bincount", [length]);
  const wide = x.device.backend.supports("float64") ? "float64" : "float32";
  const summed = weights === undefined
    ? onesLike(x, { dtype: "int32" })
    : isFloat(weights.dtype)
    ? weights
    : weights.to(wide);
  return zeros([length], { dtype: summed.dtype, device: x.device }).scatterAdd(0, x.to("int32"), summed);
}

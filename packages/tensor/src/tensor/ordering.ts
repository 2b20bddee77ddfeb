/** Sorting, the largest few, distinct values and counts. */
import { applyAll } from "../apply.ts";
import { isFloat } from "../dtype.ts";
import { fromTypedArray, zeros } from "../ops/creation.ts";
import { normalizeDim, sameShape, showShape } from "../shape.ts";
import { TensorIndexing } from "./indexing.ts";
import type { ValuesAndIndices } from "./reduction.ts";
import type { Tensor } from "./tensor.ts";
import { checkOptions } from "../options.ts";

/** What {@link TensorOrdering.unique} found. */
export interface Unique {
  /** The distinct values, ascending. */
  readonly values: Tensor;
  /** With `returnInverse`: for each element its place among the values (int32). */
  readonly inverse?: Tensor;
  /** With `returnCounts`: how often each value occurs (int32). */
  readonly counts?: Tensor;
}

/** Part of {@link Tensor}: order. */
export abstract class TensorOrdering extends TensorIndexing {
  /** The elements in order along a dimension, and where they came from (int32). Always stable; NaN counts as the largest. */
  sort(
    this: Tensor,
    dim = -1,
    options: { readonly descending?: boolean; readonly stable?: boolean } = {},
  ): ValuesAndIndices {
    checkOptions("sort", options, ["descending", "stable"]);
    const [values, indices] = applyAll("sort", [this], {
      dim: normalizeDim("sort", dim, this.ndim),
      descending: options.descending ?? false,
    });
    return { values: values!, indices: indices! };
  }

  /** Where the elements of the sorted tensor come from (int32). */
  argsort(this: Tensor, dim = -1, options: { readonly descending?: boolean } = {}): Tensor {
    checkOptions("argsort", options, ["descending"]);
    return this.detach().sort(dim, options).indices;
  }

  /**
   * The `k` largest (or smallest) elements along a dimension, in order, and their indices (int32).
   *
   * @throws RangeError when there are fewer than k.
   */
  topk(
    this: Tensor,
    k: number,
    dim = -1,
    options: { readonly largest?: boolean; readonly sorted?: boolean } = {},
  ): ValuesAndIndices {
    checkOptions("topk", options, ["largest", "sorted"]);
    const d = normalizeDim("topk", dim, this.ndim);
    const size = this.shape[d] ?? 1;
    if (!Number.isInteger(k) || k < 0 || k > size) {
      throw new RangeError(
        `topk: k ${k} is not within 0 to ${size}, the size of dim ${dim} of shape ${showShape(this.shape)}`,
      );
    }
    const { values, indices } = this.sort(d, { descending: options.largest ?? true });
    return this.ndim === 0 ? { values, indices } : { values: values.narrow(d, 0, k), indices: indices.narrow(d, 0, k) };
  }

  /**
   * The distinct elements in ascending order, or with `dim` the distinct slices in lexicographic order. Reads the tensor.
   */
  unique(
    this: Tensor,
    options: { readonly returnInverse?: boolean; readonly returnCounts?: boolean; readonly dim?: number } = {},
  ): Unique {
    checkOptions("unique", options, ["dim", "returnCounts", "returnInverse"]);
    const { returnInverse = false, returnCounts = false, dim } = options;
    const rows = dim === undefined
      ? this.detach().reshape(-1, 1)
      : this.detach().movedim(dim, 0).flatten(1 - Number(this.ndim === 1));
    const flat = rows.toTypedArray();
    const count = dim === undefined ? this.numel : this.shape[normalizeDim("unique", dim, this.ndim)]!;
    const width = count === 0 ? 0 : flat.length / count;
    const compare = (a: number, b: number): number => {
      for (let i = 0; i < width; i++) {
        const [p, q] = [flat[a * width + i]!, flat[b * width + i]!];
        if (p < q) return -1;
        if (p > q) return 1;
        if (p !== q) return Number(p !== p) - Number(q !== q) || -1; // every NaN is distinct, and last
      }
      return 0;
    };
    const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
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
    const device = { device: this.device };
    const picked = fromTypedArray(Int32Array.from(first), [first.length], device);
    const values = dim === undefined
      ? this.detach().reshape(-1).indexSelect(0, picked)
      : this.detach().indexSelect(dim, picked);
    return {
      values,
      ...(returnInverse ? { inverse: fromTypedArray(inverse, dim === undefined ? this.shape : [count], device) } : {}),
      ...(returnCounts ? { counts: fromTypedArray(Int32Array.from(counts), [counts.length], device) } : {}),
    };
  }

  /**
   * How often each non-negative integer occurs in a 1-dimensional tensor (int32), or the sum of its weights: of integers in
   * float64, where the device has that, else in float32. Reads the tensor.
   *
   * @throws TypeError for floats. RangeError for negative values or another rank.
   */
  bincount(this: Tensor, options: { readonly weights?: Tensor; readonly minlength?: number } = {}): Tensor {
    checkOptions("bincount", options, ["minlength", "weights"]);
    const { weights, minlength = 0 } = options;
    if (isFloat(this.dtype)) {
      throw new TypeError(`bincount: counts integers, got ${this.dtype}; cast with .to("int32")`);
    }
    if (this.ndim !== 1) {
      throw new RangeError(`bincount: expected one dimension, got shape ${showShape(this.shape)}; use flatten()`);
    }
    if (!Number.isInteger(minlength) || minlength < 0) {
      throw new RangeError(`bincount: minlength ${minlength} is not a non-negative integer`);
    }
    if (weights !== undefined && !sameShape(weights.shape, this.shape)) {
      throw new RangeError(
        `bincount: weights of shape ${showShape(weights.shape)} for values of shape ${
          showShape(this.shape)
        }; give one each`,
      );
    }
    const values = this.to("int32").toTypedArray() as Int32Array;
    let length = minlength;
    for (const value of values) {
      if (value < 0) throw new RangeError(`bincount: ${value} is negative; only integers from 0 on can be counted`);
      length = Math.max(length, value + 1);
    }
    if (weights === undefined) {
      const counts = new Int32Array(length);
      for (const value of values) counts[value]!++;
      return fromTypedArray(counts, [length], { device: this.device });
    }
    const wide = this.device.backend.supports("float64") ? "float64" : "float32";
    const summed = isFloat(weights.dtype) ? weights : weights.to(wide);
    return zeros([length], { dtype: summed.dtype, device: this.device }).scatterAdd(0, this.to("int32"), summed);
  }
}

/** Reading and writing by index, by mask and by index tensor. */
import { apply, applyInPlace } from "../apply.ts";
import { checkOption, checkOptions } from "../options.ts";
import type { Scalar } from "../dtype.ts";
import { constant } from "../launch.ts";
import { flatRows, type Index, lookup, resolveIndices } from "../ops/slices.ts";
import { fromTypedArray } from "../ops/creation.ts";
import type { ScatterMode } from "../prims/attrs.ts";
import { normalizeDim, normalizeDims, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Operand } from "./core.ts";
import { Tensor } from "./tensor.ts";
import { TensorView } from "./view.ts";

/** Part of {@link Tensor}: indexing. */
export abstract class TensorIndexing extends TensorView {
  /**
   * Elements by index. Integers, slices in Python's syntax, `null` and `"..."` give a view, through which the tensor can be
   * written; with integer tensors or bool masks among them the result is a copy.
   *
   * @throws RangeError for an index out of range, too many indices, a mask of another shape, or a negative step.
   *
   * @example
   * ```ts
   * import { arange, tensor } from "@heddle/tensor";
   * const x = arange(12).reshape(3, 4);
   * x.at(1).toArray(); // [4, 5, 6, 7]
   * x.at(":", "::2").shape; // [3, 2]
   * x.at(-1, tensor([0, 3], { dtype: "int32" })).toArray(); // [8, 11]
   * x.at(x.gt(9)).toArray(); // [10, 11]
   * x.at("1:", ":2").fill_(0); // writes to x
   * ```
   */
  at(this: Tensor, ...indices: Index[]): Tensor {
    const indexed = resolveIndices("at", this, indices);
    if (indexed.advanced.length === 0) return indexed.view;
    const found = lookup("at", indexed);
    const result = flatRows(found).indexSelect(0, found.rows).reshape([...found.shape, ...found.rest]);
    if (found.place === 0) return result;
    const dims = found.shape.map((_, d) => d);
    return dims.length === 0 ? result : result.movedim(dims, dims.map((d) => d + found.place));
  }

  /**
   * Writes a value (broadcast) to the elements that `at` would read; with `accumulate` adds it, as often as an element is named.
   *
   * @throws TypeError for a tensor of another dtype. RangeError as {@link at}, or when the value does not broadcast.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 3]);
   * x.indexPut_([":", 1], 7).toArray(); // [[0, 7, 0], [0, 7, 0]]
   * ```
   */
  indexPut_(
    this: Tensor,
    indices: readonly Index[],
    value: Operand,
    options: { readonly accumulate?: boolean } = {},
  ): Tensor {
    checkOptions("indexPut_", options, ["accumulate"]);
    const { accumulate = false } = options;
    const indexed = resolveIndices("indexPut_", this, indices);
    const source = value instanceof Tensor ? value : constant("indexPut_", value, this.dtype, this.device);
    if (source.dtype !== this.dtype) {
      throw new TypeError(
        `indexPut_: the value is ${source.dtype}, the tensor ${this.dtype}; cast the value with .to("${this.dtype}")`,
      );
    }
    if (indexed.advanced.length === 0) {
      if (accumulate) indexed.view.add_(source);
      else indexed.view.copy_(source);
      return this;
    }
    const found = lookup("indexPut_", indexed);
    const { place, shape, rest } = found;
    let spread = source.expand([...rest.slice(0, place), ...shape, ...rest.slice(place)]);
    if (place > 0 && shape.length > 0) spread = spread.movedim(shape.map((_, d) => d + place), shape.map((_, d) => d));
    const flat = flatRows(found);
    const rows = rowIndex(found.rows, 0, [found.rows.numel, ...rest]);
    const written = apply("scatter", [flat, rows, spread.reshape([found.rows.numel, ...rest])], {
      dim: 0,
      mode: accumulate ? "sum" : "set",
    });
    found.front.copy_(written.reshape(found.front.shape));
    return this;
  }

  /**
   * `out[i][j] = this[index[i][j]][j]` for dim 0, likewise for others.
   *
   * @throws RangeError when the index has another number of dimensions, is larger beside `dim`, or out of range.
   */
  gather(this: Tensor, dim: number, index: Tensor): Tensor {
    const d = checkIndex("gather", this, dim, index);
    return apply("gather", [this, index], { dim: d });
  }

  /**
   * A copy in which `copy[index[i][j]][j] = source[i][j]` (dim 0); with `reduce` the value is combined with what was there.
   * Where an index occurs twice without `reduce`, the last one stays.
   */
  scatter(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Operand,
    options: { readonly reduce?: Exclude<ScatterMode, "set"> } = {},
  ): Tensor {
    checkOptions("scatter", options, ["reduce"]);
    const [d, values] = scatterArguments("scatter", this, dim, index, source);
    return apply("scatter", [this, index, values], { dim: d, mode: modeOf("scatter", options.reduce) });
  }

  /** {@link scatter} in place. */
  scatter_(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Operand,
    options: { readonly reduce?: Exclude<ScatterMode, "set"> } = {},
  ): Tensor {
    checkOptions("scatter_", options, ["reduce"]);
    const [d, values] = scatterArguments("scatter_", this, dim, index, source);
    return applyInPlace(this, "scatter", [this, index, values], { dim: d, mode: modeOf("scatter_", options.reduce) });
  }

  /** {@link scatter} that adds, in a fixed order. */
  scatterAdd(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    return this.scatter(dim, index, source, { reduce: "sum" });
  }

  /** {@link scatterAdd} in place. */
  scatterAdd_(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    return this.scatter_(dim, index, source, { reduce: "sum" });
  }

  /** The slices along `dim` that a 1-dimensional index names. */
  indexSelect(this: Tensor, dim: number, index: Tensor): Tensor {
    const d = normalizeDim("indexSelect", dim, this.ndim);
    checkVector("indexSelect", index);
    if (this.ndim === 0) return this.reshape(1).gather(0, index.reshape(-1)).reshape([]);
    const shape = this.shape.map((size, i) => i === d ? index.numel : size);
    return apply("gather", [this, rowIndex(index, d, shape)], { dim: d });
  }

  /** A copy to whose slices along `dim` those of `source`, times `alpha`, are added at the indices. In-place form: `indexAdd_`. */
  indexAdd(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Tensor,
    options: { readonly alpha?: Scalar } = {},
  ): Tensor {
    return this.clone().indexAdd_(dim, index, source, options);
  }

  /** {@link indexAdd} in place. */
  indexAdd_(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Tensor,
    options: { readonly alpha?: Scalar } = {},
  ): Tensor {
    checkOptions("indexAdd_", options, ["alpha"]);
    const { alpha = 1 } = options;
    const d = normalizeDim("indexAdd_", dim, this.ndim);
    checkSlices("indexAdd_", this, d, index, source);
    return this.scatterAdd_(d, rowIndex(index, d, source.shape), alpha === 1 ? source : source.mul(alpha));
  }

  /** Writes slices of `source` along `dim` at the indices. */
  indexCopy_(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    const d = normalizeDim("indexCopy_", dim, this.ndim);
    checkSlices("indexCopy_", this, d, index, source);
    return this.scatter_(d, rowIndex(index, d, source.shape), source);
  }

  /** Writes one value to the slices along `dim` at the indices. */
  indexFill_(this: Tensor, dim: number, index: Tensor, value: Scalar): Tensor {
    const d = normalizeDim("indexFill_", dim, this.ndim);
    checkVector("indexFill_", index);
    return this.scatter_(d, rowIndex(index, d, this.shape.map((size, i) => i === d ? index.numel : size)), value);
  }

  /** `value` where the mask (broadcast) holds, else the element. In-place form: `maskedFill_`. */
  maskedFill(this: Tensor, mask: Tensor, value: Operand): Tensor {
    checkMask("maskedFill", mask);
    return apply("where", [mask, typed("maskedFill", value, this), this], {});
  }

  /** {@link maskedFill} in place. */
  maskedFill_(this: Tensor, mask: Tensor, value: Operand): Tensor {
    checkMask("maskedFill_", mask);
    return applyInPlace(this, "where", [mask, typed("maskedFill_", value, this), this], {}, "maskedFill_");
  }

  /** The elements where the mask (broadcast) holds, as one dimension. */
  maskedSelect(this: Tensor, mask: Tensor): Tensor {
    checkMask("maskedSelect", mask);
    const shape = apply("where", [mask, this.detach(), this.detach()], {}).shape;
    return this.expand(shape).at(mask.expand(shape));
  }

  /** Elements of the flattened tensor, in the shape of the index; negative indices count from the end. */
  take(this: Tensor, index: Tensor): Tensor {
    return this.reshape(-1).at(index);
  }

  /** Positions of the elements that differ from zero: int32 `[count, ndim]`. Reads the tensor. */
  nonzero(this: Tensor): Tensor {
    const flags = this.to("bool").toTypedArray() as Uint8Array;
    const found: number[] = [];
    for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) found.push(i);
    const result = new Int32Array(found.length * this.ndim);
    for (let row = 0; row < found.length; row++) {
      let rest = found[row]!;
      for (let d = this.ndim - 1; d >= 0; d--) {
        const index = rest % this.shape[d]!;
        result[row * this.ndim + d] = index;
        rest = (rest - index) / this.shape[d]!;
      }
    }
    return fromTypedArray(result, [found.length, this.ndim], { device: this.device });
  }

  /** The matrices' lower triangles, up to the `k`-th diagonal; zero elsewhere. */
  tril(this: Tensor, k = 0): Tensor {
    return triangle("tril", this, (i, j) => j - i <= k);
  }

  /** The matrices' upper triangles, from the `k`-th diagonal on; zero elsewhere. */
  triu(this: Tensor, k = 0): Tensor {
    return triangle("triu", this, (i, j) => j - i >= k);
  }

  /** The whole repeated `times[d]` times along each dimension; dimensions may be added in front. */
  repeat(this: Tensor, ...times: (number | readonly number[])[]): Tensor {
    const counts = (times.length === 1 && typeof times[0] !== "number" ? times[0] : times) as readonly number[];
    const lead = counts.length - this.ndim;
    if (lead < 0 || counts.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new RangeError(
        `repeat: [${counts.join(", ")}] does not suit shape ${
          showShape(this.shape)
        }; give one count ≥ 0 for each of its ${this.ndim} dims, or more`,
      );
    }
    const sizes = counts.map((_, d) => d < lead ? 1 : this.shape[d - lead]!);
    const doubled = this.reshape(sizes.flatMap((size) => [1, size]));
    return doubled.expand(sizes.flatMap((size, d) => [counts[d]!, size])).clone().reshape(
      sizes.map((size, d) => size * counts[d]!),
    );
  }

  /** {@link repeat}, with counts for the last dimensions if there are fewer than dimensions. */
  tile(this: Tensor, ...times: (number | readonly number[])[]): Tensor {
    const counts = (times.length === 1 && typeof times[0] !== "number" ? times[0] : times) as readonly number[];
    return this.repeat([...Array<number>(Math.max(this.ndim - counts.length, 0)).fill(1), ...counts]);
  }

  /** Elements shifted along dimensions, those pushed out coming in at the other end; without dims in the flattened order. */
  roll(this: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
    if (dims === undefined) return this.reshape(-1).roll(shifts, 0).reshape(this.shape);
    const by = typeof shifts === "number" ? [shifts] : shifts;
    const along = normalizeDims("roll", dims, this.ndim);
    if (by.length !== along.length) {
      throw new RangeError(`roll: ${by.length} shifts but ${along.length} dims; give as many of each`);
    }
    const result = along.reduce<Tensor>((x, d, i) => {
      const size = x.shape[d]!;
      const shift = size === 0 ? 0 : ((by[i]! % size) + size) % size;
      return shift === 0
        ? x
        : apply("cat", [x.narrow(d, size - shift, shift), x.narrow(d, 0, size - shift)], { dim: d });
    }, this);
    return result === this ? this.clone() : result;
  }
}

/** A 1-dimensional index along `dim`, repeated (without a copy) to the shape in which `gather` wants it. */
function rowIndex(index: Tensor, dim: number, shape: readonly number[]): Tensor {
  return index.reshape(shape.map((_, d) => d === dim ? index.numel : 1)).expand(
    shape.map((size, d) => d === dim ? index.numel : size),
  );
}

function checkVector(operation: string, index: Tensor): void {
  if (index.ndim > 1 || !index.dtype.startsWith("int")) {
    throw new TypeError(
      `${operation}: the index must be a 1-dimensional int32 or int64 tensor, got ${index.dtype} of shape ${
        showShape(index.shape)
      }`,
    );
  }
}

/** Checks a source that has one slice along a dimension for each index. */
function checkSlices(operation: string, x: Tensor, dim: number, index: Tensor, source: Tensor): void {
  checkVector(operation, index);
  const wanted = x.shape.map((size, d) => d === dim ? index.numel : size);
  if (!sameShape(wanted, source.shape)) {
    throw new RangeError(
      `${operation}: the source has shape ${
        showShape(source.shape)
      }; with ${index.numel} indices along dim ${dim} of shape ${showShape(x.shape)} it must be ${showShape(wanted)}`,
    );
  }
}

function checkIndex(operation: string, x: Tensor, dim: number, index: Tensor): number {
  const d = normalizeDim(operation, dim, x.ndim);
  if (!index.dtype.startsWith("int")) {
    throw new TypeError(`${operation}: the index must be int32 or int64, got ${index.dtype}; cast with .to("int32")`);
  }
  if (Math.max(index.ndim, 1) !== Math.max(x.ndim, 1)) {
    throw new RangeError(
      `${operation}: the index of shape ${showShape(index.shape)} must have as many dimensions as the tensor of shape ${
        showShape(x.shape)
      }`,
    );
  }
  index.shape.forEach((size, i) => {
    if (i !== d && index.numel > 0 && size > (x.shape[i] ?? 1)) {
      throw new RangeError(
        `${operation}: the index of shape ${showShape(index.shape)} is larger than the tensor of shape ${
          showShape(x.shape)
        } in dim ${i}`,
      );
    }
  });
  return d;
}

function modeOf(operation: string, reduce: Exclude<ScatterMode, "set"> | undefined): ScatterMode {
  if (reduce !== undefined) checkOption(operation, "reduce", reduce, ["sum", "prod", "amax", "amin"]);
  return reduce ?? "set";
}

function scatterArguments(operation: string, x: Tensor, dim: number, index: Tensor, source: Operand): [number, Tensor] {
  const d = checkIndex(operation, x, dim, index);
  const values = source instanceof Tensor ? source : constant(operation, source, x.dtype, x.device, index.shape);
  if (values.dtype !== x.dtype) {
    throw new TypeError(
      `${operation}: the source is ${values.dtype}, the tensor ${x.dtype}; cast the source with .to("${x.dtype}")`,
    );
  }
  if (values.ndim !== index.ndim || index.shape.some((size, i) => size > values.shape[i]!)) {
    throw new RangeError(
      `${operation}: the index of shape ${showShape(index.shape)} is not within the source of shape ${
        showShape(values.shape)
      }`,
    );
  }
  return [d, values];
}

function checkMask(operation: string, mask: Tensor): void {
  if (mask.dtype !== "bool") {
    throw new TypeError(`${operation}: the mask must be bool, got ${mask.dtype}; compare, or cast with .to("bool")`);
  }
}

/** A fill value in the tensor's own dtype, so that it does not promote. */
function typed(operation: string, value: Operand, x: Tensor): Operand {
  return value instanceof Tensor ? value.to(x.dtype) : constant(operation, value, x.dtype, x.device);
}

function triangle(operation: string, x: Tensor, holds: (i: number, j: number) => boolean): Tensor {
  if (x.ndim < 2) throw new RangeError(`${operation}: needs at least 2 dimensions, got shape ${showShape(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const mask = new Uint8Array(sizeOf([rows, columns]));
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) mask[i * columns + j] = holds(i, j) ? 1 : 0;
  const kept = fromTypedArray(mask, [rows, columns], { dtype: "bool", device: x.device });
  return apply("where", [kept, x, typed(operation, 0, x)], {});
}

/** Views: other shapes of the same storage, through which it can be written. */
import { apply } from "../apply.ts";
import { checkNumbers, checkTensor } from "../checks.ts";
import {
  checkShape,
  inferShape,
  normalizeDim,
  normalizeDims,
  sameShape,
  showShape,
  sizeOf,
  viewStrides,
} from "../shape.ts";
import { TensorReduction } from "./reduction.ts";
import type { Tensor } from "./tensor.ts";
import { checkOptions } from "../options.ts";

function sizesOf(operation: string, sizes: readonly (number | readonly number[])[]): readonly number[] {
  const list = (sizes.length === 1 && typeof sizes[0] !== "number" ? sizes[0] : sizes) as readonly number[];
  checkNumbers(operation, "the sizes", list);
  return list;
}

/** Part of {@link Tensor}: views. */
export abstract class TensorView extends TensorReduction {
  /**
   * The same storage under another shape; one size may be -1.
   *
   * @throws RangeError when the number of elements differs, or only a copy could show that shape.
   */
  view(this: Tensor, ...sizes: (number | readonly number[])[]): Tensor {
    return apply("reshape", [this], { shape: inferShape("view", sizesOf("view", sizes), this.shape) });
  }

  /** Another shape: a view where possible, else a copy. One size may be -1. */
  reshape(this: Tensor, ...sizes: (number | readonly number[])[]): Tensor {
    const shape = inferShape("reshape", sizesOf("reshape", sizes), this.shape);
    const source = viewStrides(this.shape, this.strides, shape) === null ? this.clone() : this;
    return apply("reshape", [source], { shape });
  }

  /** {@link view} with the shape of another tensor. */
  viewAs(this: Tensor, other: Tensor): Tensor {
    checkTensor("viewAs", other);
    return this.view(other.shape);
  }

  /** {@link reshape} with the shape of another tensor. */
  reshapeAs(this: Tensor, other: Tensor): Tensor {
    checkTensor("reshapeAs", other);
    return this.reshape(other.shape);
  }

  /** Two dimensions exchanged. */
  transpose(this: Tensor, dim0: number, dim1: number): Tensor {
    const a = normalizeDim("transpose", dim0, this.ndim);
    const b = normalizeDim("transpose", dim1, this.ndim);
    const dims = this.shape.map((_, d) => d === a ? b : d === b ? a : d);
    return apply("permute", [this], { dims });
  }

  /** The transpose of a matrix; vectors and 0-dimensional tensors stay as they are. */
  t(this: Tensor): Tensor {
    if (this.ndim > 2) {
      throw new RangeError(
        `t: expected at most 2 dimensions, got shape ${showShape(this.shape)}; use transpose(dim0, dim1)`,
      );
    }
    return this.ndim < 2 ? apply("permute", [this], { dims: this.shape.map((_, d) => d) }) : this.transpose(0, 1);
  }

  /**
   * Dimensions in another order.
   *
   * @throws RangeError unless every dimension is named once.
   */
  permute(this: Tensor, ...dims: (number | readonly number[])[]): Tensor {
    const order = sizesOf("permute", dims);
    if (order.length !== this.ndim) {
      throw new RangeError(
        `permute: got ${order.length} dims [${order.join(", ")}] for shape ${
          showShape(this.shape)
        }; name each of its ${this.ndim} once`,
      );
    }
    return apply("permute", [this], { dims: this.ndim === 0 ? [] : normalizeDims("permute", order, this.ndim) });
  }

  /** Dimensions moved to other places, the rest in order. */
  movedim(this: Tensor, source: number | readonly number[], destination: number | readonly number[]): Tensor {
    const from = normalizeDims("movedim", source, this.ndim);
    const to = normalizeDims("movedim", destination, this.ndim);
    if (from.length !== to.length) {
      throw new RangeError(`movedim: ${from.length} source dims but ${to.length} destinations; give as many of each`);
    }
    const rest = this.shape.map((_, d) => d).filter((d) => !from.includes(d));
    return this.permute(this.shape.map((_, d) => to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
  }

  /**
   * `length` elements of a dimension from `start` (negative: from the end) on.
   *
   * @throws RangeError when they are not all there.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 4]);
   * x.narrow(1, 1, 2).fill_(5);
   * x.toArray(); // [[0, 5, 5, 0], [0, 5, 5, 0]]
   * ```
   */
  narrow(this: Tensor, dim: number, start: number, length: number): Tensor {
    const d = dimOf("narrow", dim, this);
    const size = this.shape[d]!;
    const begin = start < 0 ? start + size : start;
    if (!Number.isInteger(begin) || !Number.isInteger(length) || begin < 0 || length < 0 || begin + length > size) {
      throw new RangeError(
        `narrow: start ${start} and length ${length} do not lie within dim ${dim} of size ${size} (shape ${
          showShape(this.shape)
        })`,
      );
    }
    return apply("slice", [this], { dim: d, start: begin, length, step: 1 });
  }

  /** One index of a dimension, which goes away. @throws RangeError when it is out of range. */
  select(this: Tensor, dim: number, index: number): Tensor {
    const d = dimOf("select", dim, this);
    const size = this.shape[d]!;
    if (!Number.isInteger(index) || index < -size || index >= size) {
      throw new RangeError(
        `select: index ${index} is out of range for dim ${dim} of size ${size}; expected ${-size} to ${size - 1}`,
      );
    }
    return apply("select", [this], { dim: d, index: index < 0 ? index + size : index });
  }

  /**
   * Dimensions of size 1 repeated without a copy; -1 keeps a size. New dimensions may be put in front.
   *
   * @throws RangeError when another size than 1 would change.
   */
  expand(this: Tensor, ...sizes: (number | readonly number[])[]): Tensor {
    const wanted = sizesOf("expand", sizes);
    const lead = wanted.length - this.ndim;
    const shape = wanted.map((size, d) => size === -1 && d >= lead ? this.shape[d - lead]! : size);
    const fits = lead >= 0 &&
      shape.every((size, d) =>
        Number.isInteger(size) && size >= 0 && (d < lead || this.shape[d - lead] === 1 || this.shape[d - lead] === size)
      );
    if (!fits) {
      throw new RangeError(
        `expand: shape ${showShape(this.shape)} cannot become ${
          showShape(wanted)
        }; only dims of size 1 are repeated, and dims are added in front`,
      );
    }
    if (sameShape(shape, this.shape)) return this;
    checkShape("expand", shape);
    return apply("expand", [this], { shape });
  }

  /** {@link expand} to the shape of another tensor. */
  expandAs(this: Tensor, other: Tensor): Tensor {
    checkTensor("expandAs", other);
    return this.expand(other.shape);
  }

  /** Without dimensions of size 1: all of them, or those named (which may be larger, and then stay). */
  squeeze(this: Tensor, dim?: number | readonly number[]): Tensor {
    const dims = normalizeDims("squeeze", dim, this.ndim);
    return apply("reshape", [this], { shape: this.shape.filter((size, d) => size !== 1 || !dims.includes(d)) });
  }

  /** A dimension of size 1 put in at `dim`. */
  unsqueeze(this: Tensor, dim: number): Tensor {
    const d = normalizeDim("unsqueeze", dim, this.ndim + 1);
    return apply("reshape", [this], { shape: [...this.shape.slice(0, d), 1, ...this.shape.slice(d)] });
  }

  /** Dimensions `start` to `end` as one; a view where possible. */
  flatten(this: Tensor, start = 0, end = -1): Tensor {
    const a = normalizeDim("flatten", start, this.ndim);
    const b = normalizeDim("flatten", end, this.ndim);
    if (a > b) {
      throw new RangeError(`flatten: start ${start} lies behind end ${end} for shape ${showShape(this.shape)}`);
    }
    return this.reshape([...this.shape.slice(0, a), sizeOf(this.shape.slice(a, b + 1)), ...this.shape.slice(b + 1)]);
  }

  /** One dimension as several; one size may be -1. */
  unflatten(this: Tensor, dim: number, sizes: readonly number[]): Tensor {
    const d = dimOf("unflatten", dim, this);
    checkNumbers("unflatten", "the sizes", sizes);
    return this.view([
      ...this.shape.slice(0, d),
      ...inferShape("unflatten", sizes, [this.shape[d]!]),
      ...this.shape.slice(d + 1),
    ]);
  }

  /** Windows of `size` elements every `step` along a dimension, as a new last dimension. */
  unfold(this: Tensor, dim: number, size: number, step: number): Tensor {
    const x = this.ndim === 0 ? this.unsqueeze(0) : this;
    const d = normalizeDim("unfold", dim, x.ndim);
    const whole = Number.isInteger(size) && Number.isInteger(step);
    if (!whole || size < 0 || size > x.shape[d]! || step < 1) {
      throw new RangeError(
        `unfold: size ${size} and step ${step} do not suit dim ${dim} of size ${
          x.shape[d]
        }; need integers with 0 ≤ size ≤ ${x.shape[d]} and step ≥ 1`,
      );
    }
    // PyTorch gives what has no dimensions one only.
    return this.ndim === 0 ? x.narrow(0, 0, size) : apply("unfold", [x], { dim: d, size, step });
  }

  /** The diagonal of two dimensions as a new last one; a positive offset lies above the main diagonal. */
  diagonal(
    this: Tensor,
    options: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number } = {},
  ): Tensor {
    checkOptions("diagonal", options, ["dim1", "dim2", "offset"]);
    const { offset = 0 } = options;
    if (this.ndim < 2) {
      throw new RangeError(`diagonal: needs at least 2 dimensions, got shape ${showShape(this.shape)}`);
    }
    const [dim1, dim2] = normalizeDims("diagonal", [options.dim1 ?? 0, options.dim2 ?? 1], this.ndim) as [
      number,
      number,
    ];
    return apply("diagonal", [this], { offset, dim1, dim2 });
  }

  /** Elements in reverse order along dimensions; a copy, since tensors have no negative strides. */
  flip(this: Tensor, ...dims: (number | readonly number[])[]): Tensor {
    const order = sizesOf("flip", dims);
    return apply("flip", [this], { dims: order.length === 0 ? [] : normalizeDims("flip", order, this.ndim) }).clone();
  }

  /** Pieces along a dimension: of one size (the last may be shorter), or of the sizes given. */
  split(this: Tensor, sizes: number | readonly number[], dim = 0): Tensor[] {
    const d = dimOf("split", dim, this);
    checkNumbers("split", "sizes", sizes);
    const length = this.shape[d]!;
    if (typeof sizes === "number") {
      if (!(Number.isInteger(sizes) && sizes > 0)) {
        throw new RangeError(`split: size ${sizes} is not a positive integer`);
      }
      const count = Math.max(Math.ceil(length / sizes), 1);
      checkPieces("split", count);
      return Array.from({ length: count }, (_, i) => this.narrow(d, i * sizes, Math.min(sizes, length - i * sizes)));
    }
    const total = sizes.reduce((a, b) => a + b, 0);
    if (total !== length) {
      throw new RangeError(`split: sizes [${sizes.join(", ")}] sum to ${total}, but dim ${dim} has size ${length}`);
    }
    let start = 0;
    return sizes.map((size) => this.narrow(d, (start += size) - size, size));
  }

  /** At most `count` pieces of equal size along a dimension (the last may be shorter). */
  chunk(this: Tensor, count: number, dim = 0): Tensor[] {
    if (!(Number.isInteger(count) && count > 0)) {
      throw new RangeError(`chunk: ${count} is not a positive number of pieces`);
    }
    return this.split(Math.max(Math.ceil(this.shape[dimOf("chunk", dim, this)]! / count), 1), dim);
  }

  /** The slices along a dimension, which goes away. */
  unbind(this: Tensor, dim = 0): Tensor[] {
    const d = dimOf("unbind", dim, this);
    checkPieces("unbind", this.shape[d]!);
    return Array.from({ length: this.shape[d]! }, (_, i) => this.select(d, i));
  }
}

/** Expanded dimensions may be of any size, without memory; a tensor for each index takes some. */
const mostPieces = 2 ** 20;

function checkPieces(operation: string, count: number): void {
  if (count > mostPieces) {
    throw new RangeError(
      `${operation}: ${count} pieces are too many; at most ${mostPieces} tensors are made in one call`,
    );
  }
}

/** A dimension that must exist, which a 0-dimensional tensor's do not. */
function dimOf(operation: string, dim: number, x: Tensor): number {
  if (x.ndim === 0) {
    throw new RangeError(`${operation}: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one`);
  }
  return normalizeDim(operation, dim, x.ndim);
}

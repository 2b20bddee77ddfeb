/** Views: other geometries of the same storage. Writes to a view change its base. */
import { apply } from "../engine/apply.ts";
import { checkNumbers, checkTensor } from "../engine/checks.ts";
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
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions } from "../options.ts";

function sizesOf(operation: string, sizes: readonly (number | readonly number[])[]): readonly number[] {
  const list = (sizes.length === 1 && typeof sizes[0] !== "number" ? sizes[0] : sizes) as readonly number[];
  checkNumbers(operation, "the sizes", list);
  return list;
}

export function view(x: Tensor, sizes: readonly (number | readonly number[])[]): Tensor {
  return apply("reshape", [x], { shape: inferShape("view", sizesOf("view", sizes), x.shape) });
}

export function reshape(x: Tensor, sizes: readonly (number | readonly number[])[]): Tensor {
  const shape = inferShape("reshape", sizesOf("reshape", sizes), x.shape);
  const source = x.isContiguous() || viewStrides(x.shape, x.strides, shape) !== null ? x : x.clone();
  return apply("reshape", [source], { shape });
}

export function viewAs(x: Tensor, other: Tensor): Tensor {
  checkTensor("viewAs", other);
  return x.view(other.shape);
}

export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  checkTensor("reshapeAs", other);
  return x.reshape(other.shape);
}

export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const a = normalizeDim("transpose", dim0, x.ndim);
  const b = normalizeDim("transpose", dim1, x.ndim);
  const dims = x.shape.map((_, d) => d === a ? b : d === b ? a : d);
  return apply("permute", [x], { dims });
}

export function t(x: Tensor): Tensor {
  if (x.ndim > 2) {
    throw new RangeError(
      `t: expected at most 2 dimensions, got shape ${showShape(x.shape)}; use transpose(dim0, dim1)`,
    );
  }
  return x.ndim < 2 ? apply("permute", [x], { dims: x.shape.map((_, d) => d) }) : x.transpose(0, 1);
}

export function permute(x: Tensor, dims: readonly (number | readonly number[])[]): Tensor {
  const order = sizesOf("permute", dims);
  if (order.length !== x.ndim) {
    throw new RangeError(
      `permute: got ${order.length} dims [${order.join(", ")}] for shape ${
        showShape(x.shape)
      }; name each of its ${x.ndim} once`,
    );
  }
  return apply("permute", [x], { dims: x.ndim === 0 ? [] : normalizeDims("permute", order, x.ndim) });
}

export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const from = normalizeDims("movedim", source, x.ndim);
  const to = normalizeDims("movedim", destination, x.ndim);
  if (from.length !== to.length) {
    throw new RangeError(`movedim: ${from.length} source dims but ${to.length} destinations; give as many of each`);
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  return x.permute(x.shape.map((_, d) => to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
}

export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const d = dimOf("narrow", dim, x);
  const size = x.shape[d]!;
  const begin = start < 0 ? start + size : start;
  if (!Number.isInteger(begin) || !Number.isInteger(length) || begin < 0 || length < 0 || begin + length > size) {
    throw new RangeError(
      `narrow: start ${start} and length ${length} do not lie within dim ${dim} of size ${size} (shape ${
        showShape(x.shape)
      })`,
    );
  }
  return apply("slice", [x], { dim: d, start: begin, length, step: 1 });
}

export function select(x: Tensor, dim: number, index: number, operation = "select"): Tensor {
  const d = dimOf(operation, dim, x);
  const size = x.shape[d]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new RangeError(
      `${operation}: index ${index} is out of range for dim ${dim} of size ${size}; expected ${-size} to ${size - 1}`,
    );
  }
  return apply("select", [x], { dim: d, index: index < 0 ? index + size : index });
}

export function expand(x: Tensor, sizes: readonly (number | readonly number[])[]): Tensor {
  const wanted = sizesOf("expand", sizes);
  const lead = wanted.length - x.ndim;
  const shape = wanted.map((size, d) => size === -1 && d >= lead ? x.shape[d - lead]! : size);
  const fits = lead >= 0 &&
    shape.every((size, d) =>
      Number.isInteger(size) && size >= 0 && (d < lead || x.shape[d - lead] === 1 || x.shape[d - lead] === size)
    );
  if (!fits) {
    throw new RangeError(
      `expand: shape ${showShape(x.shape)} cannot become ${
        showShape(wanted)
      }; only dims of size 1 are repeated, and dims are added in front`,
    );
  }
  if (sameShape(shape, x.shape)) return x;
  checkShape("expand", shape);
  return apply("expand", [x], { shape });
}

export function expandAs(x: Tensor, other: Tensor): Tensor {
  checkTensor("expandAs", other);
  return x.expand(other.shape);
}

export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  const dims = normalizeDims("squeeze", dim, x.ndim);
  return apply("reshape", [x], { shape: x.shape.filter((size, d) => size !== 1 || !dims.includes(d)) });
}

export function unsqueeze(x: Tensor, dim: number): Tensor {
  const d = normalizeDim("unsqueeze", dim, x.ndim + 1);
  return apply("reshape", [x], { shape: [...x.shape.slice(0, d), 1, ...x.shape.slice(d)] });
}

export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  const a = normalizeDim("flatten", start, x.ndim);
  const b = normalizeDim("flatten", end, x.ndim);
  if (a > b) {
    throw new RangeError(`flatten: start ${start} is after end ${end} for shape ${showShape(x.shape)}`);
  }
  return x.reshape([...x.shape.slice(0, a), sizeOf(x.shape.slice(a, b + 1)), ...x.shape.slice(b + 1)]);
}

export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const d = dimOf("unflatten", dim, x);
  checkNumbers("unflatten", "the sizes", sizes);
  return x.view([
    ...x.shape.slice(0, d),
    ...inferShape("unflatten", sizes, [x.shape[d]!]),
    ...x.shape.slice(d + 1),
  ]);
}

export function unfold(input: Tensor, dim: number, size: number, step: number): Tensor {
  const x = input.ndim === 0 ? input.unsqueeze(0) : input;
  const d = normalizeDim("unfold", dim, x.ndim);
  const whole = Number.isInteger(size) && Number.isInteger(step);
  if (!whole || size < 0 || size > x.shape[d]! || step < 1) {
    throw new RangeError(
      `unfold: size ${size} and step ${step} do not fit dim ${dim} of size ${
        x.shape[d]
      }; need integers with 0 ≤ size ≤ ${x.shape[d]} and step ≥ 1`,
    );
  }
  // As in PyTorch, a 0-dimensional tensor gets one dimension only.
  return input.ndim === 0 ? x.narrow(0, 0, size) : apply("unfold", [x], { dim: d, size, step });
}

export function diagonal(
  x: Tensor,
  options: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number } = {},
): Tensor {
  checkOptions("diagonal", options, ["dim1", "dim2", "offset"]);
  const { offset = 0 } = options;
  if (x.ndim < 2) {
    throw new RangeError(`diagonal: needs at least 2 dimensions, got shape ${showShape(x.shape)}`);
  }
  if (!Number.isInteger(offset)) throw new RangeError(`diagonal: offset is ${offset}; it must be an integer`);
  const [dim1, dim2] = normalizeDims("diagonal", [options.dim1 ?? 0, options.dim2 ?? 1], x.ndim) as [
    number,
    number,
  ];
  return apply("diagonal", [x], { offset, dim1, dim2 });
}

export function flip(x: Tensor, dims: readonly (number | readonly number[])[]): Tensor {
  const order = sizesOf("flip", dims);
  const flipped = apply("flip", [x], { dims: order.length === 0 ? [] : normalizeDims("flip", order, x.ndim) });
  return apply("cast", [flipped], { dtype: x.dtype }, "flip");
}

export function split(x: Tensor, sizes: number | readonly number[], dim = 0): Tensor[] {
  const d = dimOf("split", dim, x);
  checkNumbers("split", "sizes", sizes);
  const length = x.shape[d]!;
  if (typeof sizes === "number") {
    if (!(Number.isInteger(sizes) && sizes > 0)) {
      throw new RangeError(`split: size ${sizes} is not a positive integer`);
    }
    const count = Math.max(Math.ceil(length / sizes), 1);
    checkPieces("split", count);
    return Array.from({ length: count }, (_, i) => x.narrow(d, i * sizes, Math.min(sizes, length - i * sizes)));
  }
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== length) {
    throw new RangeError(`split: sizes [${sizes.join(", ")}] sum to ${total}, but dim ${dim} has size ${length}`);
  }
  let start = 0;
  return sizes.map((size) => x.narrow(d, (start += size) - size, size));
}

export function chunk(x: Tensor, count: number, dim = 0): Tensor[] {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new RangeError(`chunk: ${count} is not a positive number of pieces`);
  }
  return x.split(Math.max(Math.ceil(x.shape[dimOf("chunk", dim, x)]! / count), 1), dim);
}

export function unbind(x: Tensor, dim = 0): Tensor[] {
  const d = dimOf("unbind", dim, x);
  checkPieces("unbind", x.shape[d]!);
  return Array.from({ length: x.shape[d]! }, (_, i) => x.select(d, i));
}

/** The most pieces. An expanded dimension of any size takes no memory, but a tensor for each of its indices does. */
const mostPieces = 2 ** 20;

function checkPieces(operation: string, count: number): void {
  if (count > mostPieces) {
    throw new RangeError(
      `${operation}: ${count} pieces are too many; at most ${mostPieces} tensors are made in one call`,
    );
  }
}

/** Normalises a dimension. @throws RangeError for a 0-dimensional tensor, which has none. */
function dimOf(operation: string, dim: number, x: Tensor): number {
  if (x.ndim === 0) {
    throw new RangeError(`${operation}: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one`);
  }
  return normalizeDim(operation, dim, x.ndim);
}

export function sumToSize(x: Tensor, sizes: readonly (number | readonly number[])[]): Tensor {
  const wanted = sizesOf("sumToSize", sizes);
  const lead = x.ndim - wanted.length;
  if (lead < 0 || wanted.some((size, d) => size !== 1 && size !== x.shape[lead + d])) {
    throw new RangeError(
      `sumToSize: shape ${showShape(x.shape)} does not sum to ${showShape(wanted)}, which must broadcast to it`,
    );
  }
  const summed = x.shape.map((_, d) => d).filter((d) => d < lead || (wanted[d - lead] === 1 && x.shape[d] !== 1));
  return summed.length === 0 ? x : x.sum(summed, { keepdim: true }).reshape(wanted);
}

/** Matrices of diagonals, and diagonals of matrices. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkNumber, checkOperands } from "../engine/checks.ts";
import type { Scalar } from "../dtype.ts";
import { checkOptions } from "../options.ts";
import { normalizeDims, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { arange, full } from "./creation.ts";

function checkDiagonal(operation: string, k: number): void {
  checkNumber(operation, "the diagonal", k);
  if (!Number.isInteger(k)) throw new RangeError(`${operation}: the diagonal ${k} is not an integer`);
}

export function diagEmbed(
  x: Tensor,
  options: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number } = {},
): Tensor {
  checkOptions("diagEmbed", options, ["dim1", "dim2", "offset"]);
  const { offset = 0 } = options;
  checkDiagonal("diagEmbed", offset);
  if (x.ndim === 0) throw new RangeError("diagEmbed: a 0-dimensional tensor is no diagonal; reshape(1) makes it one");
  const dims = [options.dim1 ?? -2, options.dim2 ?? -1];
  const [dim1, dim2] = normalizeDims("diagEmbed", dims, x.ndim + 1) as [number, number];
  const rest = x.shape.slice(0, -1);
  const size = x.shape.at(-1)! + Math.abs(offset);
  const shape = Array.from({ length: x.ndim + 1 }, (_, d) => d === dim1 || d === dim2 ? size : rest.shift()!);
  return apply("embed", [x], { shape, value: 0, view: { prim: "diagonal", attrs: { offset, dim1, dim2 } } });
}

export function diag(x: Tensor, k = 0): Tensor {
  checkDiagonal("diag", k);
  if (x.ndim < 1 || x.ndim > 2) {
    throw new RangeError(
      `diag: expected a vector or a matrix, got shape ${showShape(x.shape)}; use diagonal or diagEmbed`,
    );
  }
  return x.ndim === 1 ? x.diagEmbed({ offset: k }) : x.diagonal({ offset: k }).clone();
}

export function diagflat(x: Tensor, offset = 0): Tensor {
  checkDiagonal("diagflat", offset);
  return x.reshape(-1).diagEmbed({ offset });
}

export function fillDiagonal_(x: Tensor, value: Scalar, options: { readonly wrap?: boolean } = {}): Tensor {
  checkOptions("fillDiagonal_", options, ["wrap"]);
  checkOperands("fillDiagonal_", [value]);
  const { wrap = false } = options;
  if (x.ndim < 2 || (x.ndim > 2 && x.shape.some((size) => size !== x.shape[0]))) {
    throw new RangeError(
      `fillDiagonal_: shape ${showShape(x.shape)} is neither that of a matrix nor has equal sizes in all dims`,
    );
  }
  // The diagonal lies at multiples of the sum of the strides of contiguous memory.
  const step = x.shape.reduce((sum, _, d) => sum + sizeOf(x.shape.slice(d + 1)), 0);
  const least = Math.min(...x.shape);
  const count = wrap && x.ndim === 2 ? Math.ceil(x.numel / step) : least;
  if (least === 0) return x;
  const places = arange(count, { dtype: "int32", device: x.device }).mul(step);
  return overwrite(
    "fillDiagonal_",
    x,
    [],
    (x) => x.put(places, full([count], value, { dtype: x.dtype, device: x.device })),
  );
}

export function trace(x: Tensor): Tensor {
  if (x.ndim !== 2) {
    throw new RangeError(
      `trace: expected a matrix, got shape ${showShape(x.shape)}; use diagonal().sum(-1) for batches`,
    );
  }
  return x.diagonal().sum();
}

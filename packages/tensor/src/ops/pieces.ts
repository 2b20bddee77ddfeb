/** Tensors cut into pieces of any size, mirrored and turned. */
import { checkNumbers, checkTensor } from "../engine/checks.ts";
import { checkHostSize, normalizeDim, normalizeDims, showShape } from "../shape.ts";
import { isTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A number of pieces, or the indices at which they begin. */
export type Sections = number | readonly number[] | Tensor;

function sectionsOf(operation: string, sections: Sections): number | readonly number[] {
  if (!isTensor(sections)) {
    checkNumbers(operation, "the sections", sections);
    return sections;
  }
  checkTensor(operation, sections, "the sections");
  if (!sections.dtype.startsWith("int") || sections.ndim > 1) {
    throw new TypeError(
      `${operation}: sections must be an integer or a vector of them, got ${sections.dtype} of shape ${
        showShape(sections.shape)
      }`,
    );
  }
  const values = Array.from(sections.toTypedArray(), Number);
  return sections.ndim === 0 ? values[0]! : values;
}

function cut(operation: string, x: Tensor, sections: number | readonly number[], dim: number): Tensor[] {
  if (x.ndim === 0) {
    throw new RangeError(`${operation}: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one`);
  }
  const d = normalizeDim(operation, dim, x.ndim);
  const size = x.shape[d]!;
  const each = [sections].flat();
  if (each.some((n) => !Number.isInteger(n)) || (typeof sections === "number" && sections < 1)) {
    throw new RangeError(
      `${operation}: [${each.join(", ")}] is neither a positive number of pieces nor a list of indices`,
    );
  }
  if (typeof sections === "number") {
    checkHostSize(operation, [sections]);
    // The first pieces are one longer where it does not divide.
    const [least, longer] = [Math.floor(size / sections), size % sections];
    return x.split(Array.from({ length: sections }, (_, i) => least + Number(i < longer)), d);
  }
  const within = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
  const bounds = [0, ...sections.map(within), size];
  return bounds.slice(1).map((end, i) => x.narrow(d, bounds[i]!, Math.max(end - bounds[i]!, 0)));
}

export function tensorSplit(x: Tensor, sections: Sections, dim = 0): Tensor[] {
  return cut("tensorSplit", x, sectionsOf("tensorSplit", sections), dim);
}

function evenly(
  operation: string,
  x: Tensor,
  sections: number | readonly number[],
  dim: number,
  least: number,
): Tensor[] {
  checkNumbers(operation, "the sections", sections);
  if (x.ndim < least) {
    throw new RangeError(`${operation}: needs at least ${least} dimensions, got shape ${showShape(x.shape)}`);
  }
  if (typeof sections === "number" && x.shape[dim]! % sections !== 0) {
    throw new RangeError(
      `${operation}: dim ${dim} of shape ${showShape(x.shape)} does not divide into ${sections}; use tensorSplit`,
    );
  }
  return cut(operation, x, sections, dim);
}

export function hsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  return evenly("hsplit", x, sections, x.ndim === 1 ? 0 : 1, 1);
}

export function vsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  return evenly("vsplit", x, sections, 0, 2);
}

export function dsplit(x: Tensor, sections: number | readonly number[]): Tensor[] {
  return evenly("dsplit", x, sections, 2, 3);
}

export function fliplr(x: Tensor): Tensor {
  if (x.ndim < 2) throw new RangeError(`fliplr: needs at least 2 dimensions, got shape ${showShape(x.shape)}`);
  return x.flip(1);
}

export function flipud(x: Tensor): Tensor {
  if (x.ndim < 1) throw new RangeError("flipud: needs at least 1 dimension, got none");
  return x.flip(0);
}

export function rot90(x: Tensor, k = 1, dims: readonly [number, number] = [0, 1]): Tensor {
  if (!Number.isInteger(k)) throw new RangeError(`rot90: k ${k} is not an integer`);
  if (!Array.isArray(dims) || dims.length !== 2 || x.ndim < 2) {
    throw new RangeError(
      `rot90: turns in a plane of two dims, got [${[dims].flat().join(", ")}] of shape ${showShape(x.shape)}`,
    );
  }
  const [a, b] = normalizeDims("rot90", dims, x.ndim) as [number, number];
  switch (((k % 4) + 4) % 4) {
    case 1:
      return x.flip(b).transpose(a, b).contiguous();
    case 2:
      return x.flip(a, b);
    case 3:
      return x.flip(a).transpose(a, b).contiguous();
    default:
      return x.clone();
  }
}

/** Copies of a tensor in which a view holds other values. */
import { checkTensor } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { normalizeDim, sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { select } from "./view.ts";

function written(operation: string, x: Tensor, source: Tensor, view: (x: Tensor) => Tensor): Tensor {
  checkTensor(operation, source, "the source");
  const result = x.clone();
  const part = view(result);
  if (!sameShape(part.shape, source.shape)) {
    throw new RangeError(
      `${operation}: the source has shape ${showShape(source.shape)}, what it is written to ${showShape(part.shape)}`,
    );
  }
  part.copy_(source);
  return result;
}

/** Which diagonal, and of which dimensions. */
export interface DiagonalOptions {
  /** The diagonal; above the main one for positive numbers. Default 0. */
  readonly offset?: number;
  /** The rows' dimension, by default 0. */
  readonly dim1?: number;
  /** The columns' dimension, by default 1. */
  readonly dim2?: number;
}

export function diagonalScatter(x: Tensor, source: Tensor, options: DiagonalOptions = {}): Tensor {
  checkOptions("diagonalScatter", options, ["dim1", "dim2", "offset"]);
  return written("diagonalScatter", x, source, (x) => x.diagonal(options));
}

export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  return written("selectScatter", x, source, (x) => select(x, dim, index, "selectScatter"));
}

/** What `sliceScatter` writes to. */
export interface SliceOptions {
  /** The first index, by default 0. Negative ones count from the end. */
  readonly start?: number;
  /** The index behind the last, by default the end. */
  readonly end?: number;
  /** The distance of one to the next, by default 1. */
  readonly step?: number;
}

export function sliceScatter(x: Tensor, source: Tensor, dim = 0, options: SliceOptions = {}): Tensor {
  checkOptions("sliceScatter", options, ["end", "start", "step"]);
  const { start, end, step = 1 } = options;
  for (const [name, value] of Object.entries({ start: start ?? 0, end: end ?? 0, step })) {
    if (!Number.isInteger(value)) throw new RangeError(`sliceScatter: ${name} is ${value}; it must be an integer`);
  }
  if (step < 1) throw new RangeError(`sliceScatter: step ${step} is not positive`);
  const d = normalizeDim("sliceScatter", dim, x.ndim);
  const slice = `${start ?? ""}:${end ?? ""}:${step}` as const;
  return written("sliceScatter", x, source, (x) => x.at(...Array<":">(d).fill(":"), slice));
}

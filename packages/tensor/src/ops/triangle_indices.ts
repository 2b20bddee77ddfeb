/** Indices of the elements of triangles. */
import { checkNumber } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { checkHostSize, checkShape } from "../shape.ts";
import { type TensorOptions, tensorOptions } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray } from "./creation.ts";

function triangleIndices(
  operation: string,
  rows: number,
  columns: number,
  offset: number,
  options: TensorOptions,
  holds: (diagonal: number) => boolean,
): Tensor {
  checkOptions(operation, options, tensorOptions);
  checkShape(operation, [rows, columns]);
  checkHostSize(operation, [rows, columns]);
  checkNumber(operation, "the offset", offset);
  if (!Number.isInteger(offset)) throw new RangeError(`${operation}: the offset ${offset} is not an integer`);
  const found: [number[], number[]] = [[], []];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (!holds(j - i - offset)) continue;
      found[0].push(i);
      found[1].push(j);
    }
  }
  return fromTypedArray(Int32Array.from(found.flat()), [2, found[0].length], { dtype: "int32", ...options });
}

/**
 * The indices of the elements on and below the `offset`-th diagonal (by default the main one) of matrices `[rows, columns]`, row after
 * row: int32 `[2, count]`, the rows' indices first.
 *
 * @throws RangeError for a size that is not a non-negative integer, or an offset that is no integer.
 *
 * @example
 * ```ts
 * import { trilIndices } from "@heddle/tensor";
 * trilIndices(2, 2).toArray(); // [[0, 1, 1], [0, 0, 1]]
 * ```
 */
export function trilIndices(rows: number, columns: number, offset = 0, options: TensorOptions = {}): Tensor {
  return triangleIndices("trilIndices", rows, columns, offset, options, (diagonal) => diagonal <= 0);
}

/**
 * The indices of the elements on and above the `offset`-th diagonal (by default the main one) of matrices `[rows, columns]`, row after
 * row: int32 `[2, count]`, the rows' indices first.
 *
 * @throws RangeError for a size that is not a non-negative integer, or an offset that is no integer.
 *
 * @example
 * ```ts
 * import { triuIndices } from "@heddle/tensor";
 * triuIndices(2, 2).toArray(); // [[0, 0, 1], [0, 1, 1]]
 * ```
 */
export function triuIndices(rows: number, columns: number, offset = 0, options: TensorOptions = {}): Tensor {
  return triangleIndices("triuIndices", rows, columns, offset, options, (diagonal) => diagonal >= 0);
}

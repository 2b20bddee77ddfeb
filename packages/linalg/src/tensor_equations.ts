/** Tensors taken for matrices: their equations and inverses. */
import type { Tensor } from "@heddle/tensor";
import { checkNumberArray, checkOptions, checkTensor } from "@heddle/tensor/engine";
import { inv, solve } from "./solve.ts";

const shown = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** Options of {@link tensorinv}. */
export interface TensorinvOptions {
  /** How many of the first dimensions are the rows. Default 2. */
  readonly ind?: number;
}

/**
 * The inverse of a tensor whose first `ind` dimensions are the rows of a square matrix, and the others its columns (PyTorch's
 * `torch.linalg.tensorinv`).
 *
 * @returns the shape of `a` with both parts swapped.
 * @throws RangeError for an `ind` that is not a whole number of at least 1, and when both parts have different sizes; Error when the
 * matrix is singular.
 *
 * @example
 * ```ts
 * import { tensorinv } from "@heddle/linalg";
 * import { eye } from "@heddle/tensor";
 * tensorinv(eye(6).reshape(6, 2, 3), { ind: 1 }).shape; // [2, 3, 6]
 * ```
 */
export function tensorinv(a: Tensor, options: TensorinvOptions = {}): Tensor {
  checkOptions("tensorinv", options, ["ind"]);
  checkTensor("tensorinv", a);
  const { ind = 2 } = options;
  if (!(Number.isSafeInteger(ind) && ind >= 1)) {
    throw new RangeError(`tensorinv: ind is ${ind}; it must be a whole number of at least 1`);
  }
  const [rows, columns] = [a.shape.slice(0, ind), a.shape.slice(ind)];
  if (product(rows) !== product(columns)) {
    throw new RangeError(
      `tensorinv: shape ${shown(a.shape)} with ind ${ind} has ${product(rows)} rows and ${
        product(columns)
      } columns; they ` +
        `must be as many`,
    );
  }
  return inv(a.reshape(product(rows), product(columns))).reshape([...columns, ...rows]);
}

/** Options of {@link tensorsolve}. */
export interface TensorsolveOptions {
  /** Dimensions of `a` to move to the end first. Default none. */
  readonly dims?: readonly number[];
}

/**
 * X with A·X = B, where the first dimensions of `a` are those of `b`, and the others those of X (PyTorch's `torch.linalg.tensorsolve`).
 *
 * @param a as many elements as `b` has, squared.
 * @returns the dimensions of `a` that follow those of `b`.
 * @throws RangeError when the sizes do not fit; Error when the matrix is singular.
 *
 * @example
 * ```ts
 * import { tensorsolve } from "@heddle/linalg";
 * import { eye, ones } from "@heddle/tensor";
 * tensorsolve(eye(6).reshape(2, 3, 6), ones([2, 3])).shape; // [6]
 * ```
 */
export function tensorsolve(a: Tensor, b: Tensor, options: TensorsolveOptions = {}): Tensor {
  checkOptions("tensorsolve", options, ["dims"]);
  for (const each of [a, b]) checkTensor("tensorsolve", each);
  const { dims = [] } = options;
  checkNumberArray("tensorsolve", "dims", dims);
  const moved = dims.length === 0 ? a : a.movedim(dims, dims.map((_, i) => a.ndim - dims.length + i));
  const unknowns = moved.shape.slice(b.ndim);
  if (product(unknowns) !== b.numel || moved.numel !== b.numel ** 2) {
    throw new RangeError(
      `tensorsolve: shapes ${shown(moved.shape)} and ${
        shown(b.shape)
      } do not fit; the dims of a after the first ${b.ndim} ` +
        `must have ${b.numel} elements, as b has`,
    );
  }
  return solve(moved.reshape(b.numel, b.numel), b.reshape(-1)).reshape(unknowns);
}

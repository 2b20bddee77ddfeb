/** Systems of linear equations and inverses. */
import { customFunction } from "@heddle/autograd";
import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Matrix } from "ml-matrix";
import { checkSquare, inBatch } from "./check.ts";
import { HostLU } from "./host/lu.ts";
import { type Matrices, matrix, matrixAt, read, writeMatrices } from "./host/matrices.ts";
import { fromTheRight, system } from "./right_side.ts";
import { transposed } from "./transposed.ts";

/** @throws Error when a pivot is exactly zero. */
function decompose(operation: string, a: Matrices, index: number): HostLU {
  const lu = new HostLU(matrixAt(a, index));
  if (lu.zeroPivot !== -1) {
    throw new Error(
      `${operation}: matrix${
        inBatch(index, a.count)
      } is singular: its pivot ${lu.zeroPivot} is 0; use lstsq or pinv for the solution ` +
        `of least norm, or add a multiple of the identity`,
    );
  }
  return lu;
}

const solveMatrices: (a: Tensor, b: Tensor) => Tensor = customFunction({
  name: "solve",
  forward(context, a: Tensor, b: Tensor) {
    const [left, right] = [read(a), read(b)];
    const results = Array.from({ length: left.count }, (_, i) => decompose("solve", left, i).solve(matrixAt(right, i)));
    const x = writeMatrices(left.batch, right.rows, right.columns, a, results);
    context.saveForBackward(a, x);
    return x;
  },
  // X = A⁻¹B: dX = A⁻¹(dB − dA·X). Giles: Collected matrix derivative results, 2008, section 2.3.
  backward(context, g) {
    const [a, x] = context.savedTensors as [Tensor, Tensor];
    const gb = solveMatrices(transposed(a), g);
    return [context.needsInputGrad[0] ? gb.matmul(transposed(x)).neg() : null, gb];
  },
});

/** Options of {@link solve}. */
export interface SolveOptions {
  /** Whether to solve A·X = B (the default), or X·A = B. */
  readonly left?: boolean;
}

/**
 * X with A·X = B (PyTorch's `torch.linalg.solve`), by LU decomposition in float64.
 *
 * @param a `[..., n, n]`
 * @param b `[..., n, k]` or `[..., n]`, or `[..., k, n]` where `left` is false; batch dimensions broadcast.
 * @returns the shape of `b`, with the batch, in the dtype of `a`.
 * @throws RangeError when the sizes do not fit; TypeError for integers and when the dtypes differ; Error when a matrix is singular.
 *
 * @example
 * ```ts
 * import { solve } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * solve(tensor([[2, 0], [0, 4]]), tensor([1, 1])).toArray(); // [0.5, 0.25]
 * ```
 */
export function solve(a: Tensor, b: Tensor, options: SolveOptions = {}): Tensor {
  checkOptions("solve", options, ["left"]);
  checkSquare("solve", a, "use lstsq for systems with more or fewer equations than unknowns");
  const solved = (a: Tensor, b: Tensor, vectors: boolean): Tensor => {
    const { a: left, b: right, vector } = system("solve", a, b, vectors);
    const x = solveMatrices(left, right);
    return vector ? x.squeeze(-1) : x;
  };
  return options.left === false ? fromTheRight("solve", a, b, (a, b) => solved(a, b, false)) : solved(a, b, true);
}

const inverse = customFunction({
  name: "inv",
  // `info` is filled with 0 or the number of the zero pivot, where the inverse is NaN; without it singular matrices are refused.
  forward(context, a: Tensor, info: Int32Array | null) {
    const matrices = read(a);
    const n = matrices.rows;
    const results = Array.from({ length: matrices.count }, (_, i) => {
      const lu = info === null ? decompose("inv", matrices, i) : new HostLU(matrixAt(matrices, i));
      if (info !== null) info[i] = lu.zeroPivot + 1;
      return lu.zeroPivot === -1 ? lu.solve(Matrix.eye(n, n)) : matrix(n, n, () => NaN);
    });
    const y = writeMatrices(matrices.batch, n, n, a, results);
    context.saveForBackward(y);
    return y;
  },
  // dY = −Y·dA·Y. Giles 2008, section 2.2.3.
  backward(context, g) {
    const y = transposed(context.savedTensors[0]!);
    return y.matmul(g).matmul(y).neg();
  },
});

/**
 * The inverse of each matrix (PyTorch's `torch.linalg.inv`). `solve(a, b)` is faster and more accurate than `inv(a).matmul(b)`.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; Error when one is singular.
 *
 * @example
 * ```ts
 * import { inv } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * inv(tensor([[2, 0], [0, 4]])).toArray(); // [[0.5, 0], [0, 0.25]]
 * ```
 */
export function inv(a: Tensor): Tensor {
  checkSquare("inv", a, "use pinv for the pseudo-inverse");
  return inverse(a, null);
}

/** Inverses, and which matrices have none. */
export interface InverseInfo {
  /** `[..., n, n]`, NaN for singular matrices. */
  readonly inverse: Tensor;
  /** int32 `[...]`: 0, or for singular matrices the number of the first zero pivot, counted from 1. */
  readonly info: Tensor;
}

/**
 * The inverse of each matrix, where singular ones are reported and not refused (PyTorch's `torch.linalg.inv_ex`).
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers.
 *
 * @example
 * ```ts
 * import { invEx } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * invEx(tensor([[[2, 0], [0, 4]], [[1, 2], [2, 4]]])).info.toArray(); // [0, 2]
 * ```
 */
export function invEx(a: Tensor): InverseInfo {
  checkSquare("invEx", a, "use pinv for the pseudo-inverse");
  const batch = a.shape.slice(0, -2);
  const info = new Int32Array(batch.reduce((count, size) => count * size, 1));
  return { inverse: inverse(a, info), info: fromTypedArray(info, batch, { device: a.device }) };
}

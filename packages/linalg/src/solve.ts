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

/**
 * The decompositions of a batch.
 *
 * @param info is filled with 0, or for singular matrices with the number of the zero pivot, counted from 1.
 * @throws Error when a pivot is exactly zero and `info` is null.
 */
function decompose(operation: string, a: Matrices, info: Int32Array | null): HostLU[] {
  return Array.from({ length: a.count }, (_, index) => {
    const lu = new HostLU(matrixAt(a, index));
    if (info !== null) info[index] = lu.zeroPivot + 1;
    else if (lu.zeroPivot !== -1) {
      throw new Error(
        `${operation}: matrix${
          inBatch(index, a.count)
        } is singular: its pivot ${lu.zeroPivot} is 0; use lstsq or pinv for the solution ` +
          `of least norm, or add a multiple of the identity`,
      );
    }
    return lu;
  });
}

/** A⁻¹·B, NaN for singular matrices. */
const solved = (lu: HostLU, b: Matrix): Matrix =>
  lu.zeroPivot === -1 ? lu.solve(b) : matrix(b.rows, b.columns, () => NaN);

/** Zeros for the `info` of each matrix. */
const newInfo = (batch: readonly number[]): Int32Array =>
  new Int32Array(batch.reduce((count, size) => count * size, 1));

const solveMatrices: (a: Tensor, b: Tensor, info: Int32Array | null) => Tensor = customFunction({
  name: "solve",
  forward(context, a: Tensor, b: Tensor, info: Int32Array | null) {
    const [left, right] = [read(a), read(b)];
    const results = decompose("solve", left, info).map((lu, i) => solved(lu, matrixAt(right, i)));
    const x = writeMatrices(left.batch, right.rows, right.columns, a, results);
    context.saveForBackward(a, x);
    return x;
  },
  // X = A⁻¹B: dX = A⁻¹(dB − dA·X). Giles: Collected matrix derivative results, 2008, section 2.3.
  backward(context, g) {
    const [a, x] = context.savedTensors as [Tensor, Tensor];
    const gb = solveMatrices(transposed(a), g, null);
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
  return solution("solve", a, b, options, false).result;
}

/** Solutions, and which matrices have none. */
export interface SolveInfo {
  /** As of {@link solve}, NaN for singular matrices. */
  readonly result: Tensor;
  /** int32, of the shape of the batch: 0, or for singular matrices the number of the first zero pivot, counted from 1. */
  readonly info: Tensor;
}

/**
 * As {@link solve}, where singular matrices are reported and not refused (PyTorch's `torch.linalg.solve_ex`).
 *
 * @throws RangeError when the sizes do not fit; TypeError for integers and when the dtypes differ.
 *
 * @example
 * ```ts
 * import { solveEx } from "@heddle/linalg";
 * import { ones, tensor } from "@heddle/tensor";
 * solveEx(tensor([[[2, 0], [0, 4]], [[1, 2], [2, 4]]]), ones([2, 1])).info.toArray(); // [0, 2]
 * ```
 */
export function solveEx(a: Tensor, b: Tensor, options: SolveOptions = {}): SolveInfo {
  checkOptions("solveEx", options, ["left"]);
  checkSquare("solveEx", a, "use lstsq for systems with more or fewer equations than unknowns");
  return solution("solveEx", a, b, options, true);
}

function solution(operation: string, a: Tensor, b: Tensor, { left = true }: SolveOptions, reports: boolean): SolveInfo {
  let batch: readonly number[] = [];
  let info = newInfo(batch);
  const run = (a: Tensor, b: Tensor): Tensor => {
    // Left sides are always matrices.
    const { a: matrices, b: sides, vector } = system(operation, a, b, left);
    batch = matrices.shape.slice(0, -2);
    info = newInfo(batch);
    const x = solveMatrices(matrices, sides, reports ? info : null);
    return vector ? x.squeeze(-1) : x;
  };
  const result = left ? run(a, b) : fromTheRight(operation, a, b, run);
  return { result, info: fromTypedArray(info, batch, { device: a.device }) };
}

const inverse = customFunction({
  name: "inv",
  forward(context, a: Tensor, info: Int32Array | null) {
    const matrices = read(a);
    const n = matrices.rows;
    const results = decompose("inv", matrices, info).map((lu) => solved(lu, Matrix.eye(n, n)));
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
  const info = newInfo(batch);
  return { inverse: inverse(a, info), info: fromTypedArray(info, batch, { device: a.device }) };
}

/** Cholesky decompositions. */
import { customFunction } from "@heddle/autograd";
import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { CholeskyDecomposition } from "ml-matrix";
import { checkFinite, checkSquare, inBatch } from "./check.ts";
import { matrix, matrixAt, mirrored, read, writeMatrices } from "./host/matrices.ts";
import { solve } from "./solve.ts";
import { transposed } from "./transposed.ts";

const lowerFactor = customFunction({
  name: "cholesky",
  // `info` is filled with 0 or 1 for what is not positive definite, where the factor is NaN; without it such matrices are refused.
  forward(context, a: Tensor, info: Int32Array | null) {
    const matrices = mirrored(read(a), false);
    const { batch, count, rows: n } = matrices;
    checkFinite("cholesky", matrices.values);
    const results = Array.from({ length: count }, (_, index) => {
      const symmetric = matrixAt(matrices, index);
      if (n === 0) return symmetric;
      const found = new CholeskyDecomposition(symmetric);
      if (found.isPositiveDefinite()) return found.lowerTriangularMatrix;
      if (info === null) {
        throw new Error(
          `cholesky: matrix${
            inBatch(index, count)
          } is not positive definite; add a multiple of the identity, or decompose it with eigh`,
        );
      }
      info[index] = 1;
      return matrix(n, n, () => NaN);
    });
    const l = writeMatrices(batch, n, n, a, results);
    context.saveForBackward(l);
    return l;
  },
  // Murray: Differentiation of the Cholesky decomposition, 2016, arXiv:1602.07527, equation 10; symmetric, as the input is.
  backward(context, g) {
    const l = context.savedTensors[0]!;
    const upper = transposed(l);
    const product = upper.matmul(g).tril();
    const halved = product.add(product.tril(-1)).mul(0.5);
    const left = solve(upper, halved);
    const s = transposed(solve(upper, transposed(left)));
    return s.add(transposed(s)).mul(0.5);
  },
});

/** Options of {@link cholesky}. */
export interface CholeskyOptions {
  /** Whether to return Lᵀ instead of L. Default false. */
  readonly upper?: boolean;
}

/**
 * The lower triangular L with L·Lᵀ = A of each symmetric positive definite matrix (PyTorch's `torch.linalg.cholesky`). The lower
 * triangle of `a` is read, the upper one taken to be its mirror image; the gradient is symmetric.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; Error when one is not positive definite or has NaN or
 * infinities.
 *
 * @example
 * ```ts
 * import { cholesky } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * cholesky(tensor([[4, 2], [2, 5]])).toArray(); // [[2, 0], [1, 2]]
 * ```
 */
export function cholesky(a: Tensor, options: CholeskyOptions = {}): Tensor {
  checkOptions("cholesky", options, ["upper"]);
  checkSquare("cholesky", a);
  const l = lowerFactor(a, null);
  return options.upper ? transposed(l) : l;
}

/** Factors, and which matrices have none. */
export interface CholeskyInfo {
  /** `[..., n, n]`, NaN for matrices that are not positive definite. */
  readonly L: Tensor;
  /** int32 `[...]`: 0, or 1 for matrices that are not positive definite. */
  readonly info: Tensor;
}

/**
 * As {@link cholesky}, where matrices that are not positive definite are reported and not refused (PyTorch's
 * `torch.linalg.cholesky_ex`). PyTorch's `info` is the order of the minor at which it noticed, here it is 1.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { choleskyEx } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * choleskyEx(tensor([[1, 2], [2, 1]])).info.item(); // 1
 * ```
 */
export function choleskyEx(a: Tensor, options: CholeskyOptions = {}): CholeskyInfo {
  checkOptions("choleskyEx", options, ["upper"]);
  checkSquare("choleskyEx", a);
  const batch = a.shape.slice(0, -2);
  const info = new Int32Array(batch.reduce((count, size) => count * size, 1));
  const l = lowerFactor(a, info);
  return { L: options.upper ? transposed(l) : l, info: fromTypedArray(info, batch, { device: a.device }) };
}

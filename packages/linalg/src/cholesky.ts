/** Cholesky decompositions. */
import { customFunction } from "@heddle/autograd";
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { CholeskyDecomposition } from "ml-matrix";
import { checkFinite, checkSquare, inBatch } from "./check.ts";
import { matrix, read, writeMatrices } from "./host/matrices.ts";
import { solve } from "./solve.ts";
import { transposed } from "./transposed.ts";

const lowerFactor = customFunction({
  name: "cholesky",
  forward(context, a: Tensor) {
    const { batch, count, rows: n, values } = read(a);
    checkFinite("cholesky", values);
    const results = Array.from({ length: count }, (_, index) => {
      const at = index * n * n;
      // Reads only the lower triangle, like LAPACK; ml-matrix requires symmetry.
      const symmetric = matrix(n, n, (i, j) => values[at + Math.max(i, j) * n + Math.min(i, j)]!);
      if (n === 0) return symmetric;
      const found = new CholeskyDecomposition(symmetric);
      if (!found.isPositiveDefinite()) {
        throw new Error(
          `cholesky: matrix${
            inBatch(index, count)
          } is not positive definite; add a multiple of the identity, or decompose it with eigh`,
        );
      }
      return found.lowerTriangularMatrix;
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
  const l = lowerFactor(a);
  return options.upper ? transposed(l) : l;
}

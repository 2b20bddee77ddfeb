/** Exponentials of matrices. */
import { customFunction } from "@heddle/autograd";
import { cat, type Tensor, zerosLike } from "@heddle/tensor";
import { Matrix } from "ml-matrix";
import { checkSquare } from "./check.ts";
import { HostLU } from "./host/lu.ts";
import { matrix, matrixAt, read, writeMatrices } from "./host/matrices.ts";
import { transposed } from "./transposed.ts";

/** Coefficients of the Padé approximant [13/13] of exp. */
const coefficients = [
  64764752532480000,
  32382376266240000,
  7771770303897600,
  1187353796428800,
  129060195264000,
  10559470521600,
  670442572800,
  33522128640,
  1323241920,
  40840800,
  960960,
  16380,
  182,
  1,
];
/** The 1-norm up to which the approximant is exact to float64. */
const reach = 5.371920351148152;

const combined = (terms: readonly (readonly [number, Matrix])[]): Matrix =>
  terms.slice(1).reduce(
    (sum, [factor, term]) => sum.add(Matrix.mul(term, factor)),
    Matrix.mul(terms[0]![1], terms[0]![0]),
  );

/** Higham: The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005, algorithm 2.3. */
function exponential(given: Matrix): Matrix {
  const n = given.rows;
  if (n === 0) return given;
  if (n === 1) return matrix(1, 1, () => Math.exp(given.get(0, 0)));
  let norm = 0;
  for (let j = 0; j < n; j++) {
    norm = Math.max(
      norm,
      given.getColumn(j).reduce((sum, value) => sum + Math.abs(value), 0),
    );
  }
  if (!Number.isFinite(norm)) return matrix(n, n, () => NaN);
  const squarings = norm > reach ? Math.ceil(Math.log2(norm / reach)) : 0;
  const a = Matrix.mul(given, 2 ** -squarings);
  const one = Matrix.eye(n, n);
  const a2 = a.mmul(a);
  const a4 = a2.mmul(a2);
  const a6 = a2.mmul(a4);
  const c = (i: number): number => coefficients[i]!;
  const odd = a.mmul(
    a6.mmul(combined([[c(13), a6], [c(11), a4], [c(9), a2]]))
      .add(combined([[c(7), a6], [c(5), a4], [c(3), a2], [c(1), one]])),
  );
  const even = a6.mmul(combined([[c(12), a6], [c(10), a4], [c(8), a2]]))
    .add(combined([[c(6), a6], [c(4), a4], [c(2), a2], [c(0), one]]));
  let result = new HostLU(Matrix.sub(even, odd)).solve(Matrix.add(even, odd));
  for (let i = 0; i < squarings; i++) result = result.mmul(result);
  return result;
}

/**
 * The exponential Σ Aᵏ / k! of each matrix (PyTorch's `torch.linalg.matrix_exp`), by scaling and squaring in float64.
 *
 * @param a `[..., n, n]`
 * @returns the same shape; NaN for matrices with NaN or infinities.
 * @throws RangeError unless the matrices are square; TypeError for integers.
 *
 * @example
 * ```ts
 * import { matrixExp } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * matrixExp(tensor([[0, 1], [0, 0]])).toArray(); // [[1, 1], [0, 1]]
 * ```
 */
export const matrixExp: (a: Tensor) => Tensor = customFunction({
  name: "matrixExp",
  forward(context, a: Tensor) {
    checkSquare("matrixExp", a);
    const matrices = read(a);
    const n = matrices.rows;
    context.saveForBackward(a);
    const results = Array.from({ length: matrices.count }, (_, i) => exponential(matrixAt(matrices, i)));
    return writeMatrices(matrices.batch, n, n, a, results);
  },
  // The upper right block of exp([[Aᵀ, G], [0, Aᵀ]]). Al-Mohy, Higham: The Complex Step Approximation to the Fréchet Derivative of a
  // Matrix Function, 2009, equation 1.4.
  backward(context, g) {
    const a = transposed(context.savedTensors[0]!);
    const n = a.shape.at(-1)!;
    const blocks = cat([cat([a, g], -1), cat([zerosLike(a), a], -1)], -2);
    return matrixExp(blocks).narrow(-2, 0, n).narrow(-1, n, n);
  },
});

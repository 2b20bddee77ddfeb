/** QR decompositions by Householder reflections. */
import { Matrix, QrDecomposition } from "ml-matrix";
import { matrix } from "./matrices.ts";

/** A = Q·R. */
export interface HostQR {
  readonly q: Matrix;
  readonly r: Matrix;
}

/**
 * The reduced decomposition of a matrix with at least as many rows as columns, both at least 1: Q `[m, n]`, R `[n, n]`.
 *
 * Signs are those of LAPACK and PyTorch: unlike ml-matrix it does not reflect where a column is zero below the diagonal, as in the last
 * row, and as long as the matrix is upper triangular.
 */
export function decompose(a: Matrix): HostQR {
  const found = new QrDecomposition(a);
  const [q, r] = [found.orthogonalMatrix, found.upperTriangularMatrix];
  let triangular = true;
  for (let k = 0; k < a.columns; k++) {
    for (let i = k + 1; i < a.rows; i++) triangular &&= a.get(i, k) === 0;
    if ((triangular || k === a.rows - 1) && r.get(k, k) !== 0) {
      q.mulColumn(k, -1);
      for (let j = k; j < a.columns; j++) r.set(k, j, 0 - r.get(k, j)); // no -0
    }
  }
  return { q, r };
}

/**
 * Orthonormal columns `[m, k]` completed to a basis `[m, m]`, by the decomposition of the columns followed by zeros.
 */
export function completeBasis(columns: Matrix): Matrix {
  const [m, k] = [columns.rows, columns.columns];
  if (k === m) return columns;
  if (k === 0) return Matrix.eye(m, m);
  const padded = matrix(m, m, (i, j) => j < k ? columns.get(i, j) : 0);
  const basis = new QrDecomposition(padded).orthogonalMatrix;
  // The given columns come back with other signs; the others are orthogonal to them in any case.
  return matrix(m, m, (i, j) => j < k ? columns.get(i, j) : basis.get(i, j));
}

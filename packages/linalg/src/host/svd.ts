/** Singular value decompositions. */
import { type Matrix, SingularValueDecomposition } from "ml-matrix";
import { checkFinite } from "../check.ts";
import { type Matrices, matrix, matrixAt, scaled } from "./matrices.ts";

/** A = U·diag(s)·Vᵀ with k = min(m, n) singular values, the largest first. */
export interface HostSVD {
  /** `[m, k]` */
  readonly u: Matrix;
  readonly s: readonly number[];
  /** `[n, k]` */
  readonly v: Matrix;
}

/** The reduced decompositions of a batch. @throws Error when there is NaN or infinity. */
export function decompose(operation: string, a: Matrices): HostSVD[] {
  checkFinite(operation, a.values);
  const k = Math.min(a.rows, a.columns);
  return Array.from({ length: a.count }, (_, i) => {
    if (k === 0) return { u: matrix(a.rows, 0, () => 0), s: [], v: matrix(a.columns, 0, () => 0) };
    const { matrix: one, scale } = scaled(matrixAt(a, i));
    const found = new SingularValueDecomposition(one, { autoTranspose: true });
    const s = found.diagonal.slice(0, k).map((value) => value * scale);
    return { u: found.leftSingularVectors, s, v: found.rightSingularVectors };
  });
}

/** Singular values up to the larger of `atol` and `rtol` times the largest count as 0. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** Number of singular values above the tolerance. */
export function rankOf(s: readonly number[], { atol, rtol }: Tolerance): number {
  return s.filter((value) => value > Math.max(atol, rtol * s[0]!)).length;
}

/** The pseudo-inverse `[n, m]`. */
export function pseudoInverse({ u, s, v }: HostSVD, tolerance: Tolerance): Matrix {
  const rank = rankOf(s, tolerance);
  return matrix(v.rows, u.rows, (i, j) => {
    let sum = 0;
    for (let l = 0; l < rank; l++) sum += v.get(i, l) * u.get(j, l) / s[l]!;
    return sum;
  });
}

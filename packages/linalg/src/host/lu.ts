/** LU decompositions, for determinants and solutions. */
import { LuDecomposition, type Matrix } from "ml-matrix";
import { matrix } from "./matrices.ts";

/** Sign and logarithm of the absolute value of a determinant; 0 and −∞ for a singular matrix. */
export interface SignLog {
  readonly sign: number;
  readonly logAbs: number;
}

/** The LU decomposition with partial pivoting of one matrix. */
export class HostLU {
  private readonly lu: LuDecomposition | null;
  /** The diagonal of U. */
  readonly pivots: readonly number[];

  constructor(a: Matrix) {
    // ml-matrix refuses empty matrices.
    this.lu = a.rows === 0 ? null : new LuDecomposition(a);
    this.pivots = this.lu?.upperTriangularMatrix.diagonal() ?? [];
  }

  /** Index of the first pivot that is exactly 0, or -1. */
  get zeroPivot(): number {
    return this.pivots.indexOf(0);
  }

  get determinant(): number {
    return this.lu?.determinant ?? 1;
  }

  /** Sign and logarithm of the determinant, which itself may overflow. */
  get signLog(): SignLog {
    let sign = parity(this.lu?.pivotPermutationVector ?? []);
    let logAbs = 0;
    for (const pivot of this.pivots) {
      sign *= Math.sign(pivot);
      logAbs += Math.log(Math.abs(pivot));
    }
    return { sign, logAbs };
  }

  /** X with A·X = B. There must be no zero pivot. */
  solve(b: Matrix): Matrix {
    return this.lu === null || b.columns === 0 ? matrix(b.rows, b.columns, () => 0) : this.lu.solve(b);
  }
}

/** P·L·U of one matrix of any shape. */
export interface Eliminated {
  /** `[m, n]`: L below the diagonal, where it has ones, and U. */
  readonly values: Float64Array;
  /** The row of the matrix in each row of L·U. */
  readonly rows: readonly number[];
  /** LAPACK's: for each step the row that was swapped with, counted from 1. */
  readonly pivots: readonly number[];
}

/** Gaussian elimination with partial pivoting, as LAPACK's getrf: ml-matrix keeps no pivots, and wants no wide matrices. */
export function eliminate(a: Float64Array, m: number, n: number): Eliminated {
  const values = Float64Array.from(a);
  const rows = Array.from({ length: m }, (_, i) => i);
  const pivots: number[] = [];
  for (let k = 0; k < Math.min(m, n); k++) {
    let pivot = k;
    for (let i = k + 1; i < m; i++) {
      if (Math.abs(values[i * n + k]!) > Math.abs(values[pivot * n + k]!)) pivot = i;
    }
    pivots.push(pivot + 1);
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
      for (let j = 0; j < n; j++) {
        [values[k * n + j], values[pivot * n + j]] = [values[pivot * n + j]!, values[k * n + j]!];
      }
    }
    if (values[k * n + k] === 0) continue;
    for (let i = k + 1; i < m; i++) {
      const factor = values[i * n + k]! /= values[k * n + k]!;
      for (let j = k + 1; j < n; j++) values[i * n + j]! -= factor * values[k * n + j]!;
    }
  }
  return { values, rows, pivots };
}

/** 1 for an even permutation, -1 for an odd one: each cycle of even length changes the sign. */
function parity(permutation: readonly number[]): number {
  const seen = new Set<number>();
  let sign = 1;
  for (let start = 0; start < permutation.length; start++) {
    let length = 0;
    for (let i = start; !seen.has(i); i = permutation[i]!) {
      seen.add(i);
      length++;
    }
    if (length > 0 && length % 2 === 0) sign = -sign;
  }
  return sign;
}

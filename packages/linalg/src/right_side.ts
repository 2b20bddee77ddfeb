/** The right sides of systems of equations: vectors or matrices, in batches that broadcast. */
import type { Tensor } from "@heddle/tensor";
import { checkAlike, checkFloat } from "./check.ts";
import { transposed } from "./transposed.ts";

/** Matrices and right sides with the same batch dimensions. */
export interface System {
  /** `[..., m, n]` */
  readonly a: Tensor;
  /** `[..., m, k]` */
  readonly b: Tensor;
  /** Whether the right sides, and so the solutions, are vectors. */
  readonly vector: boolean;
}

/**
 * Takes `b` for vectors when it has one dimension, or the shape of `a` without its last one (PyTorch's rule), else for matrices; and
 * broadcasts the batches.
 *
 * @param vectors false where `b` is always matrices.
 *
 * @throws RangeError when the sizes do not fit, TypeError when the dtypes differ.
 */
export function system(operation: string, a: Tensor, b: Tensor, vectors = true): System {
  checkFloat(operation, b);
  checkAlike(operation, a, b);
  const lead = a.shape.slice(0, -1);
  const vector = vectors && (b.ndim === 1 || (b.ndim === lead.length && b.shape.every((size, d) => size === lead[d])));
  const right = vector ? b.unsqueeze(-1) : b;
  const batch = right.ndim < 2 ? null : broadcast(a.shape.slice(0, -2), right.shape.slice(0, -2));
  if (batch === null || right.shape.at(-2) !== a.shape.at(-2)) {
    throw new RangeError(
      `${operation}: matrices of shape [${a.shape.join(", ")}] and right sides of shape [${
        b.shape.join(", ")
      }] do not fit; expected ` +
        `[..., m, n] and [..., m, k] or [..., m] with the same m, here ${a.shape.at(-2)}`,
    );
  }
  return {
    a: a.expand([...batch, ...a.shape.slice(-2)]),
    b: right.expand([...batch, ...right.shape.slice(-2)]),
    vector,
  };
}

/**
 * X with X·A = B, as the transpose of a solution of Aᵀ·Xᵀ = Bᵀ.
 *
 * @throws RangeError when `b` has fewer than two dimensions.
 */
export function fromTheRight(
  operation: string,
  a: Tensor,
  b: Tensor,
  solve: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  checkFloat(operation, b);
  if (b.ndim < 2 || b.shape.at(-1) !== a.shape.at(-1)) {
    throw new RangeError(
      `${operation}: with left: false, matrices of shape [${a.shape.join(", ")}] need left sides of shape ` +
        `[..., k, ${a.shape.at(-1)}], got [${b.shape.join(", ")}]`,
    );
  }
  return transposed(solve(transposed(a), transposed(b)));
}

function broadcast(a: readonly number[], b: readonly number[]): number[] | null {
  const result: number[] = [];
  for (let d = 1; d <= Math.max(a.length, b.length); d++) {
    const [x, y] = [a.at(-d) ?? 1, b.at(-d) ?? 1];
    if (x !== y && x !== 1 && y !== 1) return null;
    result.unshift(x === 1 ? y : x);
  }
  return result;
}

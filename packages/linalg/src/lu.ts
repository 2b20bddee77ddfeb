/** LU decompositions. */
import { customFunction } from "@heddle/autograd";
import { cat, fromTypedArray, type Tensor, zeros } from "@heddle/tensor";
import { checkOptions, checkTensor, inFloat32 } from "@heddle/tensor/engine";
import { checkMatrix, checkSquare } from "./check.ts";
import { eliminate, type Eliminated } from "./host/lu.ts";
import { read, write } from "./host/matrices.ts";
import { system } from "./right_side.ts";
import { transposed } from "./transposed.ts";
import { solveTriangular } from "./triangular.ts";

/** A = P·L·U, with k = min(m, n). */
export interface LU {
  /** A permutation of rows, `[..., m, m]`. */
  readonly P: Tensor;
  /** `[..., m, k]`, lower triangular with ones on the diagonal. */
  readonly L: Tensor;
  /** `[..., k, n]`, upper triangular. */
  readonly U: Tensor;
}

const eliminated = (a: Tensor): Eliminated[] => {
  const { count, rows: m, columns: n, values } = read(a);
  return Array.from({ length: count }, (_, i) => eliminate(values.subarray(i * m * n, (i + 1) * m * n), m, n));
};

/** The matrix that puts each row back to where it was. */
const permutation = (a: Tensor, found: readonly Eliminated[]): Tensor => {
  const m = a.shape.at(-2)!;
  return write(a.shape.slice(0, -2), [m, m], a, (item, i) => found[i]!.rows.forEach((row, k) => item[row * m + k] = 1));
};

const factors = customFunction({
  name: "lu",
  forward(context, a: Tensor, found: readonly Eliminated[]): readonly Tensor[] {
    const [batch, m, n] = [a.shape.slice(0, -2), a.shape.at(-2)!, a.shape.at(-1)!];
    const k = Math.min(m, n);
    const l = write(batch, [m, k], a, (item, index) => {
      const { values } = found[index]!;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < k; j++) item[i * k + j] = i === j ? 1 : i > j ? values[i * n + j]! : 0;
      }
    });
    const u = write(batch, [k, n], a, (item, index) => {
      const { values } = found[index]!;
      for (let i = 0; i < k; i++) for (let j = i; j < n; j++) item[i * n + j] = values[i * n + j]!;
    });
    context.saveForBackward(l, u);
    context.permutation = permutation(a, found);
    return [l, u];
  },
  // With A = P·L·U square: gA = P·L⁻ᵀ·(tril(Lᵀ·gL, −1) + triu(gU·Uᵀ))·U⁻ᵀ. The blocks of a rectangle follow from that of its square,
  // A₂ = L·U₂ or A₂ = L₂·U. De Hoog, Anderssen, Lukas: Differentiation of matrix functionals using triangular factorization, 2011.
  backward(context, gl, gu) {
    const [l, u] = context.savedTensors as [Tensor, Tensor];
    const p = context.permutation as Tensor;
    const [m, n, k] = [l.shape.at(-2)!, u.shape.at(-1)!, u.shape.at(-2)!];
    const [l1, u1] = [l.narrow(-2, 0, k), u.narrow(-1, 0, k)];
    const lower = (x: Tensor): Tensor => solveTriangular(transposed(l1), x, { upper: true, unitriangular: true });
    const right = (x: Tensor): Tensor => solveTriangular(transposed(u1), x, { upper: false, left: false });
    let below = transposed(l1).matmul(gl!.narrow(-2, 0, k));
    let above = gu!.narrow(-1, 0, k).matmul(transposed(u1));
    if (n > k) below = below.sub(gu!.narrow(-1, k, n - k).matmul(transposed(u.narrow(-1, k, n - k))));
    if (m > k) above = above.sub(transposed(l.narrow(-2, k, m - k)).matmul(gl!.narrow(-2, k, m - k)));
    const square = right(lower(below.tril(-1).add(above.triu())));
    const parts = [square];
    if (n > k) parts.push(lower(gu!.narrow(-1, k, n - k)));
    if (m > k) parts.push(right(gl!.narrow(-2, k, m - k)));
    return p.matmul(cat(parts, n > k ? -1 : -2));
  },
});

/**
 * Each matrix as a product of a permutation and two triangles (PyTorch's `torch.linalg.lu`), by Gaussian elimination with partial
 * pivoting in float64.
 *
 * Gradients need pivots that are not 0.
 *
 * @param a `[..., m, n]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers.
 *
 * @example
 * ```ts
 * import { lu } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { P, L, U } = lu(tensor([[1, 2], [4, 4]]));
 * U.toArray(); // [[4, 4], [0, 1]]
 * P.matmul(L).matmul(U).toArray(); // [[1, 2], [4, 4]]
 * ```
 */
export function lu(a: Tensor): LU {
  checkMatrix("lu", a);
  const found = eliminated(a);
  const [L, U] = factors(a, found) as [Tensor, Tensor];
  return { P: permutation(a, found), L, U };
}

/** A decomposition for {@link luSolve}. */
export interface LUFactor {
  /** `[..., m, n]`: L below the diagonal, without its ones, and U. */
  readonly LU: Tensor;
  /** int32 `[..., min(m, n)]`: with which row each row was swapped, one after the other, counted from 1. */
  readonly pivots: Tensor;
}

/**
 * The decomposition of {@link lu} in LAPACK's compact form (PyTorch's `torch.linalg.lu_factor`), for several calls of {@link luSolve}.
 *
 * @param a `[..., m, n]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers. Singular matrices are no error, as U shows them by a zero.
 *
 * @example
 * ```ts
 * import { luFactor } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { LU, pivots } = luFactor(tensor([[1, 2], [4, 4]]));
 * LU.toArray(); // [[4, 4], [0.25, 1]]
 * pivots.toArray(); // [2, 2]
 * ```
 */
export function luFactor(a: Tensor): LUFactor {
  checkMatrix("luFactor", a);
  const found = eliminated(a);
  const [l, u] = factors(a, found) as [Tensor, Tensor];
  const [batch, m, n] = [a.shape.slice(0, -2), a.shape.at(-2)!, a.shape.at(-1)!];
  const k = Math.min(m, n);
  const like = { dtype: a.dtype, device: a.device };
  const lower = m < n ? cat([l, zeros([...batch, m, n - m], like)], -1) : l;
  const upper = m > n ? cat([u, zeros([...batch, m - n, n], like)], -2) : u;
  const pivots = Int32Array.from(found.flatMap(({ pivots }) => pivots));
  return { LU: lower.tril(-1).add(upper), pivots: fromTypedArray(pivots, [...batch, k], { device: a.device }) };
}

/** Options of {@link luSolve}. */
export interface LUSolveOptions {
  /** Whether to solve A·X = B (the default), or X·A = B. */
  readonly left?: boolean;
  /** Whether to solve with Aᵀ in place of A. Default false. */
  readonly adjoint?: boolean;
}

/**
 * X with A·X = B, where A is given as {@link luFactor} returns it (PyTorch's `torch.linalg.lu_solve`).
 *
 * @param factor `[..., n, n]`, its `LU`.
 * @param pivots int32 `[..., n]`
 * @param b `[..., n, k]`, or `[..., k, n]` where `left` is false; batch dimensions broadcast.
 * @throws RangeError when the sizes do not fit, and for pivots that are not from 1 to n; TypeError for integers.
 *
 * @example
 * ```ts
 * import { luFactor, luSolve } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { LU, pivots } = luFactor(tensor([[1, 2], [4, 4]]));
 * luSolve(LU, pivots, tensor([[3], [8]])).toArray(); // [[1], [1]]
 * ```
 */
export function luSolve(factor: Tensor, pivots: Tensor, b: Tensor, options: LUSolveOptions = {}): Tensor {
  checkOptions("luSolve", options, ["left", "adjoint"]);
  checkSquare("luSolve", factor);
  for (const each of [pivots, b]) checkTensor("luSolve", each);
  const { left = true, adjoint = false } = options;
  if (!left) return transposed(luSolve(factor, pivots, transposed(b), { adjoint: !adjoint }));
  const p = permutationOf(factor, pivots);
  const { a, b: sides } = system("luSolve", factor, b, false);
  return inFloat32([a, p, sides], (lu, p, b) => {
    const lower = { upper: false, unitriangular: true };
    if (!adjoint) return solveTriangular(lu, solveTriangular(lu, transposed(p).matmul(b), lower), { upper: true });
    const half = solveTriangular(transposed(lu), b, { upper: false });
    return p.matmul(solveTriangular(transposed(lu), half, { upper: true, unitriangular: true }));
  });
}

/** The permutation that LAPACK's pivots stand for. */
function permutationOf(factor: Tensor, pivots: Tensor): Tensor {
  const [batch, n] = [factor.shape.slice(0, -2), factor.shape.at(-1)!];
  const wanted = [...batch, n];
  if (pivots.shape.length !== wanted.length || pivots.shape.some((size, d) => size !== wanted[d])) {
    throw new RangeError(
      `luSolve: pivots of shape [${pivots.shape.join(", ")}] do not fit factors of shape [${
        factor.shape.join(", ")
      }]; expected [${wanted.join(", ")}]`,
    );
  }
  const swaps = Array.from(pivots.detach().toTypedArray(), Number);
  const wrong = swaps.find((row) => !(Number.isInteger(row) && row >= 1 && row <= n));
  if (wrong !== undefined) throw new RangeError(`luSolve: a pivot is ${wrong}; pivots are rows from 1 to ${n}`);
  return write(batch, [n, n], factor, (item, index) => {
    const rows = Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n; i++) {
      const other = swaps[index * n + i]! - 1;
      [rows[i], rows[other]] = [rows[other]!, rows[i]!];
    }
    rows.forEach((row, k) => item[row * n + k] = 1);
  });
}

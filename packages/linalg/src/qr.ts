/** QR decompositions. */
import { customFunction } from "@heddle/autograd";
import { cat, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkFinite, checkMatrix } from "./check.ts";
import { matrix, matrixAt, read, writeMatrices } from "./host/matrices.ts";
import { completeBasis, decompose } from "./host/qr.ts";
import { solve } from "./solve.ts";
import { transposed } from "./transposed.ts";

/** Q with orthonormal columns and upper triangular R. */
export interface QR {
  /** The factor with orthonormal columns. */
  readonly Q: Tensor;
  /** The upper triangular factor. */
  readonly R: Tensor;
}

/** Options of {@link qr}. */
export interface QROptions {
  /** "reduced" (the default): Q `[..., m, k]`, R `[..., k, n]` with k = min(m, n); "complete": Q `[..., m, m]`, R `[..., m, n]`. */
  readonly mode?: "reduced" | "complete";
}

/** Matrices with at least as many rows as columns. */
const tall = customFunction({
  name: "qr",
  forward(context, a: Tensor): readonly Tensor[] {
    const matrices = read(a);
    checkFinite("qr", matrices.values);
    const { batch, count, rows: m, columns: n } = matrices;
    const found = n === 0 ? [] : Array.from({ length: count }, (_, i) => decompose(matrixAt(matrices, i)));
    const q = writeMatrices(batch, m, n, a, found.map((factors) => factors.q));
    const r = writeMatrices(batch, n, n, a, found.map((factors) => factors.r));
    context.saveForBackward(q, r);
    return [q, r];
  },
  // Walter, Lehmann: Algorithmic differentiation of linear algebra functions with application in optimum experimental design, 2018,
  // arXiv:1001.1654, for the reduced form: M = R·gRᵀ − gQᵀ·Q, gA = (gQ + Q·copyltu(M))·R⁻ᵀ.
  backward(context, gq, gr) {
    const [q, r] = context.savedTensors as [Tensor, Tensor];
    const m = r.matmul(transposed(gr!)).sub(transposed(gq!).matmul(q));
    const mirrored = m.tril().add(transposed(m.tril(-1)));
    const left = gq!.add(q.matmul(mirrored));
    return transposed(solve(r, transposed(left)));
  },
});

const complete = customFunction({
  name: "qr",
  forward(_, a: Tensor): readonly Tensor[] {
    const matrices = read(a);
    checkFinite("qr", matrices.values);
    const { batch, count, rows: m, columns: n } = matrices;
    const found = Array.from({ length: count }, (_, index) => {
      const { q, r } = n === 0
        ? { q: matrix(m, 0, () => 0), r: matrix(0, 0, () => 0) }
        : decompose(matrixAt(matrices, index));
      return { q: completeBasis(q), r: matrix(m, n, (i, j) => i < n ? r.get(i, j) : 0) };
    });
    return [
      writeMatrices(batch, m, m, a, found.map((factors) => factors.q)),
      writeMatrices(batch, m, n, a, found.map((factors) => factors.r)),
    ];
  },
  backward() {
    throw new Error(
      'qr: with mode "complete" and more rows than columns Q is not unique, and has no gradient; use mode "reduced"',
    );
  },
});

/**
 * Each matrix as a product of orthonormal columns and an upper triangle (PyTorch's `torch.linalg.qr`), with LAPACK's signs.
 *
 * Gradients need linearly independent columns (the first `m` of them, when there are more columns than rows).
 *
 * @param a `[..., m, n]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers; Error for NaN and infinities, and from `backward` when the
 * columns are dependent, or the mode is "complete" and m > n.
 *
 * @example
 * ```ts
 * import { qr } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { Q, R } = qr(tensor([[3, 1], [4, 2]]));
 * Q.matmul(R).toArray(); // close to [[3, 1], [4, 2]]
 * ```
 */
export function qr(a: Tensor, options: QROptions = {}): QR {
  checkOptions("qr", options, ["mode"]);
  checkMatrix("qr", a);
  const { mode = "reduced" } = options;
  if (mode !== "reduced" && mode !== "complete") {
    throw new RangeError(`qr: mode is "${mode}"; it must be "reduced" or "complete"`);
  }
  const [m, n] = [a.shape.at(-2)!, a.shape.at(-1)!];
  if (m >= n) {
    const [Q, R] = (mode === "complete" && m > n ? complete(a) : tall(a)) as [Tensor, Tensor];
    return { Q, R };
  }
  // A = [X | Y] = Q·[U | Qᵀ·Y]
  const [Q, U] = tall(a.narrow(-1, 0, m)) as [Tensor, Tensor];
  return { Q, R: cat([U, transposed(Q).matmul(a.narrow(-1, m, n - m))], -1) };
}

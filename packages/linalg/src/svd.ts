/** Singular value decompositions. */
import { customFunction } from "@heddle/autograd";
import { eye, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkMatrix } from "./check.ts";
import { matrix, read, write, writeMatrices } from "./host/matrices.ts";
import { completeBasis } from "./host/qr.ts";
import { decompose } from "./host/svd.ts";
import { isGiven } from "./is_given.ts";
import { transposed } from "./transposed.ts";

/** A = U·diag(S)·Vh. */
export interface SVD {
  /** `[..., m, m]`, or `[..., m, k]` when reduced; columns are orthonormal. */
  readonly U: Tensor;
  /** `[..., k]` with k = min(m, n), the largest first. */
  readonly S: Tensor;
  /** `[..., n, n]`, or `[..., k, n]` when reduced; rows are orthonormal. */
  readonly Vh: Tensor;
}

/** Options of {@link svd}. */
export interface SVDOptions {
  /** Whether U and Vh are square; else they have k columns and rows. Default true. */
  readonly fullMatrices?: boolean;
}

/** The first `k` of the columns' gradients, when there are more. */
const firstColumns = (g: Tensor, k: number): Tensor => g.shape.at(-1) === k ? g : g.narrow(-1, 0, k);

const factors = customFunction({
  name: "svd",
  forward(context, a: Tensor, full: boolean): readonly Tensor[] {
    const matrices = read(a);
    const { batch, rows: m, columns: n } = matrices;
    const k = Math.min(m, n);
    const found = decompose("svd", matrices);
    const wide = full ? found.map(({ u, v }) => ({ u: completeBasis(u), v: completeBasis(v) })) : found;
    const u = writeMatrices(batch, m, full ? m : k, a, wide.map((each) => each.u));
    const s = write(batch, [k], a, (item, i) => item.set(found[i]!.s));
    const rows = wide.map(({ v }) => matrix(v.columns, v.rows, (i, j) => v.get(j, i)));
    const vh = writeMatrices(batch, full ? n : k, n, a, rows);
    context.saveForBackward(u, s, vh);
    return [u, s, vh];
  },
  // Townsend: Differentiating the Singular Value Decomposition, 2016. With skew(X) = X − Xᵀ and Eᵢⱼ = sⱼ² − sᵢ²:
  // gA = U·(skew(Uᵀ·gU)/E·S + S·skew(Vᵀ·gV)/E + diag(gS))·Vᵀ + (I − U·Uᵀ)·gU·S⁻¹·Vᵀ + U·S⁻¹·gVᵀ·(I − V·Vᵀ)
  backward(context, guFull, gs, gvhFull) {
    const [uFull, s, vhFull] = context.savedTensors as [Tensor, Tensor, Tensor];
    const k = s.shape.at(-1)!;
    const [m, n] = [uFull.shape.at(-2)!, vhFull.shape.at(-1)!];
    const [u, v] = [firstColumns(uFull, k), firstColumns(transposed(vhFull), k)];
    const [gu, gv] = [firstColumns(guFull!, k), firstColumns(transposed(gvhFull!), k)];
    const [ut, vt] = [transposed(u), transposed(v)];
    const [alongColumns, alongRows] = [s.unsqueeze(-2), s.unsqueeze(-1)];
    const diagonal = eye(k, { dtype: "bool", device: s.device });
    const gaps = alongColumns.square().sub(alongRows.square()).maskedFill(diagonal, 1);
    const turned = (product: Tensor): Tensor => product.sub(transposed(product)).div(gaps);

    const [givenU, givenV] = [isGiven(gu), isGiven(gv)];
    // The gradient of the singular values alone is U·diag(gS)·Vᵀ.
    let ga = u.mul(gs!.unsqueeze(-2)).matmul(vt);
    if (givenU) {
      const product = ut.matmul(gu);
      ga = ga.add(u.matmul(turned(product).mul(alongColumns)).matmul(vt));
      if (m > k) ga = ga.add(gu.sub(u.matmul(product)).div(alongColumns).matmul(vt));
    }
    if (givenV) {
      const product = vt.matmul(gv);
      ga = ga.add(u.matmul(turned(product).mul(alongRows)).matmul(vt));
      if (n > k) ga = ga.add(u.matmul(transposed(gv.sub(v.matmul(product)).div(alongColumns))));
    }
    return ga;
  },
});

/**
 * The singular value decomposition of each matrix (PyTorch's `torch.linalg.svd`): A = U·diag(S)·Vh. Each pair of a column of U and
 * a row of Vh has a free sign.
 *
 * Gradients through U and Vh need distinct singular values, not zero unless the matrix is square, and a result that does not depend
 * on the free signs; those of the columns and rows that `fullMatrices` adds are left out, as in PyTorch. Gradients through S alone
 * are always finite.
 *
 * @param a `[..., m, n]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { svd } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { U, S, Vh } = svd(tensor([[3, 0], [0, 4], [0, 0]]), { fullMatrices: false });
 * S.toArray(); // [4, 3]
 * U.mul(S).matmul(Vh).shape; // [3, 2], the matrix again
 * ```
 */
export function svd(a: Tensor, options: SVDOptions = {}): SVD {
  checkOptions("svd", options, ["fullMatrices"]);
  checkMatrix("svd", a);
  const { fullMatrices = true } = options;
  const [U, S, Vh] = factors(a, fullMatrices) as [Tensor, Tensor, Tensor];
  return { U, S, Vh };
}

/**
 * Only the singular values (PyTorch's `torch.linalg.svdvals`).
 *
 * @param a `[..., m, n]`
 * @returns `[..., min(m, n)]`, the largest first.
 * @throws as {@link svd}.
 *
 * @example
 * ```ts
 * import { svdvals } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * svdvals(tensor([[3, 0], [0, 4]])).toArray(); // [4, 3]
 * ```
 */
export function svdvals(a: Tensor): Tensor {
  checkMatrix("svdvals", a);
  return svd(a, { fullMatrices: false }).S;
}

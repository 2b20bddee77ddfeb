/** Condition numbers. */
import { type Tensor, where, zeros } from "@heddle/tensor";
import { inFloat32 } from "@heddle/tensor/engine";
import { checkMatrix, checkSquare } from "./check.ts";
import { matrixNorm, type MatrixNormOrder } from "./norm.ts";
import { invEx } from "./solve.ts";
import { svdvals } from "./svd.ts";

/**
 * The condition number of each matrix, ‖A‖·‖A⁻¹‖ (PyTorch's `torch.linalg.cond`): by how much solving A·x = b may enlarge the relative
 * error of b. It is Infinity for singular matrices, up to rounding.
 *
 * @param a `[..., m, n]`; square unless `p` is 2 or −2.
 * @param p the norm, as of {@link matrixNorm}. Default 2: the ratio of the largest to the smallest singular value; −2 is its inverse.
 * @returns `[...]`
 * @throws RangeError for fewer than two dimensions, for matrices that are not square, and for an unknown `p`; TypeError for integers;
 * Error for NaN and infinities where `p` needs singular values.
 *
 * @example
 * ```ts
 * import { cond } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * cond(tensor([[4, 0], [0, 0.5]])).item(); // 8
 * cond(tensor([[1, 2], [2, 4]]), 1).item(); // Infinity
 * ```
 */
export function cond(a: Tensor, p: MatrixNormOrder | null = null): Tensor {
  checkMatrix("cond", a);
  const ratio = p === null || p === 2 || p === -2;
  if (!ratio) checkSquare("cond", a, "use p = 2 or -2 for others");
  if (a.numel === 0) return zeros(a.shape.slice(0, -2), { dtype: a.dtype, device: a.device });
  return inFloat32([a], (a) => {
    if (!ratio && p !== "nuc") {
      const { inverse, info } = invEx(a);
      const size = matrixNorm(a, p);
      return where(info.ne(0), Infinity, size.mul(matrixNorm(inverse, p)));
    }
    const values = svdvals(a);
    if (p === "nuc") return values.sum(-1).mul(values.reciprocal().sum(-1));
    const [largest, smallest] = [values.select(-1, 0), values.select(-1, values.shape.at(-1)! - 1)];
    return p === -2 ? smallest.div(largest) : largest.div(smallest);
  });
}

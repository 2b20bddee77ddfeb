/** Eigenvalues of symmetric matrices. */
import { customFunction } from "@heddle/autograd";
import { eye, type Tensor } from "@heddle/tensor";
import { EigenvalueDecomposition } from "ml-matrix";
import { checkFinite, checkNoOptions, checkSquare } from "./check.ts";
import { matrix, read, scaled, write, writeMatrices } from "./host/matrices.ts";
import { isGiven } from "./is_given.ts";
import { transposed } from "./transposed.ts";

/** Eigenvalues and eigenvectors of symmetric matrices. */
export interface Eigh {
  /** `[..., n]`, the smallest first. */
  readonly eigenvalues: Tensor;
  /** `[..., n, n]`, one a column, orthonormal. Each has a free sign. */
  readonly eigenvectors: Tensor;
}

/** The remedy where PyTorch has `UPLO="U"`. */
const lowerOnly = "the lower triangle is read; give a.transpose(-2, -1) to have the upper one read";

const symmetric = customFunction({
  name: "eigh",
  forward(context, a: Tensor): readonly Tensor[] {
    const { batch, count, rows: n, values } = read(a);
    checkFinite("eigh", values);
    const found = Array.from({ length: n === 0 ? 0 : count }, (_, index) => {
      const at = index * n * n;
      // Reads only the lower triangle, like LAPACK.
      const mirrored = matrix(n, n, (i, j) => values[at + Math.max(i, j) * n + Math.min(i, j)]!);
      const { matrix: one, scale } = scaled(mirrored);
      const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(one, { assumeSymmetric: true });
      return { values: realEigenvalues.map((value) => value * scale), vectors: eigenvectorMatrix };
    });
    const eigenvalues = write(batch, [n], a, (item, i) => item.set(found[i]?.values ?? []));
    const eigenvectors = writeMatrices(batch, n, n, a, found.map(({ vectors }) => vectors));
    context.saveForBackward(eigenvalues, eigenvectors);
    return [eigenvalues, eigenvectors];
  },
  // Giles 2008, section 3.1: gA = V·(diag(gL) + (Vᵀ·gV) / E)·Vᵀ with Eᵢⱼ = λⱼ − λᵢ; its symmetric part, as the input is symmetric.
  backward(context, gl, gv) {
    const [l, v] = context.savedTensors as [Tensor, Tensor];
    const vt = transposed(v);
    let ga = v.mul(gl!.unsqueeze(-2)).matmul(vt);
    if (isGiven(gv!)) {
      const diagonal = eye(l.shape.at(-1)!, { dtype: "bool", device: l.device });
      const gaps = l.unsqueeze(-2).sub(l.unsqueeze(-1)).maskedFill(diagonal, 1);
      const inner = vt.matmul(gv!).maskedFill(diagonal, 0).div(gaps);
      ga = ga.add(v.matmul(inner).matmul(vt));
    }
    return ga.add(transposed(ga)).mul(0.5);
  },
});

/**
 * Eigenvalues and orthonormal eigenvectors of each symmetric matrix (PyTorch's `torch.linalg.eigh`): A = V·diag(λ)·Vᵀ. The lower
 * triangle of `a` is read, the upper one taken to be its mirror image; the gradient is symmetric.
 *
 * Gradients through the eigenvectors need distinct eigenvalues (they are NaN or infinite otherwise) and a result that does not
 * depend on the eigenvectors' signs. Those through the eigenvalues alone are always finite.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { eigh } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * eigh(tensor([[2, 1], [1, 2]])).eigenvalues.toArray(); // close to [1, 3]
 * ```
 */
export function eigh(a: Tensor): Eigh {
  checkNoOptions("eigh", arguments, 1, lowerOnly);
  checkSquare("eigh", a);
  const [eigenvalues, eigenvectors] = symmetric(a) as [Tensor, Tensor];
  return { eigenvalues, eigenvectors };
}

/**
 * Only the eigenvalues of {@link eigh} (PyTorch's `torch.linalg.eigvalsh`).
 *
 * @param a `[..., n, n]`
 * @returns `[..., n]`, the smallest first.
 * @throws as {@link eigh}.
 *
 * @example
 * ```ts
 * import { eigvalsh } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * eigvalsh(tensor([[2, 1], [1, 2]])).toArray(); // close to [1, 3]
 * ```
 */
export function eigvalsh(a: Tensor): Tensor {
  checkNoOptions("eigvalsh", arguments, 1, lowerOnly);
  checkSquare("eigvalsh", a);
  return eigh(a).eigenvalues;
}

/** Eigenvalues of symmetric matrices. */
import { customFunction } from "@heddle/autograd";
import { eye, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { EigenvalueDecomposition } from "ml-matrix";
import { checkFinite, checkSquare } from "./check.ts";
import { matrixAt, mirrored, read, scaled, write, writeMatrices } from "./host/matrices.ts";
import { isGiven } from "./is_given.ts";
import { transposed } from "./transposed.ts";

/** Eigenvalues and eigenvectors of symmetric matrices. */
export interface Eigh {
  /** `[..., n]`, the smallest first. */
  readonly eigenvalues: Tensor;
  /** `[..., n, n]`, one a column, orthonormal. Each has a free sign. */
  readonly eigenvectors: Tensor;
}

/** Options of {@link eigh} and {@link eigvalsh}. */
export interface EighOptions {
  /** Which triangle is read, the lower (the default) or the upper; the other is taken to be its mirror image. */
  readonly UPLO?: "L" | "U";
}

/** Whether the upper triangle is read. @throws RangeError for another value of `UPLO`. */
function isUpper(operation: string, options: EighOptions): boolean {
  checkOptions(operation, options, ["UPLO"]);
  const { UPLO = "L" } = options;
  if (UPLO !== "L" && UPLO !== "U") throw new RangeError(`${operation}: UPLO is "${UPLO}"; it must be "L" or "U"`);
  return UPLO === "U";
}

const symmetric = customFunction({
  name: "eigh",
  forward(context, a: Tensor, upper: boolean): readonly Tensor[] {
    const matrices = mirrored(read(a), upper);
    const { batch, count, rows: n } = matrices;
    checkFinite("eigh", matrices.values);
    const found = Array.from({ length: n === 0 ? 0 : count }, (_, index) => {
      const { matrix: one, scale } = scaled(matrixAt(matrices, index));
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
 * Eigenvalues and orthonormal eigenvectors of each symmetric matrix (PyTorch's `torch.linalg.eigh`): A = V·diag(λ)·Vᵀ. One
 * triangle of `a` is read, the other taken to be its mirror image; the gradient is symmetric.
 *
 * Gradients through the eigenvectors need distinct eigenvalues (they are NaN or infinite otherwise) and a result that does not
 * depend on the eigenvectors' signs. Those through the eigenvalues alone are always finite.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square, and for another `UPLO`; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { eigh } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * eigh(tensor([[2, 1], [1, 2]])).eigenvalues.toArray(); // close to [1, 3]
 * ```
 */
export function eigh(a: Tensor, options: EighOptions = {}): Eigh {
  const upper = isUpper("eigh", options);
  checkSquare("eigh", a);
  const [eigenvalues, eigenvectors] = symmetric(a, upper) as [Tensor, Tensor];
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
export function eigvalsh(a: Tensor, options: EighOptions = {}): Tensor {
  isUpper("eigvalsh", options);
  checkSquare("eigvalsh", a);
  return eigh(a, options).eigenvalues;
}

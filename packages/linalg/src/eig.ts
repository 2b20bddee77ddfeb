/** Eigenvalues of general matrices. */
import { customFunction } from "@heddle/autograd";
import type { Tensor } from "@heddle/tensor";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { checkFinite, checkSquare } from "./check.ts";
import { HostLU } from "./host/lu.ts";
import { matrixAt, read, scaled, write } from "./host/matrices.ts";

/** Complex numbers: Heddle has no complex dtype. */
export interface Complex {
  /** The real part. */
  readonly real: Tensor;
  /** The imaginary part. */
  readonly imag: Tensor;
}

/** Eigenvalues and eigenvectors of general matrices. */
export interface Eig {
  /** `[..., n]`, in no particular order; those that are not real come in pairs, the one with positive imaginary part first. */
  readonly eigenvalues: Complex;
  /** `[..., n, n]`, one a column, of length 1, their largest component real. */
  readonly eigenvectors: Complex;
}

/** The decomposition of one matrix, its vectors row by row: `vectors.re[i * n + j]` is component i of vector j. */
interface HostEig {
  readonly values: { readonly re: readonly number[]; readonly im: readonly number[] };
  readonly vectors: { readonly re: Float64Array; readonly im: Float64Array };
}

/**
 * A shift of the diagonal so that the iteration terminates. ml-matrix tests convergence relative to the diagonal, which never succeeds
 * for some singular matrices of zeros and ones (JAMA, of which it is a translation, has the same flaw). Away from zero it does; a power
 * of two keeps whole numbers exact. Triangular matrices need no iteration.
 */
function shiftFor(a: Matrix): number {
  const n = a.rows;
  let [upper, lower] = [true, true];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      upper &&= a.get(i, j) === 0;
      lower &&= a.get(j, i) === 0;
    }
  }
  const sizes = new HostLU(a).pivots.map(Math.abs);
  if (upper || lower || Math.min(...sizes) > 1e-10 * Math.max(...sizes)) return 0;
  return 2 ** Math.ceil(Math.log2(a.norm("frobenius")));
}

function decompose(a: Matrix): HostEig {
  const n = a.rows;
  const { matrix: one, scale } = scaled(a);
  const shift = shiftFor(one);
  const found = new EigenvalueDecomposition(shift === 0 ? one : Matrix.add(one, Matrix.eye(n, n, shift)));
  const re = found.realEigenvalues.map((value) => (value - shift) * scale);
  const im = found.imaginaryEigenvalues.map((value) => value * scale);
  const columns = found.eigenvectorMatrix;
  const vectors = { re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let j = 0; j < n; j++) {
    // The two columns of a pair hold the real and the imaginary part; the second vector is conjugate to the first.
    const second = im[j]! < 0;
    const first = second ? j - 1 : j;
    const x = Array.from({ length: n }, (_, i) => columns.get(i, first));
    const y = Array.from({ length: n }, (_, i) => im[j] === 0 ? 0 : (second ? -1 : 1) * columns.get(i, first + 1));
    const sizes = x.map((value, i) => Math.hypot(value, y[i]!));
    const top = sizes.indexOf(Math.max(...sizes));
    // Dividing by the phase of the largest component makes it real.
    const [cos, sin] = im[j] === 0 ? [1, 0] : [x[top]! / sizes[top]!, y[top]! / sizes[top]!];
    const length = Math.hypot(...sizes);
    for (let i = 0; i < n; i++) {
      vectors.re[i * n + j] = (x[i]! * cos + y[i]! * sin) / length;
      vectors.im[i * n + j] = i === top ? 0 : (y[i]! * cos - x[i]! * sin) / length;
    }
  }
  return { values: { re, im }, vectors };
}

const general = customFunction({
  name: "eig",
  forward(_, a: Tensor): readonly Tensor[] {
    const matrices = read(a);
    checkFinite("eig", matrices.values);
    const { batch, count, rows: n } = matrices;
    const found = Array.from({ length: n === 0 ? 0 : count }, (_, i) => decompose(matrixAt(matrices, i)));
    return [
      write(batch, [n], a, (item, i) => item.set(found[i]?.values.re ?? [])),
      write(batch, [n], a, (item, i) => item.set(found[i]?.values.im ?? [])),
      write(batch, [n, n], a, (item, i) => item.set(found[i]?.vectors.re ?? [])),
      write(batch, [n, n], a, (item, i) => item.set(found[i]?.vectors.im ?? [])),
    ];
  },
  backward() {
    throw new Error(
      "eig: eigenvalues of general matrices have no gradient here, since they may be complex; use eigh for symmetric matrices, or detach()",
    );
  },
});

/**
 * Eigenvalues and eigenvectors of each square matrix (PyTorch's `torch.linalg.eig`), real and imaginary parts apart. Use
 * {@link eigh} for symmetric matrices: it is faster, sorted and has gradients.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; Error for NaN and infinities, and from `backward`.
 *
 * @example
 * ```ts
 * import { eig } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const { eigenvalues } = eig(tensor([[0, -1], [1, 0]])); // a quarter turn: i and −i
 * eigenvalues.imag.toArray(); // [1, -1]
 * ```
 */
export function eig(a: Tensor): Eig {
  checkSquare("eig", a, "svd takes other matrices");
  const [re, im, vectorsRe, vectorsIm] = general(a) as [Tensor, Tensor, Tensor, Tensor];
  return { eigenvalues: { real: re, imag: im }, eigenvectors: { real: vectorsRe, imag: vectorsIm } };
}

/**
 * Only the eigenvalues of {@link eig} (PyTorch's `torch.linalg.eigvals`).
 *
 * @param a `[..., n, n]`
 * @returns real and imaginary parts, `[..., n]` each.
 * @throws as {@link eig}.
 *
 * @example
 * ```ts
 * import { eigvals } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * eigvals(tensor([[2, 1], [0, 3]])).real.toArray(); // [2, 3]
 * ```
 */
export function eigvals(a: Tensor): Complex {
  checkSquare("eigvals", a, "svdvals takes other matrices");
  return eig(a).eigenvalues;
}

/** Pseudo-inverses, least squares, rank. */
import { customFunction } from "@heddle/autograd";
import { finfo, fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkMatrix } from "./check.ts";
import { matrixAt, read, write, writeMatrices } from "./host/matrices.ts";
import { decompose, type HostSVD, pseudoInverse, rankOf } from "./host/svd.ts";
import { system } from "./right_side.ts";
import { transposed } from "./transposed.ts";

/** Options of {@link pinv} and {@link matrixRank}. */
export interface ToleranceOptions {
  /** Singular values up to `rtol` times the largest count as 0. Default: max(m, n) times the spacing of the dtype at 1. */
  readonly rtol?: number;
}

function relativeTolerance(a: Tensor, given: number | undefined): number {
  return given ?? Math.max(a.shape.at(-1)!, a.shape.at(-2)!) * finfo(a.dtype as "float32").eps;
}

const pseudo = customFunction({
  name: "pinv",
  forward(context, a: Tensor, rtol: number) {
    const matrices = read(a);
    const { batch, rows: m, columns: n } = matrices;
    const p = writeMatrices(batch, n, m, a, decompose("pinv", matrices).map((each) => pseudoInverse(each, rtol)));
    context.saveForBackward(a, p);
    return p;
  },
  backward(context, g) {
    const [a, p] = context.savedTensors as [Tensor, Tensor];
    return pseudoInverseGradient(a, p, g);
  },
});

/**
 * Golub, Pereyra: The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate, 1973,
 * equation 4.12, for constant rank: dP = −P·dA·P + P·Pᵀ·dAᵀ·(I − A·P) + (I − P·A)·dAᵀ·Pᵀ·P.
 */
function pseudoInverseGradient(a: Tensor, p: Tensor, g: Tensor): Tensor {
  const [pt, gt] = [transposed(p), transposed(g)];
  const left = gt.matmul(p).matmul(pt);
  const right = pt.matmul(p).matmul(gt);
  return left.sub(a.matmul(p).matmul(left))
    .add(right.sub(right.matmul(p).matmul(a)))
    .sub(pt.matmul(g).matmul(pt));
}

/**
 * The Moore–Penrose pseudo-inverse of each matrix (PyTorch's `torch.linalg.pinv`).
 *
 * @param a `[..., m, n]`
 * @returns `[..., n, m]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { pinv } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * pinv(tensor([[1], [1]])).toArray(); // close to [[0.5, 0.5]]
 * ```
 */
export function pinv(a: Tensor, options: ToleranceOptions = {}): Tensor {
  checkOptions("pinv", options, ["rtol"]);
  checkMatrix("pinv", a);
  return pseudo(a, relativeTolerance(a, options.rtol));
}

const leastSquares = customFunction({
  name: "lstsq",
  forward(context, a: Tensor, b: Tensor, rcond: number, found: readonly HostSVD[]) {
    const right = read(b);
    const results = found.map((each, i) => pseudoInverse(each, rcond).mmul(matrixAt(right, i)));
    const x = writeMatrices(right.batch, a.shape.at(-1)!, right.columns, a, results);
    context.saveForBackward(a, b);
    context.rcond = rcond;
    return x;
  },
  // X = A⁺·B.
  backward(context, g) {
    const [a, b] = context.savedTensors as [Tensor, Tensor];
    const p = pseudo(a, context.rcond as number);
    const ga = context.needsInputGrad[0] ? pseudoInverseGradient(a, p, g.matmul(transposed(b))) : null;
    return [ga, transposed(p).matmul(g)];
  },
});

/** What {@link lstsq} finds. */
export interface LeastSquares {
  /** `[..., n, k]` or `[..., n]` */
  readonly solution: Tensor;
  /** Σ(A·x − b)² by right side, `[..., k]`; without elements unless m > n and all matrices have full rank, as in PyTorch. */
  readonly residuals: Tensor;
  /** int32 `[...]` */
  readonly rank: Tensor;
  /** `[..., min(m, n)]`, the largest first. */
  readonly singularValues: Tensor;
}

/** Options of {@link lstsq}. */
export interface LstsqOptions {
  /** Singular values up to `rcond` times the largest count as 0. Default: max(m, n) times the spacing of the dtype at 1. */
  readonly rcond?: number;
}

/**
 * The X for which |A·X − B|² is smallest, and among several the smallest X (PyTorch's `torch.linalg.lstsq` with `driver="gelsd"`).
 * Rank-deficient matrices are fine. Only the solution has gradients, which hold while the rank does not change.
 *
 * @param a `[..., m, n]`
 * @param b `[..., m, k]` or `[..., m]`; batch dimensions broadcast.
 * @throws RangeError when the sizes do not fit; TypeError for integers and when the dtypes differ; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { lstsq } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const line = tensor([[1, 0], [1, 1], [1, 2]]);
 * lstsq(line, tensor([1, 3, 5])).solution.toArray(); // close to [1, 2]: 1 + 2·x
 * ```
 */
export function lstsq(a: Tensor, b: Tensor, options: LstsqOptions = {}): LeastSquares {
  checkOptions("lstsq", options, ["rcond"]);
  checkMatrix("lstsq", a);
  const { a: left, b: right, vector } = system("lstsq", a, b);
  const rcond = relativeTolerance(a, options.rcond);
  const matrices = read(left);
  const { batch, rows: m, columns: n } = matrices;
  const found = decompose("lstsq", matrices);
  const x = leastSquares(left, right, rcond, found);
  const ranks = Int32Array.from(found, ({ s }) => rankOf(s, rcond));
  const determined = m > n && ranks.every((rank) => rank === n);
  const [solutions, sides, k] = [read(x), read(right), right.shape.at(-1)!];
  const residuals = write(determined ? batch : [0], determined ? [k] : [], a, (item, index) => {
    const error = matrixAt(matrices, index).mmul(matrixAt(solutions, index)).sub(matrixAt(sides, index));
    for (let j = 0; j < k; j++) item[j] = error.getColumn(j).reduce((sum, value) => sum + value * value, 0);
  });
  return {
    solution: vector ? x.squeeze(-1) : x,
    residuals,
    rank: fromTypedArray(ranks, batch, { device: a.device }),
    singularValues: write(batch, [Math.min(m, n)], a, (item, i) => item.set(found[i]!.s)),
  };
}

/**
 * Number of singular values of each matrix that are not zero to precision (PyTorch's `torch.linalg.matrix_rank`).
 *
 * @param a `[..., m, n]`
 * @returns int32 `[...]`
 * @throws RangeError for fewer than two dimensions; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { matrixRank } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * matrixRank(tensor([[1, 2], [2, 4]])).item(); // 1
 * ```
 */
export function matrixRank(a: Tensor, options: ToleranceOptions = {}): Tensor {
  checkOptions("matrixRank", options, ["rtol"]);
  checkMatrix("matrixRank", a);
  const rtol = relativeTolerance(a, options.rtol);
  const matrices = read(a);
  const ranks = decompose("matrixRank", matrices).map(({ s }) => rankOf(s, rtol));
  return fromTypedArray(Int32Array.from(ranks), matrices.batch, { device: a.device });
}

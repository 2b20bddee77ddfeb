/** Pseudo-inverses, least squares, rank. */
import { customFunction } from "@heddle/autograd";
import { finfo, fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkMatrix, checkSquare } from "./check.ts";
import { matrixAt, mirrored, read, write, writeMatrices } from "./host/matrices.ts";
import { decompose, type HostSVD, pseudoInverse, rankOf, type Tolerance } from "./host/svd.ts";
import { system } from "./right_side.ts";
import { transposed } from "./transposed.ts";

/** Options of {@link pinv} and {@link matrixRank}. */
export interface ToleranceOptions {
  /** Singular values up to `atol` count as 0, in each matrix or (a tensor that broadcasts to `[...]`) its own. Default 0. */
  readonly atol?: number | Tensor;
  /**
   * Singular values up to `rtol` times the largest count as 0. Default: max(m, n) times the spacing of the dtype at 1, or 0 when
   * an `atol` above 0 is given.
   */
  readonly rtol?: number | Tensor;
  /** Whether the matrices are symmetric: the lower triangle is read, the upper one taken to be its mirror image. Default false. */
  readonly hermitian?: boolean;
}

const usualTolerance = (a: Tensor): number =>
  Math.max(a.shape.at(-1)!, a.shape.at(-2)!) * finfo(a.dtype as "float32").eps;

/** The tolerance of each matrix. @throws RangeError for negative ones, and for tensors that do not broadcast to the batch. */
function tolerances(operation: string, a: Tensor, { atol, rtol }: ToleranceOptions): Tolerance[] {
  const batch = a.shape.slice(0, -2);
  const count = batch.reduce((product, size) => product * size, 1);
  const each = (name: string, given: number | Tensor): number[] => {
    const values = typeof given === "number"
      ? new Array<number>(count).fill(given)
      : Array.from(given.detach().expand(batch).toTypedArray(), Number);
    const wrong = values.find((value) => !(value >= 0));
    if (wrong === undefined) return values;
    throw new RangeError(`${operation}: ${name} is ${wrong}; it must be at least 0`);
  };
  const absolute = each("atol", atol ?? 0);
  const relative = rtol === undefined ? null : each("rtol", rtol);
  return absolute.map((atol, i) => ({ atol, rtol: relative?.[i] ?? (atol > 0 ? 0 : usualTolerance(a)) }));
}

function checkedTolerances(operation: string, a: Tensor, options: ToleranceOptions): Tolerance[] {
  checkOptions(operation, options, ["atol", "rtol", "hermitian"]);
  if (options.hermitian === true) checkSquare(operation, a, "symmetric matrices are");
  else checkMatrix(operation, a);
  return tolerances(operation, a, options);
}

const pseudo = customFunction({
  name: "pinv",
  forward(context, a: Tensor, tolerances: readonly Tolerance[], hermitian: boolean) {
    const matrices = hermitian ? mirrored(read(a), false) : read(a);
    const { batch, rows: m, columns: n } = matrices;
    const results = decompose("pinv", matrices).map((each, i) => pseudoInverse(each, tolerances[i]!));
    const p = writeMatrices(batch, n, m, a, results);
    context.saveForBackward(a, p);
    context.hermitian = hermitian;
    return p;
  },
  backward(context, g) {
    const [a, p] = context.savedTensors as [Tensor, Tensor];
    if (!context.hermitian) return pseudoInverseGradient(a, p, g);
    const lower = a.tril();
    const ga = pseudoInverseGradient(lower.add(transposed(lower.tril(-1))), p, g);
    return ga.add(transposed(ga)).mul(0.5);
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
 * @throws RangeError for fewer than two dimensions and negative tolerances; TypeError for integers; Error for NaN and infinities.
 *
 * @example
 * ```ts
 * import { pinv } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * pinv(tensor([[1], [1]])).toArray(); // close to [[0.5, 0.5]]
 * ```
 */
export function pinv(a: Tensor, options: ToleranceOptions = {}): Tensor {
  return pseudo(a, checkedTolerances("pinv", a, options), options.hermitian === true);
}

const leastSquares = customFunction({
  name: "lstsq",
  forward(context, a: Tensor, b: Tensor, tolerance: Tolerance, found: readonly HostSVD[]) {
    const right = read(b);
    const results = found.map((each, i) => pseudoInverse(each, tolerance).mmul(matrixAt(right, i)));
    const x = writeMatrices(right.batch, a.shape.at(-1)!, right.columns, a, results);
    context.saveForBackward(a, b);
    context.tolerance = tolerance;
    return x;
  },
  // X = A⁺·B.
  backward(context, g) {
    const [a, b] = context.savedTensors as [Tensor, Tensor];
    const p = pseudo(a, tolerances("lstsq", a, context.tolerance as Tolerance), false);
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
  const tolerance = { atol: 0, rtol: options.rcond ?? usualTolerance(a) };
  const matrices = read(left);
  const { batch, rows: m, columns: n } = matrices;
  const found = decompose("lstsq", matrices);
  const x = leastSquares(left, right, tolerance, found);
  const ranks = Int32Array.from(found, ({ s }) => rankOf(s, tolerance));
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
  const each = checkedTolerances("matrixRank", a, options);
  const matrices = options.hermitian === true ? mirrored(read(a), false) : read(a);
  const ranks = decompose("matrixRank", matrices).map(({ s }, i) => rankOf(s, each[i]!));
  return fromTypedArray(Int32Array.from(ranks), matrices.batch, { device: a.device });
}

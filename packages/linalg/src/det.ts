/** Determinants. */
import { customFunction, isGradEnabled } from "@heddle/autograd";
import { cat, stack, type Tensor, tensor, where } from "@heddle/tensor";
import { checkSquare } from "./check.ts";
import { HostLU } from "./host/lu.ts";
import { matrixAt, read, write } from "./host/matrices.ts";
import { decompose } from "./host/svd.ts";
import { inv } from "./solve.ts";
import { transposed } from "./transposed.ts";

const lus = (a: Tensor): HostLU[] => {
  const matrices = read(a);
  return Array.from({ length: matrices.count }, (_, i) => new HostLU(matrixAt(matrices, i)));
};

/** One gradient for each matrix, in a shape that multiplies with matrices. */
const overMatrices = (g: Tensor): Tensor => g.unsqueeze(-1).unsqueeze(-1);

const determinant = customFunction({
  name: "det",
  forward(context, a: Tensor) {
    const found = lus(a);
    const d = write(a.shape.slice(0, -2), [], a, (item, i) => item[0] = found[i]!.determinant);
    context.saveForBackward(a, d);
    context.regular = found.every(({ pivots }) => {
      const sizes = pivots.map(Math.abs);
      // Below this det·A⁻ᵀ has lost half of its digits.
      return !(Math.min(...sizes) <= 1e-8 * Math.max(...sizes));
    });
    return d;
  },
  // Jacobi's formula: the gradient is the matrix of cofactors, which is det·A⁻ᵀ where A is regular.
  backward(context, g) {
    const [a, d] = context.savedTensors as [Tensor, Tensor];
    if (context.regular) return overMatrices(g.mul(d)).mul(transposed(inv(a)));
    return overMatrices(g).mul(isGradEnabled() && a.requiresGrad ? cofactorsByMinors(a) : cofactors(a));
  },
});

/**
 * Cofactors of any matrix, singular ones included: with A = U·diag(s)·Vᵀ they are det(U)·det(V)·U·diag(∏ⱼ≠ᵢ sⱼ)·Vᵀ. Not
 * differentiable.
 */
function cofactors(a: Tensor): Tensor {
  const matrices = read(a);
  const n = matrices.rows;
  const factors = decompose("det", matrices);
  return write(matrices.batch, [n, n], a, (item, index) => {
    const { u, s, v } = factors[index]!;
    const sign = Math.sign(new HostLU(u).determinant) * Math.sign(new HostLU(v).determinant);
    const others = s.map((_, i) => s.reduce((product, value, j) => j === i ? product : product * value, sign));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        item[i * n + j] = others.reduce((sum, other, k) => sum + u.get(i, k) * other * v.get(j, k), 0);
      }
    }
  });
}

/** Cofactors by definition: n² determinants, for the second derivative at singular matrices. */
function cofactorsByMinors(a: Tensor): Tensor {
  const n = a.shape.at(-1)!;
  const without = (x: Tensor, dim: number, i: number): Tensor =>
    cat([x.narrow(dim, 0, i), x.narrow(dim, i + 1, n - 1 - i)], dim);
  const indices = Array.from({ length: n }, (_, i) => i);
  const minors = stack(
    indices.map((i) => {
      const rows = without(a, -2, i);
      return stack(indices.map((j) => without(rows, -1, j)), -3);
    }),
    -4,
  );
  const signs = tensor(indices.map((i) => indices.map((j) => (i + j) % 2 === 0 ? 1 : -1)), {
    dtype: a.dtype,
    device: a.device,
  });
  return det(minors).mul(signs);
}

/**
 * The determinant of each matrix (PyTorch's `torch.linalg.det`). Gradients are correct at singular matrices too.
 *
 * @param a `[..., n, n]`
 * @returns `[...]`
 * @throws RangeError unless the matrices are square; TypeError for integers.
 *
 * @example
 * ```ts
 * import { det } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * det(tensor([[2, 0], [0, 4]])).item(); // 8
 * ```
 */
export function det(a: Tensor): Tensor {
  checkSquare("det", a);
  return determinant(a);
}

const signAndLog = customFunction({
  name: "slogdet",
  forward(context, a: Tensor): readonly Tensor[] {
    const found = lus(a);
    const batch = a.shape.slice(0, -2);
    context.saveForBackward(a);
    context.singular = found.findIndex(({ zeroPivot }) => zeroPivot !== -1);
    return [
      write(batch, [], a, (item, i) => item[0] = found[i]!.signLog.sign),
      write(batch, [], a, (item, i) => item[0] = found[i]!.signLog.logAbs),
    ];
  },
  // d ln|det A| = tr(A⁻¹·dA). The sign is constant.
  backward(context, _, g) {
    if (context.singular !== -1) {
      throw new Error(
        `slogdet: the gradient at a singular matrix (${context.singular} of the batch) is infinite; add a multiple of the identity, or use det`,
      );
    }
    return overMatrices(g!).mul(transposed(inv(context.savedTensors[0]!)));
  },
});

/** Sign and logarithm of the absolute value of determinants. */
export interface SlogDet {
  /** 1, −1, or 0 for singular matrices: `[...]`. */
  readonly sign: Tensor;
  /** ln|det A|, −∞ for singular matrices: `[...]`. */
  readonly logabsdet: Tensor;
}

/**
 * Sign and logarithm of the absolute value of each determinant (PyTorch's `torch.linalg.slogdet`), where the determinant itself
 * would over- or underflow.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square; TypeError for integers; from `backward` Error at singular matrices.
 *
 * @example
 * ```ts
 * import { slogdet } from "@heddle/linalg";
 * import { eye } from "@heddle/tensor";
 * slogdet(eye(200).mul(1e-3)).logabsdet.item(); // 200 · ln 0.001, where det is 0
 * ```
 */
export function slogdet(a: Tensor): SlogDet {
  checkSquare("slogdet", a);
  const [sign, logabsdet] = signAndLog(a) as [Tensor, Tensor];
  return { sign: sign.detach(), logabsdet };
}

/**
 * The logarithm of each determinant (PyTorch's `torch.logdet`): NaN where it is negative, −∞ where it is 0. Where it may be negative,
 * use {@link slogdet}.
 *
 * @param a `[..., n, n]`
 * @returns `[...]`
 * @throws as {@link slogdet}.
 *
 * @example
 * ```ts
 * import { logdet } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * logdet(tensor([[2, 0], [0, 0.5]])).item(); // 0
 * ```
 */
export function logdet(a: Tensor): Tensor {
  checkSquare("logdet", a);
  const { sign, logabsdet } = slogdet(a);
  return where(sign.lt(0), NaN, logabsdet);
}

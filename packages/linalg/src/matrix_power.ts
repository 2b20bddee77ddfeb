/** Powers of matrices. */
import { eye, type Tensor } from "@heddle/tensor";
import { checkSquare } from "./check.ts";
import { inv } from "./solve.ts";

/**
 * The n-th power of each matrix by repeated squaring (PyTorch's `torch.linalg.matrix_power`); negative powers are those of the
 * inverse, the zeroth is the identity.
 *
 * @param a `[..., n, n]`
 * @throws RangeError unless the matrices are square and `n` is whole; TypeError for integers; Error when `n` is negative and a matrix
 * singular.
 *
 * @example
 * ```ts
 * import { matrixPower } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * matrixPower(tensor([[1, 1], [1, 0]]), 10).toArray(); // [[89, 55], [55, 34]]: Fibonacci's numbers
 * ```
 */
export function matrixPower(a: Tensor, n: number): Tensor {
  checkSquare("matrixPower", a);
  if (!Number.isInteger(n)) throw new RangeError(`matrixPower: the power is ${n}; it must be a whole number`);
  let power = n < 0 ? inv(a) : a;
  let result: Tensor | null = null;
  for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === null ? power : result.matmul(power);
    if (rest > 1) power = power.matmul(power);
  }
  // Written to a copy of the input, so that its gradient is zero rather than missing.
  if (result === null) return a.clone().copy_(eye(a.shape.at(-1)!, { dtype: a.dtype, device: a.device }));
  return result === a ? a.clone() : result;
}

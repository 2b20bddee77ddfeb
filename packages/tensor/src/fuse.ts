/** Several element-wise operations as one kernel. */
import { runExpression, sumExpression } from "./apply.ts";
import type { Scalar } from "./dtype.ts";
import { type Draft, Symbolic } from "./symbolic.ts";
import { activeTape } from "./tape.ts";
import type { Operand } from "./tensor/core.ts";
import { Tensor } from "./tensor/tensor.ts";

/**
 * Computes an expression of element-wise operations on broadcast inputs as one kernel. Results are those of the same operations one
 * by one, and so are gradients, which are one kernel an input. The expression is computed anew for them, rather than kept.
 *
 * @param inputs tensors; and numbers, which take the first tensor's dtype. Numbers may stand in the expression itself, too.
 * @param name of the operation, for errors, `memory()` and `HEDDLE_DEBUG`.
 * @param into the tensor to write; by default a new one. It may be among the inputs. That is below the tape: nothing is recorded.
 *
 * @example
 * ```ts
 * import { fuse, ones, type Tensor, tensor } from "@heddle/tensor";
 * const gelu = (x: Tensor) => fuse("gelu", [x], (x) => x.mul(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)));
 * gelu(tensor([-1, 0, 1])).toArray(); // about [-0.159, 0, 0.841]
 * const p = ones([3]);
 * fuse("step", [p, tensor([1, 2, 3])], (p, g) => p.sub(g.mul(0.1)), p);
 * p.toArray(); // about [0.9, 0.8, 0.7]
 * ```
 */
export function fuse(
  name: string,
  inputs: readonly Operand[],
  write: (...inputs: Symbolic[]) => Symbolic,
  into: Tensor | null = null,
): Tensor {
  const { tensors, scalars, symbol } = written(name, inputs, write);
  const output = runExpression(name, tensors, scalars, symbol.expr, into);
  const tape = into === null ? activeTape() : null;
  if (tape?.enabled && tensors.some(({ slot, source }) => slot !== null || source !== null)) {
    tape.recordExpression(name, tensors, scalars, symbol.expr, output);
  }
  return output;
}

/**
 * {@link fuse}, summed over dimensions of the broadcast inputs; these are kept with size 1.
 *
 * @param dims not negative, without repetition.
 *
 * @example
 * ```ts
 * import { fuseSum, ones } from "@heddle/tensor";
 * fuseSum("squares", [ones([2, 3])], (x) => x.mul(2).square(), [0]).toArray(); // [[8, 8, 8]]
 * ```
 */
export function fuseSum(
  name: string,
  inputs: readonly Operand[],
  write: (...inputs: Symbolic[]) => Symbolic,
  dims: readonly number[],
): Tensor {
  const { tensors, scalars, symbol } = written(name, inputs, write);
  return sumExpression(name, tensors, scalars, symbol.expr, dims);
}

function written(
  name: string,
  inputs: readonly Operand[],
  write: (...inputs: Symbolic[]) => Symbolic,
): { tensors: readonly Tensor[]; scalars: readonly Scalar[]; symbol: Symbolic } {
  const draft: Draft = { scalars: [] };
  const tensors = inputs.filter((input) => input instanceof Tensor);
  const first = tensors[0];
  if (first === undefined) throw new TypeError(`${name}: none of the inputs is a tensor; give at least one`);
  for (const tensor of tensors) if (tensor.isDisposed) throw tensor.freedError(name);
  const symbols = inputs.map((input) => {
    if (input instanceof Tensor) {
      return new Symbolic({ op: "input", index: tensors.indexOf(input), dtype: input.dtype }, input.ndim, draft);
    }
    draft.scalars.push(input);
    return new Symbolic({ op: "scalar", index: draft.scalars.length - 1, dtype: first.dtype }, 0, draft);
  });
  return { tensors, scalars: draft.scalars, symbol: write(...symbols) };
}

/** The class of tensors: its state is in core.ts, its methods by family in the files beside this one. */
import { markClass } from "../brand.ts";
import { tidy } from "../scope.ts";
import { TensorFilling } from "./filling.ts";

/**
 * A multi-dimensional array with PyTorch's semantics: storage, dtype, shape, strides and offset. Views share storage; a method whose
 * name ends in `_` writes in place, seen through every view.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(String(x.matmul(x.t()))); // tensor([[ 5., 11.],
 * //        [11., 25.]])
 * ```
 */
export class Tensor extends TensorFilling {}

/** Methods made of several operations: what they make on the way is freed at their end, also where no scope is open and where they fail. */
const composed = [
  ...[
    "all",
    "allclose",
    "any",
    "argsort",
    "at",
    "clamp",
    "countNonzero",
    "equal",
    "frac",
    "indexAdd",
    "isclose",
    "isfinite",
  ],
  ...[
    "isinf",
    "lerp",
    "logaddexp",
    "logSoftmax",
    "logsumexp",
    "maskedFill",
    "maskedSelect",
    "max",
    "mean",
    "min",
    "nonzero",
  ],
  ...["norm", "rsqrt", "softmax", "std", "tril", "triu", "unique", "var"],
] as const;

type Method = (this: Tensor, ...args: unknown[]) => unknown;

for (const name of composed) {
  const method = Tensor.prototype[name as keyof Tensor] as unknown as Method;
  const tidied = function (this: Tensor, ...args: unknown[]): unknown {
    return tidy(() => method.apply(this, args));
  };
  // It shows the name, the number of arguments and the source of the method.
  for (const [key, value] of Object.entries({ name, length: method.length, toString: () => String(method) })) {
    Object.defineProperty(tidied, key, { value, configurable: true });
  }
  Object.defineProperty(Tensor.prototype, name, { value: tidied, writable: true, configurable: true });
}

markClass(Tensor, "@heddle/tensor");

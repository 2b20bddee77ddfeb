/** Products with weights. */
import type { Tensor } from "@heddle/tensor";
import { showSizes } from "../sizes.ts";

/**
 * `input · weightᵀ + bias` over the last dimension: `[…, in]` with a weight `[out, in]` and a bias `[out]` gives `[…, out]`.
 * PyTorch: `torch.nn.functional.linear`.
 *
 * @throws RangeError when the last dimension is not the weight's.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.linear(ones([1, 3]), ones([4, 3]), ones([4])).toArray(); // [[4, 4, 4, 4]]
 * ```
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (weight.ndim !== 2) {
    throw new RangeError(`linear: the weight has shape ${showSizes(weight.shape)}; expected [outFeatures, inFeatures]`);
  }
  if (input.ndim === 0 || input.shape.at(-1) !== weight.shape[1]) {
    throw new RangeError(
      `linear: the input of shape ${showSizes(input.shape)} should have ${
        weight.shape[1]
      } features in its last dimension, as the weight of ` +
        `shape ${showSizes(weight.shape)} has; flatten(1) turns images into features`,
    );
  }
  const product = input.matmul(weight.t());
  return bias === null ? product : product.add(bias);
}

/** Products with weights. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions, linear as product, type LinearOptions as ProductOptions } from "@heddle/tensor/engine";

/** Options of {@link linear}. */
export type LinearOptions = Omit<ProductOptions, "bias">;

/**
 * `input · weightᵀ + bias` over the last dimension: `[…, in]` with a weight `[out, in]` and a bias `[out]` gives `[…, out]`. With `{
 * activation: "relu" }` the result is rectified in the same kernel. PyTorch: `torch.nn.functional.linear`.
 *
 * @throws RangeError when the last dimension is not the weight's. TypeError for an unknown activation.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.linear(ones([1, 3]), ones([4, 3]), ones([4])).toArray(); // [[4, 4, 4, 4]]
 * F.linear(ones([1, 3]).neg(), ones([4, 3]), null, { activation: "relu" }).toArray(); // [[0, 0, 0, 0]]
 * ```
 */
export function linear(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: LinearOptions = {},
): Tensor {
  checkOptions("linear", options, ["activation"]);
  return product(input, weight, { ...options, bias });
}

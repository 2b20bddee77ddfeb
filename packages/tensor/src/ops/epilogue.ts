/** Bias and activation of products: the routine's own affair where it can be, operations of their own elsewhere. */
import { checkOption } from "../options.ts";
import { type DType, isFloat } from "../dtype.ts";
import { type Activation, activations, type Epilogue } from "../prims/attrs.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What follows a product of one dtype; `fits` says whether the bias is one that routines take. */
export interface Following {
  readonly dtype: DType;
  readonly bias: Tensor | null | undefined;
  readonly fits: boolean;
  readonly activation: Activation | undefined;
}

/**
 * The product with what follows: `product` is given further inputs of the routine and its attributes, `add` is for a bias that the
 * routine does not take.
 *
 * @throws TypeError for an activation that there is not.
 */
export function withEpilogue(
  operation: string,
  { dtype, bias, fits, activation = "none" }: Following,
  product: (bias: readonly Tensor[], attrs: Epilogue) => Tensor,
  add: (y: Tensor, bias: Tensor) => Tensor,
): Tensor {
  checkOption(operation, "activation", activation, activations);
  const taken = !bias || (fits && bias.dtype === dtype);
  if (taken && (isFloat(dtype) || activation === "none")) return product(bias ? [bias] : [], { activation });
  const y = product([], { activation: "none" });
  const sum = bias ? add(y, bias) : y;
  return activation === "relu" ? sum.relu() : sum;
}

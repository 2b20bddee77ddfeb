/** Bias and activation after a product: fused into the routine if possible, else separate operations. */
import { checkOption } from "../options.ts";
import { type DType, isFloat } from "../dtype.ts";
import { type Activation, activations, type Epilogue } from "../prims/attrs.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Bias and activation of a product. `fits` is whether routines accept this bias. */
export interface Following {
  readonly dtype: DType;
  readonly bias: Tensor | null | undefined;
  readonly fits: boolean;
  readonly activation: Activation | undefined;
}

/**
 * A product with its epilogue. `product` receives further inputs and attributes of the routine; `add` adds a bias that the routine
 * does not accept.
 *
 * @throws TypeError for an unknown activation.
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

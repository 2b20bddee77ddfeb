/** The matrices of a batch transposed. */
import type { Tensor } from "@heddle/tensor";

/** Aᵀ of each matrix, as a view. */
export function transposed(a: Tensor): Tensor {
  return a.transpose(-2, -1);
}

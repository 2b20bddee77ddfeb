/** Whether an output's gradient is needed. */
import type { Tensor } from "@heddle/tensor";

/**
 * False for the zeros of an output that was not used. Formulas for eigenvectors and singular vectors divide by gaps between values, and
 * would turn these zeros into NaN where values are equal.
 */
export function isGiven(gradient: Tensor): boolean {
  return gradient.requiresGrad || gradient.detach().ne(0).any().item() === 1;
}

/** Whether a gradient takes part at all. */
import type { Tensor } from "@heddle/tensor";

/**
 * False for the zeros that stand for an output nothing was computed from. Formulas for eigenvectors and singular vectors divide by
 * gaps between values, and would turn those zeros into NaN where values are equal.
 */
export function isGiven(gradient: Tensor): boolean {
  return gradient.requiresGrad || gradient.detach().ne(0).any().item() === 1;
}

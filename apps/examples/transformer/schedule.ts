/**
 * The learning rate of the transformer's paper as a share of its maximum: a linear rise over `warmUp` steps, then a
 * decay with the inverse square root of the step (Vaswani et al. 2017, section 5.3). Steps count from 0.
 */
export function inverseSquareRoot(step: number, warmUp: number): number {
  return Math.min((step + 1) / warmUp, Math.sqrt(warmUp / (step + 1)));
}

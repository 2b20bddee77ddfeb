/** The loss of class scores against labels. */
import { apply } from "../engine/apply.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Cross-entropy of class scores and labels: −log softmax(scores) at each label, and 0 where the label is `ignoreIndex`.
 *
 * @param scores `[N, C]` or `[N, C, …]`, or `[C]`; the classes are in dimension `dim`.
 * @param labels int32, in the shape of the scores without the classes; each from 0 to C − 1, or `ignoreIndex`. Other labels make
 * the loss NaN.
 */
export function labelLoss(scores: Tensor, labels: Tensor, dim: number, ignoreIndex: number): Tensor {
  return apply("labelLoss", [scores, labels.unsqueeze(dim)], { dim, ignoreIndex }).squeeze(dim);
}

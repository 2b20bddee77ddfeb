/** The loss of class scores against labels, where a backend has it as one kernel. */
import { apply } from "../engine/apply.ts";
import { hasRows } from "../engine/execute/rows.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * −log softmax(scores) at the labels: a loss for each label, 0 where the label is `ignoreIndex`; or null where the device has no kernel
 * for it, and other operations are to be used.
 *
 * @param scores `[N, C]` or `[N, C, …]`, or `[C]`; the classes are in dimension `dim`.
 * @param labels integers in the shape of the scores without the classes, each from 0 to C − 1 or `ignoreIndex`. They are not checked.
 */
export function labelLoss(scores: Tensor, labels: Tensor, dim: number, ignoreIndex: number): Tensor | null {
  if (!hasRows(scores, [dim])) return null;
  return apply("labelLoss", [scores, labels.unsqueeze(dim)], { dim, ignoreIndex }).squeeze(dim);
}

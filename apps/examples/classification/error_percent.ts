import type { Tensor } from "@heddle/tensor";
import { Mean } from "@heddle/train/metrics";

/** The share of misclassified samples in percent: {@link Mean}, of 100 for a mistake and 0 otherwise. */
export class ErrorPercent extends Mean {
  /** Adds logits [n, classes] and their classes [n]. */
  override update(logits: Tensor, labels: Tensor): void {
    super.update(logits.argmax(1).ne(labels).float().mul(100));
  }
}

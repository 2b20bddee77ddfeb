import { keep, type Tensor, tidy } from "@heddle/tensor";
import type { Metric } from "@heddle/train";

/** The share of misclassified samples in percent, from logits [n, classes] and classes [n]. */
export class ErrorPercent implements Metric<number> {
  private wrong: Tensor | null = null;
  private samples = 0;

  /** Adds a batch. */
  update(logits: Tensor, labels: Tensor): void {
    const { wrong } = this;
    this.wrong = tidy(() => {
      const mistaken = logits.argmax(1).ne(labels).sum();
      return keep(wrong === null ? mistaken : wrong.add(mistaken));
    });
    wrong?.dispose();
    this.samples += labels.numel;
  }

  /** The percentage over all batches. */
  async compute(): Promise<number> {
    return this.wrong === null ? NaN : 100 * Number((await this.wrong.data())[0]) / this.samples;
  }

  /** The sums, for a checkpoint in the middle of an epoch. */
  stateDict(): { wrong: Tensor | null; samples: number } {
    return { wrong: this.wrong, samples: this.samples };
  }

  /** Goes on from sums. */
  loadStateDict({ wrong, samples }: { wrong: Tensor | null; samples: number }): void {
    this.reset();
    this.wrong = wrong === null ? null : keep(wrong.clone());
    this.samples = samples;
  }

  /** Forgets all batches. */
  reset(): void {
    this.wrong?.dispose();
    this.wrong = null;
    this.samples = 0;
  }
}

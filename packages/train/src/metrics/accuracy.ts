import { arange, cat, type Tensor } from "@heddle/tensor";
import { checkOption, checkOptions } from "@heddle/tensor/engine";
import {
  checkInvalid,
  checkLabelOptions,
  counted,
  inRange,
  type LabelOptions,
  labelOptions,
  type Labels,
  labelsOf,
  tally,
} from "./labels.ts";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link Accuracy}. */
export interface AccuracyOptions extends LabelOptions {
  /** A sample counts as right if its class is among so many highest scores (default 1). Of equal scores the lower class is higher. */
  readonly topK?: number;
  /**
   * "micro" (default): the share of all samples; "macro": the mean of the classes' shares, over the classes that occur (scikit-learn's
   * `balanced_accuracy_score`); "none": each class's share, NaN for a class that does not occur.
   */
  readonly average?: "micro" | "macro" | "none";
}

/**
 * The share of samples that are classified right. `update` takes scores `[N, C, …]` of floats with targets `[N, …]`, as `crossEntropy`
 * does; or labels, or probabilities of class 1, in the target's shape. The device holds two numbers, or two for each class.
 *
 * @example
 * ```ts
 * import { Accuracy } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const accuracy = new Accuracy();
 * accuracy.update(tensor([[0.1, 0.9], [0.8, 0.2]]), tensor([1, 1], { dtype: "int32" }));
 * accuracy.update(tensor([[0.7, 0.3], [0.6, 0.4]]), tensor([0, 0], { dtype: "int32" }));
 * console.log(await accuracy.compute()); // 0.75
 * ```
 */
export class Accuracy implements Metric<number | number[]> {
  private readonly options: AccuracyOptions;
  private readonly sums: Sums = new Sums();
  /** Number of classes of the batches so far; 0 if they do not say. */
  private classes = 0;

  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: AccuracyOptions = {}) {
    checkOptions("Accuracy", options, [...labelOptions, "topK", "average"]);
    checkLabelOptions("Accuracy", options);
    const { topK = 1, average = "micro" } = options;
    checkOption("Accuracy", "average", average, ["micro", "macro", "none"]);
    if (!Number.isInteger(topK) || topK < 1) {
      throw new RangeError(`Accuracy: topK is ${topK}; it must be a whole number from 1`);
    }
    this.options = { ...options, topK, average };
  }

  /**
   * Adds a batch.
   *
   * @throws TypeError or RangeError if shapes or dtypes do not fit.
   */
  update(output: Tensor, target: Tensor): void {
    const { options } = this;
    this.sums.add("Accuracy", () => {
      const labels = labelsOf("Accuracy", output, target, options);
      const counts = counted(labels.target, options);
      const right = this.right(labels);
      const micro = options.average === "micro";
      const classes = labels.classes ?? (labels.binary && !micro ? 2 : 0);
      this.classes = classes;
      const valid = classes === 0 ? labels.target.ge(0) : inRange(labels.target, classes);
      if (micro) return tally(right.to("int32"), 2, valid, counts);
      const correct = counts === null ? right : right.logicalAnd(counts);
      return cat([
        tally(labels.target, classes, valid, counts),
        tally(labels.target, classes, valid, correct).narrow(0, 0, classes),
      ]);
    });
  }

  /** Whether each sample is right: bool `[N]`. */
  private right({ predicted, target, scores }: Labels): Tensor {
    const { topK = 1 } = this.options;
    if (topK === 1) return predicted().eq(target);
    if (scores === null) {
      throw new RangeError(
        `Accuracy: topK is ${topK}, which needs scores [N, C, …]; the output has the target's shape`,
      );
    }
    const classes = scores.shape[1]!;
    if (topK > classes) throw new RangeError(`Accuracy: topK is ${topK}, but there are ${classes} classes`);
    const own = scores.gather(1, target.clamp({ min: 0, max: classes - 1 }).unsqueeze(1));
    const later = arange(classes, { dtype: "int32", device: scores.device }).ge(target.unsqueeze(1));
    // Counted from those that are not higher, so that a NaN is no hit.
    const notHigher = scores.lt(own).logicalOr(scores.eq(own).logicalAnd(later));
    return notHigher.sum(1).gt(classes - topK).logicalAnd(inRange(target, classes));
  }

  /**
   * The share, from 0 to 1; with average "none" one for each class.
   *
   * @throws RangeError if targets were outside the classes.
   */
  async compute(): Promise<number | number[]> {
    const sums = await this.sums.read();
    const { classes } = this;
    const { average } = this.options;
    if (sums === null) return average === "none" ? [] : NaN;
    if (average === "micro") {
      const [wrong = 0, right = 0, invalid = 0] = sums;
      checkInvalid("Accuracy", invalid, classes === 0 ? null : classes);
      return right / (wrong + right);
    }
    checkInvalid("Accuracy", sums[classes]!, classes);
    const shares = Array.from({ length: classes }, (_, c) => sums[classes + 1 + c]! / sums[c]!);
    if (average === "none") return shares;
    const occurring = shares.filter((share) => !Number.isNaN(share));
    return occurring.reduce((sum, share) => sum + share, 0) / occurring.length;
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: "Accuracy", sums: this.sums.stateDict(), classes: this.classes };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("Accuracy", state);
    this.sums.loadStateDict(state["sums"] as SumsState);
    this.classes = state["classes"] as number;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
    this.classes = 0;
  }
}

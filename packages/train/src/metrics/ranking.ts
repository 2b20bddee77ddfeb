import type { Tensor } from "@heddle/tensor";
import type { Metric } from "./metric.ts";
import { averaged, type Curve, type RankingOptions, ScoreCollector, type ScoresState } from "./score_curve.ts";
import { checkState, type MetricState } from "./state.ts";

/** A figure of how scores rank samples. */
export abstract class RankingFigure
  implements Metric<number | number[], [output: Tensor, target: Tensor, weight?: Tensor]> {
  private readonly name: string;
  private readonly average: RankingOptions["average"];
  private readonly figure: (curve: Curve) => number;
  private readonly scores: ScoreCollector;

  protected constructor(name: string, options: RankingOptions, figure: (curve: Curve) => number) {
    this.name = name;
    this.scores = new ScoreCollector(name, options);
    this.average = options.average;
    this.figure = figure;
  }

  /**
   * Adds a batch: scores of class 1 in the target's shape, or scores `[N, C, …]` with targets `[N, …]`.
   *
   * @param weight of each sample, in the target's shape (default 1)
   * @throws TypeError or RangeError if shapes or dtypes do not fit
   */
  update(output: Tensor, target: Tensor, weight?: Tensor): void {
    this.scores.update(output, target, weight);
  }

  /**
   * The figure, from 0 to 1; with average "none" one for each class. NaN for a class that has no sample, or no other.
   *
   * @throws RangeError for labels outside the classes, and scores that are NaN.
   */
  async compute(): Promise<number | number[]> {
    const curves = await this.scores.read();
    if (curves === null) return this.average === "none" ? [] : NaN;
    return averaged(curves, this.average, this.figure);
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: this.name, scores: this.scores.stateDict() };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState(this.name, state);
    this.scores.loadStateDict(state["scores"] as ScoresState);
  }

  /** Forgets all batches, and frees their scores. */
  reset(): void {
    this.scores.reset();
  }
}

/**
 * The area under the ROC curve: how likely a positive sample scores higher than a negative one.
 *
 * It needs all scores. The device holds 4 bytes for each score and 4 for each target (1 million samples: 8 MB; of 1,000 classes: 4 GB), and
 * `compute` sorts them on the host. With `thresholds: T` it counts instead: 8 · (T + 1) · 2 bytes for each class, however many samples, and
 * the area of a curve with so many points.
 *
 * @example
 * ```ts
 * import { RocAuc } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const auc = new RocAuc();
 * auc.update(tensor([0.1, 0.4]), tensor([0, 0], { dtype: "int32" }));
 * auc.update(tensor([0.35, 0.8]), tensor([1, 1], { dtype: "int32" }));
 * console.log(await auc.compute()); // 0.75
 * ```
 */
export class RocAuc extends RankingFigure {
  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: RankingOptions = {}) {
    super("RocAuc", options, ({ positives, negatives }) => {
      let [area, hits, misses] = [0, 0, 0];
      positives.forEach((positive, t) => {
        const negative = negatives[t]!;
        area += (negative - misses) * (positive + hits) / 2;
        [hits, misses] = [positive, negative];
      });
      return area / (hits * misses);
    });
  }
}

/**
 * Average precision, the area under the curve of precision over recall as a sum of steps: the mean precision at the rank of each positive
 * sample. It needs all scores, or `thresholds`, as {@link RocAuc} does.
 *
 * @example
 * ```ts
 * import { AveragePrecision } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const precision = new AveragePrecision();
 * precision.update(tensor([0.1, 0.4, 0.35, 0.8]), tensor([0, 0, 1, 1], { dtype: "int32" }));
 * console.log((await precision.compute() as number).toFixed(4)); // 0.8333
 * ```
 */
export class AveragePrecision extends RankingFigure {
  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: RankingOptions = {}) {
    super("AveragePrecision", options, ({ positives, negatives }) => {
      let [area, hits] = [0, 0];
      positives.forEach((positive, t) => {
        if (positive > hits) area += (positive - hits) * positive / (positive + negatives[t]!);
        hits = positive;
      });
      return area / hits;
    });
  }
}

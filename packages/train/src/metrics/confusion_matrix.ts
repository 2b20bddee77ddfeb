import type { Tensor } from "@heddle/tensor";
import { checkNames, checkOption } from "@heddle/tensor/engine";
import {
  checkInvalid,
  checkLabelOptions,
  counted,
  inRange,
  type LabelOptions,
  labelOptions,
  labelsOf,
  tally,
} from "./labels.ts";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link ConfusionMatrix}. */
export interface ConfusionMatrixOptions extends LabelOptions {
  /** Shares instead of counts: of each true class ("true"), of each predicted class ("pred"), or of all samples ("all"). */
  readonly normalize?: "none" | "true" | "pred" | "all";
}

/**
 * How often each class is taken for each: rows are true classes, columns predicted ones. The device holds C² numbers.
 *
 * @example
 * ```ts
 * import { ConfusionMatrix } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const matrix = new ConfusionMatrix();
 * matrix.update(tensor([[2, 1, 0], [0, 3, 1], [0, 1, 5], [4, 0, 1]]), tensor([0, 1, 2, 2], { dtype: "int32" }));
 * console.log(await matrix.compute()); // [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
 * ```
 */
export class ConfusionMatrix implements Metric<number[][]> {
  private readonly options: ConfusionMatrixOptions;
  private readonly sums: Sums = new Sums();
  private classes = 0;

  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: ConfusionMatrixOptions = {}) {
    checkNames("ConfusionMatrix", options, [...labelOptions, "normalize"]);
    checkLabelOptions("ConfusionMatrix", options);
    checkOption("ConfusionMatrix", "normalize", options.normalize ?? "none", ["none", "true", "pred", "all"]);
    this.options = options;
  }

  /**
   * Adds a batch: scores `[N, C, …]` with targets `[N, …]`; or labels, or probabilities of class 1, in the target's shape.
   *
   * @throws TypeError or RangeError if shapes or dtypes do not fit.
   */
  update(output: Tensor, target: Tensor): void {
    const { options } = this;
    this.sums.add("ConfusionMatrix", () => {
      const labels = labelsOf("ConfusionMatrix", output, target, options);
      const classes = this.classes = labels.classes ?? 2;
      const predicted = labels.predicted();
      const actual = labels.target;
      const valid = inRange(actual, classes).logicalAnd(inRange(predicted, classes));
      return tally(actual.mul(classes).add(predicted), classes * classes, valid, counted(actual, options));
    });
  }

  /**
   * The matrix `[C][C]`, without rows before the first batch. A share of nothing is 0.
   *
   * @throws RangeError if labels were outside the classes.
   */
  async compute(): Promise<number[][]> {
    const sums = await this.sums.read();
    if (sums === null) return [];
    const { classes } = this;
    const { normalize = "none" } = this.options;
    checkInvalid("ConfusionMatrix", sums[classes * classes]!, classes);
    const matrix = Array.from({ length: classes }, (_, c) => sums.slice(c * classes, (c + 1) * classes));
    if (normalize === "none") return matrix;
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    const rows = matrix.map(total);
    const columns = matrix.map((_, c) => total(matrix.map((row) => row[c]!)));
    const all = total(rows);
    const whole = (r: number, c: number): number =>
      normalize === "true" ? rows[r]! : normalize === "pred" ? columns[c]! : all;
    return matrix.map((row, r) => row.map((count, c) => whole(r, c) === 0 ? 0 : count / whole(r, c)));
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: "ConfusionMatrix", sums: this.sums.stateDict(), classes: this.classes };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("ConfusionMatrix", state);
    this.sums.loadStateDict(state["sums"] as SumsState);
    this.classes = state["classes"] as number;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
  }
}

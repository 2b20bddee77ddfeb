import type { Tensor } from "@heddle/tensor";
import { checkOption, checkOptions } from "@heddle/tensor/engine";
import { type ClassCount, ClassCounter, type ClassCounterState } from "./class_counts.ts";
import { checkLabelOptions, type LabelOptions, labelOptions } from "./labels.ts";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";

/**
 * How figures of classes become one: "binary", that of class 1; "macro", their mean; "weighted", their mean by how often each class is
 * right; "micro", one figure of all decisions together; "none", one for each class. Mean values leave out classes that neither occur nor
 * are predicted, as in scikit-learn.
 */
export type ClassAverage = "binary" | "micro" | "macro" | "weighted" | "none";

/** Options of {@link Precision}, {@link Recall} and {@link F1}. */
export interface ClassFigureOptions extends LabelOptions {
  /** By default "binary" for outputs in the target's shape without `numClasses`, otherwise "macro". */
  readonly average?: ClassAverage;
}

const AVERAGES: readonly ClassAverage[] = ["binary", "micro", "macro", "weighted", "none"];

type Figure = (count: ClassCount) => number;

/** 0 where there is nothing to divide by, as in scikit-learn. */
const share = (part: number, whole: number): number => whole === 0 ? 0 : part / whole;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** A figure of the counts of classes. */
export abstract class ClassFigure implements Metric<number | number[]> {
  private readonly name: string;
  private readonly average: ClassAverage | undefined;
  private readonly figure: Figure;
  private readonly counter: ClassCounter;

  protected constructor(name: string, options: ClassFigureOptions, figure: Figure) {
    checkOptions(name, options, [...labelOptions, "average"]);
    checkLabelOptions(name, options);
    if (options.average !== undefined) checkOption(name, "average", options.average, AVERAGES);
    this.name = name;
    this.average = options.average;
    this.figure = figure;
    this.counter = new ClassCounter(name, options);
  }

  /**
   * Adds a batch: scores `[N, C, …]` with targets `[N, …]`; or labels, or probabilities of class 1, in the target's shape.
   *
   * @throws TypeError or RangeError if shapes or dtypes do not fit.
   */
  update(output: Tensor, target: Tensor): void {
    this.counter.update(output, target);
  }

  /**
   * The figure, from 0 to 1; with average "none" one for each class. A quotient of nothing by nothing is 0, but
   * where no sample counts, figures are NaN.
   *
   * @throws RangeError if labels were outside the classes, or more than two classes have no average "binary".
   */
  async compute(): Promise<number | number[]> {
    const { figure } = this;
    const counts = await this.counter.read();
    if (counts === null) return this.average === "none" ? [] : NaN;
    const { classes } = counts;
    const average = this.average ?? (counts.binary ? "binary" : "macro");
    // Without a sample there is no figure, as there is none before the first batch.
    const samples = total(classes.map(({ actual }) => actual));
    if (average === "none") return classes.map((count) => samples === 0 ? NaN : figure(count));
    if (average === "binary") {
      if (classes.length === 2) return samples === 0 ? NaN : figure(classes[1]!);
      throw new RangeError(`${this.name}: average is "binary", but there are ${classes.length} classes; use "macro"`);
    }
    if (samples === 0) return NaN;
    if (average === "micro") {
      return figure({
        hits: total(classes.map(({ hits }) => hits)),
        predicted: total(classes.map(({ predicted }) => predicted)),
        actual: total(classes.map(({ actual }) => actual)),
      });
    }
    const present = classes.filter(({ predicted, actual }) => predicted + actual > 0);
    const weights = present.map(({ actual }) => average === "macro" ? 1 : actual);
    return share(total(present.map((count, i) => weights[i]! * figure(count))), total(weights));
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: this.name, counts: this.counter.stateDict() };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState(this.name, state);
    this.counter.loadStateDict(state["counts"] as ClassCounterState);
  }

  /** Forgets all batches. */
  reset(): void {
    this.counter.reset();
  }
}

/**
 * Precision: of the samples predicted to be of a class, the share that are.
 *
 * @example
 * ```ts
 * import { Precision } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const precision = new Precision(); // probabilities of class 1, from 0.5 on
 * precision.update(tensor([0.9, 0.8, 0.3]), tensor([1, 0, 1], { dtype: "int32" }));
 * console.log(await precision.compute()); // 0.5
 * ```
 */
export class Precision extends ClassFigure {
  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: ClassFigureOptions = {}) {
    super("Precision", options, ({ hits, predicted }) => share(hits, predicted));
  }
}

/**
 * Recall: of the samples of a class, the share that are predicted to be.
 *
 * @example
 * ```ts
 * import { Recall } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const recall = new Recall({ numClasses: 3, average: "none" });
 * const labels = (...values: number[]) => tensor(values, { dtype: "int32" });
 * recall.update(labels(0, 1, 1, 2), labels(0, 1, 2, 2));
 * console.log(await recall.compute()); // [1, 1, 0.5]
 * ```
 */
export class Recall extends ClassFigure {
  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: ClassFigureOptions = {}) {
    super("Recall", options, ({ hits, actual }) => share(hits, actual));
  }
}

/**
 * F1, the harmonic mean of precision and recall.
 *
 * @example
 * ```ts
 * import { F1 } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const f1 = new F1({ average: "macro" });
 * f1.update(tensor([[2, 1], [0, 3], [1, 0]]), tensor([0, 1, 1], { dtype: "int32" }));
 * console.log((await f1.compute() as number).toFixed(3)); // 0.667
 * ```
 */
export class F1 extends ClassFigure {
  /** @throws TypeError or RangeError for options that do not fit. */
  constructor(options: ClassFigureOptions = {}) {
    super("F1", options, ({ hits, predicted, actual }) => share(2 * hits, predicted + actual));
  }
}

import { cat, full, type Tensor } from "@heddle/tensor";
import { checkOption, checkOptions } from "@heddle/tensor/engine";
import type { Metric } from "./metric.ts";
import { type Multioutput, residualsOf, sumOf } from "./regression.ts";
import { checkState, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link MeanAbsoluteError}. */
export interface MeanErrorOptions {
  /** Whether the mean over all outputs is computed (default "uniformAverage"), or one figure for each ("rawValues"). */
  readonly multioutput?: Multioutput;
}

/** Options of {@link MeanSquaredError}. */
export interface MeanSquaredErrorOptions extends MeanErrorOptions {
  /** False for the root of the mean, in the target's units (default true). With several outputs, the mean of their roots. */
  readonly squared?: boolean;
}

/** The mean of a function of residuals. */
export abstract class MeanError
  implements Metric<number | number[], [output: Tensor, target: Tensor, weight?: Tensor]> {
  private readonly name: string;
  private readonly multioutput: Multioutput;
  private readonly each: (residual: Tensor) => Tensor;
  private readonly finish: (mean: number) => number;
  private readonly sums: Sums = new Sums();

  protected constructor(
    name: string,
    multioutput: Multioutput,
    each: (residual: Tensor) => Tensor,
    finish: (mean: number) => number,
  ) {
    checkOption(name, "multioutput", multioutput, ["uniformAverage", "rawValues"]);
    this.name = name;
    this.multioutput = multioutput;
    this.each = each;
    this.finish = finish;
  }

  /**
   * Adds a batch `[N]` or `[N, …]`.
   *
   * @param weight of each sample: `[N]` (default 1)
   * @throws TypeError or RangeError if shapes or dtypes do not fit
   */
  update(output: Tensor, target: Tensor, weight?: Tensor): void {
    this.sums.add(this.name, () => {
      const batch = residualsOf(this.name, output, target, weight);
      const { dtype, device, shape } = batch.residual;
      const share = batch.weight === null ? full([1], shape[0]!, { dtype, device }) : batch.weight.sum(0);
      return cat([share, sumOf(this.each(batch.residual), batch.weight)]);
    });
  }

  /** The mean; with "rawValues" one for each output. */
  async compute(): Promise<number | number[]> {
    const sums = await this.sums.read();
    const raw = this.multioutput === "rawValues";
    if (sums === null) return raw ? [] : NaN;
    const [share = 0, ...totals] = sums;
    const means = totals.map((total) => this.finish(total / share));
    return raw ? means : means.reduce((sum, mean) => sum + mean, 0) / means.length;
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: this.name, sums: this.sums.stateDict() };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState(this.name, state);
    this.sums.loadStateDict(state["sums"] as SumsState);
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
  }
}

/**
 * The mean absolute error. The device holds a number for each output, and one more.
 *
 * @example
 * ```ts
 * import { MeanAbsoluteError } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const error = new MeanAbsoluteError();
 * error.update(tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7]));
 * console.log(await error.compute()); // 0.5
 * ```
 */
export class MeanAbsoluteError extends MeanError {
  /** @throws TypeError for options that do not fit. */
  constructor(options: MeanErrorOptions = {}) {
    checkOptions("MeanAbsoluteError", options, ["multioutput"]);
    super("MeanAbsoluteError", options.multioutput ?? "uniformAverage", (x) => x.abs(), (mean) => mean);
  }
}

/**
 * The mean squared error, or its root. The device holds a number for each output, and one more.
 *
 * @example
 * ```ts
 * import { MeanSquaredError } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const error = new MeanSquaredError();
 * error.update(tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7]));
 * console.log(await error.compute()); // 0.375
 * ```
 */
export class MeanSquaredError extends MeanError {
  /** @throws TypeError for options that do not fit. */
  constructor(options: MeanSquaredErrorOptions = {}) {
    checkOptions("MeanSquaredError", options, ["multioutput", "squared"]);
    const finish = options.squared === false ? Math.sqrt : (mean: number) => mean;
    super("MeanSquaredError", options.multioutput ?? "uniformAverage", (x) => x.square(), finish);
  }
}

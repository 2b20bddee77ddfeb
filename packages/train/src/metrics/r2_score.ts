import { cat, full, keep, type Tensor } from "@heddle/tensor";
import { checkOption, checkOptions } from "@heddle/tensor/engine";
import type { Metric } from "./metric.ts";
import { type Multioutput, residualsOf, sumOf } from "./regression.ts";
import { checkState, keptCopy, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link R2Score}. */
export interface R2ScoreOptions {
  /**
   * Of several outputs: the mean of their scores (default "uniformAverage"), the mean by their variances ("varianceWeighted"), or one
   * score for each ("rawValues").
   */
  readonly multioutput?: Multioutput | "varianceWeighted";
}

/**
 * R², the share of the target's variance that the output explains: 1 is perfect, 0 as good as the mean, and less is worse. The device holds
 * four numbers for each output.
 *
 * @example
 * ```ts
 * import { R2Score } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const score = new R2Score();
 * score.update(tensor([2.5, 0]), tensor([3, -0.5]));
 * score.update(tensor([2, 8]), tensor([2, 7]));
 * console.log((await score.compute() as number).toFixed(4)); // 0.9486
 * ```
 */
export class R2Score implements Metric<number | number[], [output: Tensor, target: Tensor, weight?: Tensor]> {
  private readonly multioutput: Multioutput | "varianceWeighted";
  private readonly sums: Sums = new Sums();
  /** The first sample's target `[1, D]`. Squares are summed of what lies around it, so that they do not cancel far from 0. */
  private origin: Tensor | null = null;
  private samples = 0;

  /** @throws TypeError for options that do not fit. */
  constructor(options: R2ScoreOptions = {}) {
    checkOptions("R2Score", options, ["multioutput"]);
    this.multioutput = options.multioutput ?? "uniformAverage";
    checkOption("R2Score", "multioutput", this.multioutput, ["uniformAverage", "rawValues", "varianceWeighted"]);
  }

  /**
   * Adds a batch `[N]` or `[N, …]`.
   *
   * @param weight of each sample: `[N]` (default 1)
   * @throws TypeError or RangeError if shapes or dtypes do not fit
   */
  update(output: Tensor, target: Tensor, weight?: Tensor): void {
    if (output.shape[0] === 0) return;
    this.sums.add("R2Score", () => {
      const batch = residualsOf("R2Score", output, target, weight);
      const { dtype, device, shape } = batch.residual;
      const origin = this.origin?.to(batch.target.device) ?? batch.target.narrow(0, 0, 1);
      const shifted = batch.target.sub(origin);
      const share = batch.weight === null ? full([1], shape[0]!, { dtype, device }) : batch.weight.sum(0);
      const sums = [batch.residual.square(), shifted, shifted.square()].map((values) => sumOf(values, batch.weight));
      this.origin ??= keep(origin.clone());
      this.samples += shape[0]!;
      return cat([share, ...sums]);
    });
  }

  /** R²; with "rawValues" one for each output. NaN for fewer than two samples. A target that does not vary scores 1 or 0. */
  async compute(): Promise<number | number[]> {
    const sums = await this.sums.read();
    if (sums === null || this.samples < 2) return this.multioutput === "rawValues" ? [] : NaN;
    const outputs = (sums.length - 1) / 3;
    const share = sums[0]!;
    const variances = Array.from({ length: outputs }, (_, d) => {
      const sum = sums[1 + outputs + d]!;
      return Math.max(0, sums[1 + 2 * outputs + d]! - sum * sum / share);
    });
    const scores = variances.map((variance, d) => {
      const residual = sums[1 + d]!;
      return variance !== 0 ? 1 - residual / variance : residual === 0 ? 1 : 0;
    });
    if (this.multioutput === "rawValues") return scores;
    const weights = this.multioutput === "varianceWeighted" && variances.some((variance) => variance > 0)
      ? variances
      : variances.map(() => 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return scores.reduce((sum, score, d) => sum + weights[d]! * score, 0) / total;
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return {
      metric: "R2Score",
      sums: this.sums.stateDict(),
      origin: this.origin?.clone() ?? null,
      samples: this.samples,
    };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("R2Score", state);
    this.reset();
    this.sums.loadStateDict(state["sums"] as SumsState);
    const origin = state["origin"] as Tensor | null;
    this.origin = origin === null ? null : keptCopy(origin);
    this.samples = state["samples"] as number;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
    this.origin?.dispose();
    this.origin = null;
    this.samples = 0;
  }
}

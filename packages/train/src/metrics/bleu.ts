import { type BleuOptions, corpusBleu } from "@heddle/data";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";

/**
 * BLEU over all sentences of all batches, from 0 to 100, as `corpusBleu` counts it. It holds the sentences.
 *
 * @example
 * ```ts
 * import { Bleu } from "@heddle/train/metrics";
 *
 * const bleu = new Bleu();
 * bleu.update(["The cat sat on the mat."], ["The cat is on the mat."]);
 * console.log((await bleu.compute()).toFixed(2)); // 48.89
 * ```
 */
export class Bleu implements Metric<number, [hypotheses: readonly string[], references: readonly string[]]> {
  private readonly options: BleuOptions;
  private hypotheses: string[] = [];
  private references: string[] = [];

  /** @param options as of `corpusBleu` */
  constructor(options: BleuOptions = {}) {
    this.options = options;
  }

  /**
   * Adds translations and a reference for each.
   *
   * @throws RangeError if their numbers differ.
   */
  update(hypotheses: readonly string[], references: readonly string[]): void {
    if (hypotheses.length !== references.length) {
      throw new RangeError(
        `Bleu: ${hypotheses.length} hypotheses, but ${references.length} references; each needs its own`,
      );
    }
    for (const text of hypotheses) this.hypotheses.push(text);
    for (const text of references) this.references.push(text);
  }

  /**
   * BLEU, from 0 to 100.
   *
   * @throws as `corpusBleu` for options and sentences that do not fit.
   */
  compute(): Promise<number> {
    if (this.hypotheses.length === 0) return Promise.resolve(NaN);
    return Promise.resolve(corpusBleu(this.hypotheses, this.references, this.options).score);
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: "Bleu", hypotheses: [...this.hypotheses], references: [...this.references] };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("Bleu", state);
    this.hypotheses = [...state["hypotheses"] as string[]];
    this.references = [...state["references"] as string[]];
  }

  /** Forgets all sentences. */
  reset(): void {
    this.hypotheses = [];
    this.references = [];
  }
}

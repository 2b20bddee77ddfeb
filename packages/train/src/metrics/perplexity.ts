import { functional as F } from "@heddle/nn";
import { stack, type Tensor } from "@heddle/tensor";
import { checkOptions, showShape } from "@heddle/tensor/engine";
import { checkInvalid, inRange } from "./labels.ts";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Options of {@link Perplexity}. */
export interface PerplexityOptions {
  /** Targets that do not count, usually the padding (default -100, as in `crossEntropy`). */
  readonly ignoreIndex?: number;
}

/**
 * Perplexity: the exponential of the mean negative log likelihood of a token, over all tokens of all batches. `update` takes logits with
 * the vocabulary in the last dimension, `[…, V]`, and token numbers `[…]`. The device holds three numbers.
 *
 * @example
 * ```ts
 * import { Perplexity } from "@heddle/train/metrics";
 * import { tensor, zeros } from "@heddle/tensor";
 *
 * const perplexity = new Perplexity({ ignoreIndex: 0 });
 * perplexity.update(zeros([1, 3, 27]), tensor([[4, 11, 0]], { dtype: "int32" })); // knows nothing of 27 letters
 * console.log((await perplexity.compute()).toFixed(3)); // 27.000
 * ```
 */
export class Perplexity implements Metric<number> {
  private readonly ignoreIndex: number;
  private readonly sums: Sums = new Sums();
  private words = 0;

  /** @throws TypeError for unknown options. */
  constructor(options: PerplexityOptions = {}) {
    checkOptions("Perplexity", options, ["ignoreIndex"]);
    this.ignoreIndex = options.ignoreIndex ?? -100;
  }

  /**
   * Adds a batch.
   *
   * @throws TypeError or RangeError if shapes or dtypes do not fit.
   */
  update(output: Tensor, target: Tensor): void {
    const { ignoreIndex } = this;
    this.sums.add("Perplexity", () => {
      if (output.ndim === 0 || showShape(output.shape.slice(0, -1)) !== showShape(target.shape)) {
        throw new RangeError(
          `Perplexity: the output ${showShape(output.shape)} does not fit the target ${
            showShape(target.shape)
          }; give logits ` +
            `[…, V] with the vocabulary in the last dimension, and token numbers […]`,
        );
      }
      const words = this.words = output.shape.at(-1)!;
      const labels = target.detach().reshape(-1);
      const counts = labels.ne(ignoreIndex);
      const known = inRange(labels, words);
      // Numbers outside the vocabulary are counted, and reported when the sums are read.
      const safe = labels.maskedFill(counts.logicalAnd(known).logicalNot(), ignoreIndex);
      const loss = F.crossEntropy(output.detach().reshape(-1, words), safe, { ignoreIndex, reduction: "sum" });
      const strays = counts.logicalAnd(known.logicalNot()).sum();
      return stack([loss, counts.sum().to(loss.dtype), strays.to(loss.dtype)]);
    });
  }

  /**
   * The perplexity, from 1.
   *
   * @throws RangeError if targets were outside the vocabulary.
   */
  async compute(): Promise<number> {
    const [nats = 0, count = 0, strays = 0] = await this.sums.read() ?? [];
    checkInvalid("Perplexity", strays, this.words);
    return Math.exp(nats / count);
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: "Perplexity", sums: this.sums.stateDict(), words: this.words };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("Perplexity", state);
    this.sums.loadStateDict(state["sums"] as SumsState);
    this.words = state["words"] as number;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
  }
}

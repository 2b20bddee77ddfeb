/**
 * What the dot products of the vectors should be: Levy & Goldberg, "Neural word embedding as implicit matrix
 * factorization" (2014).
 */
import { mean } from "../runner/statistics.ts";
import type { Corpus } from "./corpus.ts";
import type { PairBatch, PairSettings } from "./pairs.ts";

/** Only the most frequent words are counted: they have enough pairs. */
const WORDS = 300;
/** Rarer pairs say little about their probability. */
const LEAST = 30;

/** Dot products of vectors, beside the values that they approximate. */
export interface Agreement {
  readonly expected: number[];
  readonly products: number[];
  readonly correlation: number;
}

/**
 * Counts the training pairs. With sufficiently long vectors the optimal dot product of a pair is log P(pair) / (P(word)
 * · P(negative sample)) − log negatives: the pointwise mutual information, minus a constant.
 */
export class PairCounts {
  private readonly count: number;
  private readonly width: number;
  private readonly pairs: Float64Array;
  private readonly words: Float64Array;

  constructor(corpus: Corpus, settings: PairSettings) {
    this.count = Math.min(WORDS, corpus.vocabulary.size);
    this.width = 1 + settings.negatives;
    this.pairs = new Float64Array(this.count ** 2);
    this.words = new Float64Array(this.count);
  }

  /** The counts, for a checkpoint. */
  stateDict(): { pairs: number[]; words: number[] } {
    return { pairs: [...this.pairs], words: [...this.words] };
  }

  loadStateDict({ pairs, words }: { pairs: number[]; words: number[] }): void {
    this.pairs.set(pairs);
    this.words.set(words);
  }

  add({ centres, others }: PairBatch): void {
    centres.forEach((centre, i) => {
      if (centre >= this.count) return;
      this.words[centre]!++;
      const other = others[i * this.width]!;
      if (other < this.count) this.pairs[centre * this.count + other]!++;
    });
  }

  /**
   * Compares the counts with the vectors of words and of contexts, `[words, size]` each. Returns null if too few pairs
   * are frequent enough.
   */
  compare(corpus: Corpus, words: Float32Array, surroundings: Float32Array): Agreement | null {
    const size = words.length / corpus.vocabulary.size;
    const chances = corpus.counts.map((count) => count ** 0.75);
    const sum = chances.reduce((a, b) => a + b);
    const [expected, products]: [number[], number[]] = [[], []];
    this.pairs.forEach((pairs, index) => {
      if (pairs < LEAST) return;
      const [word, other] = [Math.floor(index / this.count), index % this.count];
      expected.push(Math.log(pairs / (this.words[word]! * chances[other]! / sum)) - Math.log(this.width - 1));
      let product = 0;
      for (let i = 0; i < size; i++) product += words[word * size + i]! * surroundings[other * size + i]!;
      products.push(product);
    });
    return expected.length < 10 ? null : { expected, products, correlation: correlation(expected, products) };
  }
}

/** Pearson's correlation coefficient. */
function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + f(i), 0);
  return sum((i) => (x[i]! - mx) * (y[i]! - my)) /
    Math.sqrt(sum((i) => (x[i]! - mx) ** 2) * sum((i) => (y[i]! - my) ** 2));
}

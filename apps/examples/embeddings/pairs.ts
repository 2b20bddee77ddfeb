/** Words with words of their surroundings, and with words drawn by chance. */
import { Generator } from "@heddle/tensor";
import type { Corpus } from "./corpus.ts";

/** How pairs are drawn. */
export interface PairSettings {
  /** Words on either side that can be a word's surroundings. */
  readonly window: number;
  /** Words drawn by chance for each pair. */
  readonly negatives: number;
  /** Words that have a greater share of the text than this are left out now and then. */
  readonly sample: number;
  readonly batch: number;
}

/** A batch of pairs. */
export interface PairBatch {
  /** `batch` numbers of words. */
  readonly centres: Int32Array;
  /** For each of them a word of its surroundings, then `negatives` others: `batch · (1 + negatives)` numbers. */
  readonly others: Int32Array;
}

/** Sentences whose pairs are shuffled together. */
const CHUNK = 2_000;

/**
 * Draws the pairs of passes over a text, as word2vec does (Mikolov et al., "Distributed representations of words and phrases and their
 * compositionality", 2013): frequent words are left out with probability 1 − √(sample / share), the surroundings of a word are a number of words
 * drawn from 1 to `window` on either side, and words by chance come in proportion to their count to the power ¾.
 */
export class Pairs {
  private readonly corpus: Corpus;
  private readonly settings: PairSettings;
  private readonly kept: readonly number[];
  /** Running sums of the counts to the power ¾. */
  private readonly sums: Float64Array;

  constructor(corpus: Corpus, settings: PairSettings) {
    this.corpus = corpus;
    this.settings = settings;
    const total = corpus.counts.reduce((sum, count) => sum + count, 0);
    this.kept = corpus.counts.map((count) => Math.min(1, Math.sqrt(settings.sample * total / count)));
    let sum = 0;
    this.sums = Float64Array.from(corpus.counts, (count) => sum += count ** 0.75);
  }

  /** The number of steps of a pass, about: what the mean draw gives. */
  get steps(): number {
    const mean = (1 + this.settings.window) / 2;
    let pairs = 0;
    for (const sentence of this.corpus.sentences) {
      const length = sentence.reduce((sum, word) => sum + this.kept[word]!, 0);
      // Both sides of each word, less what would lie outside the sentence.
      const reach = Math.min(mean, length / 2);
      pairs += Math.max(0, 2 * reach * length - reach * (reach + 1));
    }
    return Math.max(1, Math.round(pairs / this.settings.batch));
  }

  /** The batches of a pass: the same ones for the same seed. The last pairs, if they fill no batch, are left out. */
  *batches(seed: number): Iterable<PairBatch> {
    const { sentences } = this.corpus;
    const { batch } = this.settings;
    const generator = new Generator(seed);
    const order = shuffled(sentences.length, generator);
    let pairs: [number, number][] = [];
    for (let from = 0; from < order.length; from += CHUNK) {
      for (const index of order.subarray(from, from + CHUNK)) this.pairsOf(sentences[index]!, generator, pairs);
      const mixed = shuffled(pairs.length, generator);
      const full = Math.floor(pairs.length / batch) * batch;
      for (let first = 0; first < full; first += batch) {
        yield this.batchOf(mixed.subarray(first, first + batch), pairs, generator);
      }
      pairs = Array.from(mixed.subarray(full), (index) => pairs[index]!);
    }
  }

  private pairsOf(sentence: Int32Array, generator: Generator, into: [number, number][]): void {
    if (sentence.length < 2) return;
    const draws = generator.uniforms(2 * sentence.length);
    const words = sentence.filter((word, i) => draws[i]! < this.kept[word]!);
    words.forEach((word, i) => {
      const reach = 1 + Math.floor(draws[sentence.length + i]! * this.settings.window);
      for (let j = Math.max(0, i - reach); j <= Math.min(words.length - 1, i + reach); j++) {
        if (j !== i) into.push([word, words[j]!]);
      }
    });
  }

  private batchOf(indices: Int32Array, pairs: readonly [number, number][], generator: Generator): PairBatch {
    const width = 1 + this.settings.negatives;
    const draws = generator.uniforms(indices.length * this.settings.negatives);
    const others = new Int32Array(indices.length * width);
    let drawn = 0;
    indices.forEach((index, row) => {
      others[row * width] = pairs[index]![1];
      for (let k = 1; k < width; k++) others[row * width + k] = this.byChance(draws[drawn++]!);
    });
    return { centres: indices.map((index) => pairs[index]![0]), others };
  }

  /** The word at a share of all, by bisection. */
  private byChance(share: number): number {
    const { sums } = this;
    const wanted = share * sums.at(-1)!;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** 0 to n − 1 in random order: Fisher and Yates's shuffle. */
function shuffled(n: number, generator: Generator): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const draws = generator.uniforms(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draws[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

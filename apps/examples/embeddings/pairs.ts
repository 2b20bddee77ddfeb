/** Pairs of a word and a context word, with negative samples. */
import { Generator } from "@heddle/tensor";
import { OptionError } from "../runner/options.ts";
import { permutation } from "../permutation.ts";
import type { Corpus } from "./corpus.ts";

/** How pairs are sampled. */
export interface PairSettings {
  /** Maximal context size, in words on either side. */
  readonly window: number;
  /** Negative samples per pair. */
  readonly negatives: number;
  /** Words with a larger share of the text are subsampled. */
  readonly sample: number;
  readonly batch: number;
}

/** A batch of pairs. */
export interface PairBatch {
  /** `batch` word numbers. */
  readonly centres: Int32Array;
  /** For each of them a context word, then `negatives` samples: `batch · (1 + negatives)` numbers. */
  readonly others: Int32Array;
}

/** Sentences whose pairs are shuffled together. */
const CHUNK = 2_000;

/**
 * Samples the pairs of epochs over a text, as word2vec does (Mikolov et al., "Distributed representations of words and
 * phrases and their compositionality", 2013): frequent words are dropped with probability 1 − √(sample / share), the
 * context size is drawn from 1 to `window`, and negative samples are drawn in proportion to count to the power ¾.
 */
export class Pairs {
  private readonly corpus: Corpus;
  private readonly settings: PairSettings;
  private readonly kept: readonly number[];
  /** Cumulative sums of the counts to the power ¾. */
  private readonly sums: Float64Array;

  constructor(corpus: Corpus, settings: PairSettings) {
    this.corpus = corpus;
    this.settings = settings;
    const total = corpus.counts.reduce((sum, count) => sum + count, 0);
    this.kept = corpus.counts.map((count) => Math.min(1, Math.sqrt(settings.sample * total / count)));
    let sum = 0;
    this.sums = Float64Array.from(corpus.counts, (count) => sum += count ** 0.75);
  }

  /** The approximate number of steps per epoch: the expected value. */
  get steps(): number {
    const mean = (1 + this.settings.window) / 2;
    let pairs = 0;
    for (const sentence of this.corpus.sentences) {
      const length = sentence.reduce((sum, word) => sum + this.kept[word]!, 0);
      // Both sides of each word, minus what is outside the sentence.
      const reach = Math.min(mean, length / 2);
      pairs += Math.max(0, 2 * reach * length - reach * (reach + 1));
    }
    return Math.max(1, Math.round(pairs / this.settings.batch));
  }

  /** The batches of an epoch, deterministic for a seed. An incomplete last batch is dropped. */
  *batches(seed: number): Iterable<PairBatch> {
    const { sentences } = this.corpus;
    const { batch } = this.settings;
    const generator = new Generator(seed);
    const order = permutation(sentences.length, generator);
    let pairs: [number, number][] = [];
    for (let from = 0; from < order.length; from += CHUNK) {
      for (const index of order.subarray(from, from + CHUNK)) this.pairsOf(sentences[index]!, generator, pairs);
      const mixed = permutation(pairs.length, generator);
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

  /** The word at a share of the cumulative sum, by bisection. */
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

/** Batches without end, in epochs of {@link Pairs.steps}: a pass over the text follows another. It goes on from a state. */
export class PairLoader {
  private readonly pairs: Pairs;
  private readonly seed: number;
  private source: Iterator<PairBatch> | null = null;
  private at = { pass: 0, inPass: 0, inEpoch: 0 };

  constructor(pairs: Pairs, seed: number) {
    this.pairs = pairs;
    this.seed = seed;
  }

  /** Batches of an epoch. */
  get length(): number {
    return this.pairs.steps;
  }

  /** What remains of an epoch. */
  *[Symbol.iterator](): Iterator<PairBatch> {
    const { length } = this;
    while (this.at.inEpoch < length) {
      const batch = this.next();
      this.at.inEpoch++;
      yield batch;
    }
    this.at.inEpoch = 0;
  }

  /** Where it is. */
  stateDict(): { pass: number; inPass: number; inEpoch: number } {
    return { ...this.at };
  }

  /** Goes on from there. */
  loadStateDict(state: { pass: number; inPass: number; inEpoch: number }): void {
    this.at = { ...state };
    this.source = null;
  }

  private next(): PairBatch {
    for (let tried = 0; tried < 2; tried++) {
      this.source ??= this.begin();
      const { done, value } = this.source.next();
      if (!done) {
        this.at.inPass++;
        return value;
      }
      this.at = { ...this.at, pass: this.at.pass + 1, inPass: 0 };
      this.source = null;
    }
    throw new OptionError("--batch: the text has fewer pairs of words; use a smaller batch or a longer text");
  }

  /** The batches of the current pass, without those that were used. */
  private begin(): Iterator<PairBatch> {
    const source = this.pairs.batches(this.seed * 1000 + this.at.pass)[Symbol.iterator]();
    for (let used = 0; used < this.at.inPass; used++) source.next();
    return source;
  }
}

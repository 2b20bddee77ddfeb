/** Sentence pairs as numbers, in batches. */
import { BucketBatchSampler, DataLoader, padSequences, Vocabulary } from "@heddle/data";
import type { Tensor } from "@heddle/tensor";
import type { WordPair } from "./pairs.ts";
import type { WordCoder } from "./pieces.ts";

/** The words of both sides and their numbers; padding is 0 in both. */
export interface Vocabularies {
  source: WordCoder;
  target: WordCoder;
}

/** Some pairs, padded to the longest of each side. */
export interface TranslationBatch {
  /** int32 `[B, S]`, each row ended by the end token. */
  source: Tensor;
  /** How much of each row of the source is its own. */
  lengths: number[];
  /** int32 `[B, T]`: the start token and the words of the translation, what a decoder reads. */
  previous: Tensor;
  /** int32 `[B, T]`: the words of the translation and the end token, what it should say. */
  next: Tensor;
  /** Tokens of `next` that are no padding. */
  words: number;
}

/** The words of pairs that come at least `minCount` times; with `shared` one vocabulary for both sides, for tied embeddings. */
export function vocabulariesOf(
  pairs: readonly WordPair[],
  minCount: number,
  shared = false,
): Record<"source" | "target", Vocabulary> {
  const side = (sides: readonly (0 | 1)[]): Vocabulary =>
    Vocabulary.build(sides.flatMap((which) => pairs.map((pair) => pair[which])), { minCount });
  if (!shared) return { source: side([0]), target: side([1]) };
  const both = side([0, 1]);
  return { source: both, target: both };
}

/**
 * A sentence as numbers, ended by the end token, so that no sentence is empty and the encoder knows where it ends.
 */
export function encodeSentence(vocabulary: WordCoder, words: readonly string[]): number[] {
  return vocabulary.encode(words, { eos: true });
}

/** Batches of pairs of about the same lengths; with `shuffle` in another order in each epoch, else the short ones first. */
export function pairLoader(
  pairs: readonly WordPair[],
  { source, target }: Vocabularies,
  { batchSize, shuffle = false }: { batchSize: number; shuffle?: boolean },
): DataLoader<readonly [number[], number[]], TranslationBatch> {
  const encoded = pairs.map((pair) => [encodeSentence(source, pair[0]), encodeSentence(target, pair[1])] as const);
  // Sentences of three neighbouring lengths count as alike, so that other ones meet in each epoch.
  const lengths = encoded.map((pair) => pair.map((side) => side.length));
  const batchSampler = new BucketBatchSampler(lengths, { batchSize, shuffle, width: 3 });
  const collate = (batch: (readonly [number[], number[]])[]): TranslationBatch => collatePairs(batch, target.bos);
  return new DataLoader(encoded, { batchSampler, collate });
}

/** Encoded pairs, both sides ended by the end token, as a batch. */
export function collatePairs(pairs: readonly (readonly [number[], number[]])[], start: number): TranslationBatch {
  const { tokens, lengths } = padSequences(pairs.map(([from]) => from));
  const next = padSequences(pairs.map(([, to]) => to));
  return {
    source: tokens,
    lengths,
    previous: padSequences(pairs.map(([, to]) => [start, ...to.slice(0, -1)])).tokens,
    next: next.tokens,
    words: next.lengths.reduce((sum, length) => sum + length, 0),
  };
}

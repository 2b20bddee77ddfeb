/** Sentence pairs as numbers, in batches. */
import { BucketBatchSampler, DataLoader, padSequences, Vocabulary } from "@heddle/data";
import type { Tensor } from "@heddle/tensor";
import type { WordPair } from "./pairs.ts";
import type { WordCoder } from "./word_pieces.ts";

/** The vocabularies of both sides; padding is 0 in both. */
export interface Vocabularies {
  source: WordCoder;
  target: WordCoder;
}

/** Some pairs, padded to the longest of each side. */
export interface TranslationBatch {
  /** int32 `[B, S]`, each row ends with the end token. */
  source: Tensor;
  /** The length of each row of the source without padding. */
  lengths: number[];
  /** int32 `[B, T]`: the start token and the words of the translation, the decoder's input. */
  previous: Tensor;
  /** int32 `[B, T]`: the words of the translation and the end token, the decoder's targets. */
  next: Tensor;
  /** Tokens of `next` without padding. */
  words: number;
}

/**
 * The vocabularies of the words that occur at least `minCount` times; with `shared`, one vocabulary for both sides, for
 * tied embeddings.
 */
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

/** A sentence as token numbers with the end token, so that no sentence is empty and the encoder sees where it ends. */
export function encodeSentence(vocabulary: WordCoder, words: readonly string[]): number[] {
  return vocabulary.encode(words, { eos: true });
}

/** Batches of pairs of similar length; with `shuffle` in a new order each epoch, otherwise the shortest first. */
export function pairLoader(
  pairs: readonly WordPair[],
  { source, target }: Vocabularies,
  { batchSize, shuffle = false }: { batchSize: number; shuffle?: boolean },
): DataLoader<readonly [number[], number[]], TranslationBatch> {
  const encoded = pairs.map((pair) => [encodeSentence(source, pair[0]), encodeSentence(target, pair[1])] as const);
  // Sentences whose lengths differ by up to two are grouped, so that batches vary between epochs.
  const lengths = encoded.map((pair) => pair.map((side) => side.length));
  const batchSampler = new BucketBatchSampler(lengths, { batchSize, shuffle, width: 3 });
  const collate = (batch: (readonly [number[], number[]])[]): TranslationBatch => collatePairs(batch, target.bos);
  return new DataLoader(encoded, { batchSampler, collate });
}

/** Encoded pairs, both sides with the end token, as a batch. */
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

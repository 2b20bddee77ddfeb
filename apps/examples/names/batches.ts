/** Names as numbers, in batches. */
import { DataLoader, padSequences, RandomSampler, type Vocabulary, WeightedRandomSampler } from "@heddle/data";
import { type Tensor, tensor } from "@heddle/tensor";
import type { Name } from "./names.ts";

/** Some names, padded to the longest of them. */
export interface NameBatch {
  /** int32 `[B, T]`: the start token and the letters. */
  letters: Tensor;
  /** The length of each row without padding. */
  lengths: number[];
  /** int32 `[B, T]`: the letters and the end token, the successors of `letters`. */
  next: Tensor;
  /** int32 `[B]`: indices in the list of languages. */
  languages: Tensor;
}

/** The order in which names are read. */
export interface NameLoaderOptions {
  batch: number;
  /** Shuffles the names in each epoch. */
  shuffle?: boolean;
  /**
   * Draws all languages equally often; an epoch has as many names as without it, some of them twice, others not at all.
   */
  balanced?: boolean;
}

/** Names in batches. */
export function nameLoader(
  names: readonly Name[],
  vocabulary: Vocabulary,
  { batch: batchSize, shuffle = false, balanced = false }: NameLoaderOptions,
): DataLoader<Name, NameBatch> {
  const collate = (batch: Name[]): NameBatch => collateNames(batch, vocabulary);
  const data = [...names];
  if (!shuffle) return new DataLoader(data, { batchSize, collate });
  const counts = new Map<number, number>();
  for (const { language } of names) counts.set(language, (counts.get(language) ?? 0) + 1);
  const sampler = balanced
    ? new WeightedRandomSampler(names.map(({ language }) => 1 / counts.get(language)!), names.length)
    : new RandomSampler(data);
  return new DataLoader(data, { batchSize, collate, sampler });
}

/** Names as one batch. */
export function collateNames(names: readonly Name[], vocabulary: Vocabulary): NameBatch {
  const encoded = names.map(({ letters }) => vocabulary.encode(letters, { bos: true, eos: true }));
  const { tokens: letters, lengths } = padSequences(encoded.map((row) => row.slice(0, -1)));
  return {
    letters,
    lengths,
    next: padSequences(encoded.map((row) => row.slice(1))).tokens,
    languages: tensor(names.map(({ language }) => language), { dtype: "int32" }),
  };
}

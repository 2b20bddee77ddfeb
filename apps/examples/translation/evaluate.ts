/** Evaluates a translator. */
import { noGrad } from "@heddle/autograd";
import { corpusBleu, padSequences } from "@heddle/data";
import { beamSearch, functional as F, greedy } from "@heddle/nn";
import { scope, type Tensor, tidy } from "@heddle/tensor";
import { encodeSentence, pairLoader, type Vocabularies } from "./batches.ts";
import type { TranslationModel } from "./model.ts";
import type { WordPair } from "./pairs.ts";

/** How translations are searched. */
export interface SearchOptions {
  /** Number of beams; 1 is greedy decoding. */
  beams?: number;
  /** See `beamSearch`. */
  lengthPenalty?: number;
}

/** Batch size for decoding. */
const BATCH = 64;

/**
 * Maximal length of the translation of `words` words: in Multi30k translations are at most three times as long, and
 * most are far shorter.
 */
export function maxLength(words: number): number {
  return 2 * words + 10;
}

/** Mean cross-entropy of a batch's next words in nats without padding, from scores `[B, T, words]`. */
export function wordLoss(logits: Tensor, next: Tensor, labelSmoothing = 0): Tensor {
  return F.crossEntropy(logits.flatten(0, 1), next.flatten(), { ignoreIndex: 0, labelSmoothing });
}

/** Cross-entropy of translations in nats per word, including the end; its exponential is the perplexity. */
export async function validationLoss<State>(
  model: TranslationModel<State>,
  pairs: readonly WordPair[],
  vocabularies: Vocabularies,
): Promise<number> {
  model.eval();
  let total = 0, words = 0;
  for (const batch of pairLoader(pairs, vocabularies, { batchSize: BATCH })) {
    const loss = noGrad(() =>
      tidy(() => wordLoss(model.forward(batch.source, batch.lengths, batch.previous), batch.next))
    );
    total += Number((await loss.data())[0]) * batch.words;
    words += batch.words;
    loss.dispose();
  }
  model.train();
  return total / words;
}

/** Translates tokenised sentences; the results are in the same order. */
export async function translateAll<State>(
  model: TranslationModel<State>,
  sentences: readonly (readonly string[])[],
  { source, target }: Vocabularies,
  { beams = 1, lengthPenalty = 1 }: SearchOptions = {},
): Promise<string[][]> {
  const encoded = sentences.map((words) => encodeSentence(source, words));
  // Sentences of similar length need about as many steps.
  const order = encoded.map((_, i) => i).sort((a, b) => encoded[a]!.length - encoded[b]!.length);
  const translations: string[][] = sentences.map(() => []);
  model.eval();
  for (let first = 0; first < order.length; first += BATCH) {
    using _ = scope();
    const rows = order.slice(first, first + BATCH);
    const { tokens, lengths } = padSequences(rows.map((row) => encoded[row]!));
    const state = noGrad(() => model.encode(tokens, lengths));
    const options = {
      start: target.bos,
      batch: rows.length,
      end: target.eos,
      maxLength: maxLength(Math.max(...lengths)),
    };
    const found = beams === 1
      ? await greedy(model, state, options)
      : await beamSearch(model, state, { ...options, beams, lengthPenalty });
    model.release?.(state);
    found.tokens.forEach((ids, at) => translations[rows[at]!] = target.decode(ids));
  }
  model.train();
  return translations;
}

/** BLEU (0 to 100) of translations, lower-cased and tokenised by `sentenceWords`, against those of the pairs. */
export function bleuOf(translations: readonly (readonly string[])[], pairs: readonly WordPair[]): number {
  const text = (words: readonly string[]): string => words.join(" ");
  return corpusBleu(translations.map(text), pairs.map(([, target]) => text(target)), { tokenize: "none" }).score;
}

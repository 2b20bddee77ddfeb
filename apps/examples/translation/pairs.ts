/** Sentence pairs from a folder or from the small grammar. */
import { ParallelText } from "@heddle/data";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { type Language, sentenceWords } from "./sentence_words.ts";
import { smallGrammarPairs } from "./small_grammar.ts";

/** From which language to which. */
export type Direction = "fr-en" | "en-fr";

/** A sentence and its translation as words. */
export type WordPair = readonly [source: readonly string[], target: readonly string[]];

/** Training and validation pairs. */
export interface TranslationPairs {
  train: WordPair[];
  validation: WordPair[];
  /** How often a word has to occur in the training sentences to be known. */
  minCount: number;
  /** A description for people. */
  about: string;
}

/** Longer sentences are left out of training and validation, and `--ask` rejects them. */
export const MAX_WORDS = 60;

/** Every twentieth pair is for validation, if the data have no validation set. */
const HELD_OUT = 20;

/** Source and target of a direction. */
export function languages(direction: Direction): [source: Language, target: Language] {
  return direction === "fr-en" ? ["french", "english"] : ["english", "french"];
}

/**
 * Loads the pairs of a folder with Multi30k (`train.fr`, `train.en`, `val.fr`, `val.en`) or with Tatoeba's `fra.txt`,
 * or those of the small grammar without a folder; at most `limit` of each kind.
 *
 * @throws OptionError if the folder has neither, or files that do not belong together.
 */
export async function loadPairs(
  folder: string | null,
  direction: Direction,
  limit: number | null = null,
): Promise<TranslationPairs> {
  const { train, validation, minCount, name } = folder === null ? drawnPairs() : await readPairs(folder);
  const left = { dropped: train.dropped.length + validation.dropped.length, long: 0 };
  const cut = (text: ParallelText): WordPair[] => {
    const pairs = (direction === "fr-en" ? text : text.reversed())
      .map((source, target): WordPair => [sentenceWords(source), sentenceWords(target)]);
    const short = pairs.filter((pair) => pair.every((side) => side.length <= MAX_WORDS));
    left.long += pairs.length - short.length;
    return short.slice(0, limit ?? undefined);
  };
  const cuts = { train: cut(train), validation: cut(validation) };
  const remarks = [
    left.dropped > 0 ? `${left.dropped} pairs with an empty side were left out` : "",
    left.long > 0 ? `${left.long} pairs of more than ${MAX_WORDS} words were left out` : "",
  ].filter((remark) => remark !== "");
  const count = (pairs: readonly WordPair[]): string => pairs.length.toLocaleString("en-US");
  const about = `${name}: ${count(cuts.train)} pairs for training, ${count(cuts.validation)} for testing`;
  return { ...cuts, minCount, about: [about, ...remarks].join("; ") };
}

/** French to English. */
interface Texts {
  train: ParallelText;
  validation: ParallelText;
  minCount: number;
  name: string;
}

function drawnPairs(): Texts {
  const pairs = smallGrammarPairs().map(({ english, french }) => [french, english] as const);
  return { ...holdOut(pairs), minCount: 1, name: "Generated sentences" };
}

async function readPairs(folder: string): Promise<Texts> {
  const path = (file: string): string => join(folder, file);
  try {
    if (existsSync(path("train.fr"))) {
      const [train, validation] = await Promise.all(
        ["train", "val"].map((part) => ParallelText.fromFiles(path(`${part}.fr`), path(`${part}.en`))),
      );
      return { train: train!, validation: validation!, minCount: 2, name: "Multi30k" };
    }
    if (existsSync(path("fra.txt"))) {
      const text = await ParallelText.fromTsv(path("fra.txt"), { columns: [1, 0] });
      return { ...holdOut(text.map((french, english) => [french, english])), minCount: 2, name: "Tatoeba's fra.txt" };
    }
  } catch (error) {
    throw new OptionError(`--data ${folder}: ${(error as Error).message}`, { cause: error });
  }
  throw new OptionError(
    `--data ${folder}: expected Multi30k's train.fr, train.en, val.fr and val.en, or Tatoeba's fra.txt`,
  );
}

/**
 * Holds out every twentieth English sentence, with all its translations, except for French ones that are also in the
 * training set.
 */
function holdOut(pairs: readonly (readonly [french: string, english: string])[]): Pick<Texts, "train" | "validation"> {
  const order = new Map<string, number>();
  for (const [, english] of pairs) if (!order.has(english)) order.set(english, order.size);
  const held = ([, english]: readonly [string, string]): boolean => order.get(english)! % HELD_OUT === HELD_OUT - 1;
  const train = pairs.filter((pair) => !held(pair));
  const known = new Set(train.map(([french]) => french));
  const validation = pairs.filter((pair) => held(pair) && !known.has(pair[0]));
  return { train: new ParallelText(train), validation: new ParallelText(validation) };
}

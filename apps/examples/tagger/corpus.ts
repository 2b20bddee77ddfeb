/** Tagged sentences, generated or from files, and as batches of numbers. */
import { BucketBatchSampler, padSequences, readLines, Vocabulary } from "@heddle/data";
import { arange, type Generator, type Tensor, tensor } from "@heddle/tensor";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { drawSentences, type TaggedSentence } from "./synthetic_sentences.ts";

/** Training and test sentences. */
export interface Corpus {
  readonly train: readonly TaggedSentence[];
  readonly test: readonly TaggedSentence[];
  /** A description for people. */
  readonly source: string;
}

/** Number of generated training and test sentences. */
export const DRAWN = { train: 400, test: 1000 };

/**
 * Generates sentences, or reads `train.txt` and `test.txt` of a folder in CoNLL's columns: one word per line, the word
 * first and the tag last, and an empty line after each sentence.
 *
 * @throws OptionError for missing files and lines without a tag.
 */
export async function loadCorpus(folder: string | null, limit: number | null): Promise<Corpus> {
  const some = <T>(list: readonly T[]): readonly T[] => list.slice(0, limit ?? list.length);
  if (folder === null) {
    const train = some(drawSentences(DRAWN.train, 1, false));
    const test = some(drawSentences(DRAWN.test, 2, true));
    return {
      train,
      test,
      source: `${train.length} generated sentences for training, ${test.length} for testing`,
    };
  }
  const [train, test] = await Promise.all(["train.txt", "test.txt"].map((file) => readColumns(join(folder, file))));
  return {
    train: some(train!),
    test: some(test!),
    source: `${folder}: ${some(train!).length} sentences for training, ${some(test!).length} for testing`,
  };
}

async function readColumns(path: string): Promise<TaggedSentence[]> {
  if (!existsSync(path)) {
    throw new OptionError(`--data: there is no ${path}; expected a folder with train.txt and test.txt`);
  }
  const sentences: { words: string[]; tags: string[] }[] = [];
  let open = false;
  (await readLines(path)).forEach((line, i) => {
    const columns = line.trim().split(/\s+/);
    if (line.trim() === "" || columns[0] === "-DOCSTART-") return void (open = false);
    const [word, tag] = [columns[0]!, columns.at(-1)!];
    if (!/^(O|[BI]-.+)$/.test(tag)) {
      throw new OptionError(
        `--data: line ${i + 1} of ${path} ends in "${tag}", which is not a tag: expected O, B-type or I-type`,
      );
    }
    if (!open) sentences.push({ words: [], tags: [] });
    open = true;
    sentences.at(-1)!.words.push(word);
    sentences.at(-1)!.tags.push(tag);
  });
  if (sentences.length === 0) throw new OptionError(`--data: ${path} has no sentences`);
  return sentences;
}

/** The tokens of unknown words with a capital, a digit, or neither. */
const SHAPES = ["<Unknown>", "<0>", "<unknown>"] as const;

/** Words as the network reads them: those of the vocabulary, and all others by their shape. */
export class Words {
  readonly vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** Words that occur once count as unknown, so that the network learns about unknown words. */
  static of(sentences: readonly TaggedSentence[]): Words {
    const specials = { pad: "<pad>", unk: "<unknown>", others: [...SHAPES] };
    return new Words(Vocabulary.build(sentences.map(({ words }) => words), { minCount: 2, specials }));
  }

  /** A capital at the beginning of a sentence does not make another word. */
  encode(words: readonly string[]): number[] {
    return this.vocabulary.encode(words.map((word, t) => {
      const spellings = t === 0 ? [word, word.toLowerCase()] : [word];
      return spellings.find((spelling) => this.vocabulary.has(spelling)) ?? shapeOf(word);
    }));
  }
}

function shapeOf(word: string): string {
  return /\d/.test(word) ? SHAPES[1] : /^\p{Lu}/u.test(word) ? SHAPES[0] : SHAPES[2];
}

/** The tags of a corpus in alphabetical order. */
export function tagsOf(sentences: readonly TaggedSentence[]): string[] {
  return [...new Set(sentences.flatMap(({ tags }) => tags))].sort();
}

/** Sentences as numbers. */
export interface WordBatch {
  /** `[B, T]` */
  readonly words: Tensor;
  /** `[B, T]`, true up to a sentence's end. */
  readonly mask: Tensor;
  readonly lengths: readonly number[];
}

/** The words of some sentences. */
export function batchOf(sentences: readonly (readonly string[])[], words: Words): WordBatch {
  const { tokens, lengths } = padSequences(sentences.map((sentence) => words.encode(sentence)), {
    value: words.vocabulary.pad,
  });
  return { words: tokens, mask: arange(tokens.shape[1]!).lt(tensor(lengths).unsqueeze(1)), lengths };
}

/** Their tags: `[B, T]`, −1 beyond the end of a sentence. */
export function tagNumbers(sentences: readonly TaggedSentence[], tags: readonly string[]): Tensor {
  return padSequences(sentences.map((sentence) => sentence.tags.map((tag) => tags.indexOf(tag))), { value: -1 }).tokens;
}

/** Batches of sentences of similar length, in random order. */
export function batchSampler(
  sentences: readonly TaggedSentence[],
  size: number,
  generator: Generator,
): BucketBatchSampler {
  const lengths = sentences.map((sentence) => sentence.words.length);
  return new BucketBatchSampler(lengths, { batchSize: size, shuffle: true, width: 3, generator });
}

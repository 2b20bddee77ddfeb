/** Sentences as word numbers, with the count of each word. */
import { readLines, Vocabulary, words } from "@heddle/data";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { drawText } from "./synthetic_text.ts";

/** A text to learn vectors from. */
export interface Corpus {
  readonly vocabulary: Vocabulary;
  /** By sentence; rare words are left out. */
  readonly sentences: readonly Int32Array[];
  /** By word. */
  readonly counts: readonly number[];
  /** A description for people. */
  readonly source: string;
}

/** Number of generated sentences. */
const DRAWN = 15_000;

/**
 * Generates sentences, or reads those of a text file or of all text files of a folder, one per line. Words are
 * lower-cased, numbers and punctuation are left out.
 *
 * @throws OptionError if there is no such file, no text in it, or no word that is frequent enough.
 */
export async function loadText(path: string | null, minCount: number, limit: number | null): Promise<Corpus> {
  const lines = path === null ? drawText(limit ?? DRAWN, 1) : (await readText(path)).slice(0, limit ?? Infinity);
  const source = path === null ? `${lines.length} generated sentences` : `${path}: ${lines.length} lines`;
  return countWords(lines, minCount, source);
}

async function readText(path: string): Promise<string[][]> {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw new OptionError(`--data ${path}: there is no such file or folder`);
  const files = info.isDirectory()
    ? readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => join(path, name))
      .sort()
    : [path];
  const lines: string[][] = [];
  for (const file of files) {
    for (const line of await readLines(file)) {
      const found = words(line.toLowerCase()).filter((word) => /\p{L}/u.test(word));
      if (found.length > 0) lines.push(found);
    }
  }
  if (lines.length === 0) throw new OptionError(`--data ${path}: there is no text in it`);
  return lines;
}

/** Numbers the words that occur at least `minCount` times. */
export function countWords(lines: readonly (readonly string[])[], minCount: number, source: string): Corpus {
  let vocabulary: Vocabulary;
  try {
    vocabulary = Vocabulary.build(lines, { minCount, specials: {} });
  } catch (error) {
    throw new OptionError(`--data: ${(error as Error).message}`, { cause: error });
  }
  if (vocabulary.size < 2) throw new OptionError(`--min-count ${minCount}: fewer than two words are that frequent`);
  const counts = Array<number>(vocabulary.size).fill(0);
  const sentences = lines.map((line) => {
    const ids = vocabulary.encode(line.filter((word) => vocabulary.has(word)));
    for (const id of ids) counts[id]!++;
    return Int32Array.from(ids);
  });
  return { vocabulary, sentences, counts, source };
}

import { checkOptions, checkSynchronous } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { checkIndex, type Dataset } from "../datasets/dataset.ts";
import { linesOf, readText } from "./text_file.ts";

/** Options of {@link ParallelText.fromTsv}. */
export interface TsvOptions {
  /** Which columns are source and target, from 0 (default [0, 1]). Others, such as the author, are ignored. */
  columns?: readonly [source: number, target: number];
}

/** A sentence and its translation. */
export type SentencePair = [source: string, target: string];

/**
 * Sentences and their translations, in memory. A pair with an empty side is dropped, and its line number is listed in
 * `dropped`.
 *
 * @example
 * ```ts
 * import { ParallelText, words } from "@heddle/data";
 *
 * const pairs = ParallelText.parseTsv("Go.\tVa !\nRun!\tCours !\n\nWho?\tQui ?");
 * console.log(pairs.length, pairs.dropped, pairs.get(1)); // 3 [ 3 ] [ "Run!", "Cours !" ]
 * console.log(pairs.reversed().map((source, target) => [words(source), words(target)])[0]); // [ [ "Va", "!" ], [ "Go", "." ] ]
 * ```
 */
export class ParallelText implements Dataset<SentencePair> {
  /** The lines that were dropped because a side of them is empty, counted from 1. */
  readonly dropped: readonly number[];
  private readonly pairs: readonly (readonly [string, string])[];

  /** @param pairs used as they are, except those of which a side is empty or white space */
  constructor(pairs: Iterable<readonly [source: string, target: string]>) {
    checkArguments("ParallelText", arguments, 1);
    const kept: (readonly [string, string])[] = [];
    const dropped: number[] = [];
    let line = 0;
    for (const pair of pairs) {
      line++;
      if (pair[0].trim() === "" || pair[1].trim() === "") dropped.push(line);
      else kept.push(pair);
    }
    this.pairs = kept;
    this.dropped = dropped;
  }

  /**
   * Pairs of a text with one pair a line, separated by tabs.
   *
   * @param name what errors call the text
   * @throws for a line that is not empty and has too few columns, or when there is no pair
   */
  static parseTsv(text: string, options: TsvOptions = {}, name: string = "ParallelText.parseTsv"): ParallelText {
    checkOptions("ParallelText.parseTsv", options, ["columns"]);
    const [source, target] = options.columns ?? [0, 1];
    if (![source, target].every((column) => Number.isInteger(column) && column >= 0) || source === target) {
      throw new RangeError(
        `ParallelText.parseTsv: columns must be two different integers from 0, got [${options.columns?.join(", ")}].`,
      );
    }
    const needed = Math.max(source, target) + 1;
    const pairs = linesOf(text).map((line, i): SentencePair => {
      if (line.trim() === "") return ["", ""];
      const columns = line.split("\t");
      if (columns.length >= needed) return [columns[source]!, columns[target]!];
      throw new Error(
        `${name}: line ${i + 1} has ${columns.length} ${
          columns.length === 1 ? "column" : "columns"
        } between tabs, expected at least ` +
          `${needed}: ${JSON.stringify(line.slice(0, 60))}. Fix or remove the line.`,
      );
    });
    return notEmpty(new ParallelText(pairs), name);
  }

  /**
   * Pairs of two lists of lines, the i-th of one being the translation of the i-th of the other.
   *
   * @param names what errors call the lists
   * @throws when they have different numbers of lines, or when there is no pair
   */
  static fromLines(
    source: readonly string[],
    target: readonly string[],
    names: readonly [string, string] = ["the source", "the target"],
  ): ParallelText {
    checkArguments("ParallelText.fromLines", arguments, 3);
    if (source.length !== target.length) {
      throw new Error(
        `ParallelText: ${names[0]} has ${source.length} lines and ${
          names[1]
        } has ${target.length}, so sentences would be paired with ` +
          "the wrong translations. Use two files of the same text, and keep their empty lines.",
      );
    }
    return notEmpty(new ParallelText(source.map((line, i): SentencePair => [line, target[i]!])), names.join(" and "));
  }

  /**
   * Reads a file in UTF-8 with one pair a line, separated by tabs, such as Tatoeba's `fra.txt`.
   *
   * @throws when it cannot be read or is not UTF-8, and as {@link ParallelText.parseTsv}; the error names the file and the line
   *
   * @example
   * ```ts ignore
   * import { ParallelText } from "@heddle/data";
   *
   * const pairs = await ParallelText.fromTsv("data/fra-eng/fra.txt", { columns: [1, 0] }); // French to English
   * ```
   */
  static async fromTsv(path: string, options: TsvOptions = {}): Promise<ParallelText> {
    checkOptions("ParallelText.fromTsv", options, ["columns"]);
    return ParallelText.parseTsv(await readText(path), options, path);
  }

  /**
   * Reads two aligned files in UTF-8, such as Multi30k's `train.fr` and `train.en`.
   *
   * @throws when one cannot be read or is not UTF-8, and as {@link ParallelText.fromLines}; the error names the files
   */
  static async fromFiles(source: string, target: string): Promise<ParallelText> {
    checkArguments("ParallelText.fromFiles", arguments, 2);
    const [from, to] = await Promise.all([readText(source), readText(target)]);
    return ParallelText.fromLines(linesOf(from), linesOf(to), [source, target]);
  }

  /** Number of pairs. */
  get length(): number {
    return this.pairs.length;
  }

  /** The pair at `index`. */
  get(index: number): SentencePair {
    checkIndex("ParallelText.get", index, this.length);
    const [source, target] = this.pairs[index]!;
    return [source, target];
  }

  /** The sentences. */
  get sources(): string[] {
    return this.pairs.map(([source]) => source);
  }

  /** Their translations. */
  get targets(): string[] {
    return this.pairs.map(([, target]) => target);
  }

  /** The same with source and target exchanged. */
  reversed(): ParallelText {
    return new ParallelText(this.pairs.map(([source, target]): SentencePair => [target, source]));
  }

  /** The pairs for which `keep` is true: those that are short enough, say. */
  filter(keep: (source: string, target: string, index: number) => boolean): ParallelText {
    return new ParallelText(this.pairs.filter(([source, target], i) => {
      const kept = keep(source, target, i);
      checkSynchronous("ParallelText.filter", kept, "await before, and filter by the values");
      return kept;
    }));
  }

  /** What `fn` makes of each pair. */
  map<T>(fn: (source: string, target: string, index: number) => T): T[] {
    return this.pairs.map(([source, target], i) => fn(source, target, i));
  }
}

function notEmpty(pairs: ParallelText, name: string): ParallelText {
  if (pairs.length > 0) return pairs;
  throw new Error(
    `${name}: there is no pair of sentences` +
      (pairs.dropped.length > 0 ? `; ${pairs.dropped.length} lines were dropped, since one side is empty.` : "."),
  );
}

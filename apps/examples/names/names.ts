/** Surnames and their languages, to learn from and to be tested with. */
import { characters, normalizeText, readLines } from "@heddle/data";
import { Generator, randperm, tidy } from "@heddle/tensor";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { madeUpNames } from "./made_up.ts";

/** A surname, cut into letters, and its language's place in the list of languages. */
export interface Name {
  letters: readonly string[];
  language: number;
}

/** What there is to learn from, and what is kept for testing. */
export interface Names {
  languages: readonly string[];
  train: Name[];
  test: Name[];
  /** What it is, in lines for people. */
  about: string;
}

/** Names are this long at most. */
export const MAX_LETTERS = 40;

/** This share of the names of each language is for testing. */
const TEST_SHARE = 0.15;

/** A name as a network reads it: composed letters, straight apostrophes, capitals kept. */
export function nameLetters(name: string): string[] {
  return characters(normalizeText(name, { lowercase: false }));
}

/**
 * The surnames of a folder with a file a language (`French.txt`, one name a line), or made-up ones without a folder. A name counts once
 * in a language, however often it is listed there. One that several languages have (`Michel`) is in all of them, and wholly on
 * one side: no name that is tested was learnt, in any language.
 *
 * @throws OptionError when the folder has no such files, or one that is no UTF-8.
 */
export async function loadNames(folder: string | null, limit: number | null, seed: number): Promise<Names> {
  const listed = folder === null ? madeUpNames() : await readNames(folder);
  const languages = [...listed.keys()];
  const unique = [...listed.values()].map((names) => [...new Set(names)]);
  const repeated = [...listed.values()].reduce((sum, names, i) => sum + names.length - unique[i]!.length, 0);
  const tested = chooseTested(unique, new Generator(seed));
  const side = (test: boolean): Name[] => {
    const all = unique.flatMap((names, language) =>
      names.filter((name) => tested.has(name) === test).map((name): Name => ({ letters: [...name], language }))
    );
    if (limit === null) return all;
    const order = shuffled(all.length, new Generator(seed));
    return [...order.subarray(0, limit)].map((i) => all[i]!);
  };
  const [train, test] = [side(false), side(true)];
  const shared = new Set(unique.flat()).size;
  const count = (n: number): string => n.toLocaleString("en-US");
  const about = `${folder === null ? "Made-up surnames" : "Surnames"} of ${languages.length} languages: ` +
    `${count(train.length)} to learn from, ${count(test.length)} to be tested with` +
    (repeated > 0 ? `; ${count(repeated)} that were listed again in their language count once` : "") +
    (unique.flat().length > shared ? `; ${count(unique.flat().length - shared)} belong to another language too` : "");
  return { languages, train, test, about };
}

/** A share of the names of each language, at least one. Names that were chosen for an earlier language count there already. */
function chooseTested(byLanguage: readonly (readonly string[])[], generator: Generator): Set<string> {
  const [tested, seen] = [new Set<string>(), new Set<string>()];
  for (const names of byLanguage) {
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    const order = shuffled(fresh.length, generator);
    for (const i of order.subarray(0, Math.max(1, Math.round(TEST_SHARE * fresh.length)))) tested.add(fresh[i]!);
  }
  return tested;
}

function shuffled(count: number, generator: Generator): Int32Array {
  if (count === 0) return new Int32Array(0);
  return tidy(() => randperm(count, { generator, device: "cpu" }).toTypedArray() as Int32Array);
}

async function readNames(folder: string): Promise<Map<string, string[]>> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".txt")).sort() : [];
  if (files.length < 2) {
    throw new OptionError(
      `--data ${folder}: expected a file of names for each of two languages or more, such as French.txt and German.txt`,
    );
  }
  const lists = new Map<string, string[]>();
  for (const file of files) {
    let lines: string[];
    try {
      lines = await readLines(join(folder, file));
    } catch (error) {
      throw new OptionError(`--data: ${(error as Error).message}`, { cause: error });
    }
    const names = lines.map((line) => nameLetters(line)).filter(({ length }) => length > 0 && length <= MAX_LETTERS);
    if (names.length === 0) throw new OptionError(`--data: ${join(folder, file)} has no names`);
    lists.set(basename(file, ".txt"), names.map((letters) => letters.join("")));
  }
  return lists;
}

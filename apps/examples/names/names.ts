/** Surnames and their languages, for training and testing. */
import { characters, normalizeText, readLines } from "@heddle/data";
import { Generator, randperm, tidy } from "@heddle/tensor";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { OptionError } from "../runner/options.ts";
import { syntheticNames } from "./synthetic_names.ts";

/** A surname as letters, and the index of its language. */
export interface Name {
  letters: readonly string[];
  language: number;
}

/** Training and test names. */
export interface Names {
  languages: readonly string[];
  train: Name[];
  test: Name[];
  /** A description for people. */
  about: string;
}

/** Maximal length of a name. */
export const MAX_LETTERS = 40;

/** The share of test names in each language. */
const TEST_SHARE = 0.15;

/** A name as the networks read it: composed letters, straight apostrophes, case preserved. */
export function nameLetters(name: string): string[] {
  return characters(normalizeText(name, { lowercase: false }));
}

/**
 * Loads the surnames of a folder with one file per language (`French.txt`, one name per line), or synthetic ones
 * without a folder. A name counts once per language. A name of several languages (`Michel`) belongs to each of them,
 * and is either a training or a test name in all of them.
 *
 * @throws OptionError if the folder has no such files, or one that is not UTF-8.
 */
export async function loadNames(folder: string | null, limit: number | null, seed: number): Promise<Names> {
  const listed = folder === null ? syntheticNames() : await readNames(folder);
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
  const about = `${folder === null ? "Synthetic surnames" : "Surnames"} of ${languages.length} languages: ` +
    `${count(train.length)} for training, ${count(test.length)} for testing` +
    (repeated > 0 ? `; ${count(repeated)} repeated in their language, counted once` : "") +
    (unique.flat().length > shared ? `; ${count(unique.flat().length - shared)} also belong to another language` : "");
  return { languages, train, test, about };
}

/**
 * A share of the names of each language, at least one. Names that were chosen for an earlier language are test names
 * here too.
 */
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
  return tidy(() => randperm(count, { generator, device: "cpu" }).toTypedArray("int32"));
}

async function readNames(folder: string): Promise<Map<string, string[]>> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".txt")).sort() : [];
  if (files.length < 2) {
    throw new OptionError(
      `--data ${folder}: expected a file of names for each of two or more languages, such as French.txt and German.txt`,
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

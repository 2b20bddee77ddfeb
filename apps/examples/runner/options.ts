/** Options of an example by name: their types, their defaults, and how the command line is parsed. */
import { parseArgs } from "node:util";
import { nearMatches } from "./edit_distance.ts";

/** One option: its parser, its default, and its line in `--help`. */
export interface Option<T> {
  /** The line in `--help`. */
  readonly help: string;
  /** The placeholder of the value in `--help`, such as `N` or `DIR`; null for a flag, which has no value. */
  readonly value: string | null;
  /** What a valid value is, for the error message. */
  readonly expected: string;
  /** The value if the option is absent. */
  readonly fallback: T;
  /** The default in `--help`, if it differs from the value itself. */
  readonly shown?: string;
  /** The allowed words, if there are few. */
  readonly words?: readonly string[];
  /** The value of a text, or undefined if it is invalid. */
  parse(text: string): T | undefined;
}

/** The options of an example: the key `dryRun` is `--dry-run` on the command line. */
export type Options = Record<string, Option<unknown>>;

/** The parsed values: `{ epochs: Option<number> }` gives `{ epochs: number }`. */
export type Values<S extends Options> = { [K in keyof S]: S[K] extends Option<infer T> ? T : never };

/** A command-line error; its message is for the person who typed the command. */
export class OptionError extends Error {
  override name = "OptionError";
}

interface Wording<D> {
  help: string;
  default: D;
  /** The default in `--help`. */
  shown?: string;
  /** The placeholder of the value in `--help`. */
  value?: string;
}

/** An option of any text, such as a folder. */
export function text<D extends string | null>(wording: Wording<D>): Option<string | D> {
  return { ...named(wording, "TEXT"), expected: "some text", parse: (text) => text === "" ? undefined : text };
}

/** An integer in a range. A default of null means that the example chooses. */
export function integer<D extends number | null>(
  wording: Wording<D> & { min?: number; max?: number },
): Option<number | D> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = wording;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    ...named(wording, "N"),
    expected: `a whole number ${range}`,
    parse(text) {
      const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

/** A number; with `above`, greater than that. A default of null means that the example chooses. */
export function number<D extends number | null>(
  wording: Wording<D> & { above?: number; min?: number; max?: number },
): Option<number | D> {
  const { above = -Infinity, min = -Infinity, max = Infinity } = wording;
  const limits = [
    above > -Infinity ? `above ${above}` : "",
    min > -Infinity ? `of at least ${min}` : "",
    max < Infinity ? `of at most ${max}` : "",
  ].filter((limit) => limit !== "");
  return {
    ...named(wording, "X"),
    expected: ["a number", limits.join(" and ")].join(" ").trim(),
    parse(text) {
      const value = text.trim() === "" ? NaN : Number(text);
      return Number.isFinite(value) && value > above && value >= min && value <= max ? value : undefined;
    },
  };
}

/** One of a few words. */
export function choice<const W extends string, const D extends W | null>(
  words: readonly W[],
  wording: Wording<D>,
): Option<W | D> {
  return {
    ...named(wording, words.join("|")),
    words,
    expected: `one of ${words.join(", ")}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** A flag that is off by default. */
export function flag(wording: { help: string }): Option<boolean> {
  return { help: wording.help, value: null, expected: "nothing after it", fallback: false, parse: () => undefined };
}

/** The options of every example. */
export interface RunOptions extends Options {
  device: Option<string | null>;
  seed: Option<number>;
  limit: Option<number | null>;
  data: Option<string | null>;
  out: Option<string>;
  json: Option<boolean>;
  dryRun: Option<boolean>;
}

/** The options of an example that trains a network: also its epochs, batch size and learning rate. */
export interface CommonOptions extends RunOptions {
  epochs: Option<number>;
  batch: Option<number | null>;
  lr: Option<number | null>;
}

/** The options of every example; `data` describes the data used without a folder. */
export function runOptions(defaults: { name: string; data: string }): RunOptions {
  return {
    device: text({ help: "where to compute", default: null, shown: "the default device", value: "NAME" }),
    seed: integer({ help: "random seed", default: 0 }),
    limit: integer({
      help: "use at most N training and N test examples",
      default: null,
      min: 1,
      shown: "all",
    }),
    data: text({
      help: "folder of the data (see docs/datasets.md)",
      default: null,
      value: "DIR",
      shown: defaults.data,
    }),
    out: text({ help: "output folder", default: `runs/${defaults.name}`, value: "DIR" }),
    json: flag({ help: "print only one line of JSON on standard output" }),
    dryRun: flag({ help: "build everything, take one step, write nothing" }),
  };
}

/**
 * The options of an example that trains a network, with its own defaults. A text as the default of the batch size or
 * learning rate describes how the example chooses it.
 */
export function commonOptions(defaults: {
  name: string;
  epochs: number;
  batch: number | string;
  lr: number | string;
  data: string;
}): CommonOptions {
  const chosen = (value: number | string): { default: number | null; shown?: string } =>
    typeof value === "number" ? { default: value } : { default: null, shown: value };
  const { device, ...others } = runOptions(defaults);
  return {
    device,
    epochs: integer({ help: "passes over the training data", default: defaults.epochs, min: 1 }),
    batch: integer({ help: "batch size", min: 1, ...chosen(defaults.batch) }),
    lr: number({ help: "learning rate", above: 0, ...chosen(defaults.lr) }),
    ...others,
  };
}

/** The options of an example that writes checkpoints. */
export interface CheckpointOptions extends Options {
  resume: Option<boolean>;
  checkpointEvery: Option<number | null>;
}

/** Whether to resume, and how often to write checkpoints. */
export function checkpointOptions(): CheckpointOptions {
  return {
    resume: flag({ help: "resume from the checkpoint in --out, if there is one" }),
    checkpointEvery: integer({
      help: "steps between checkpoints, in addition to the one after each epoch",
      default: null,
      min: 1,
      shown: "only after epochs",
    }),
  };
}

/** `dryRun` as on the command line: `dry-run`. */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Parses a command line; returns "help" if it asks for help.
 *
 * @throws OptionError that names the option, its value and what was expected; for an unknown option, similar names.
 */
export function parseOptions<S extends Options>(args: readonly string[], options: S): Values<S> | "help" {
  const keys = new Map(Object.keys(options).map((key) => [optionName(key), key]));
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) values[key] = option.fallback;
  const known = [...keys].map(([name, key]) =>
    [name, { type: options[key]!.value === null ? "boolean" : "string" }] as const
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(known), help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new OptionError(
        `${JSON.stringify(token.value)} is not an option; options are written --name value (see --help)`,
      );
    }
    if (token.kind !== "option") continue;
    if (token.name === "help") return "help";
    const key = keys.get(token.name);
    if (key === undefined) throw unknown(token.rawName, [...keys.keys(), "help"]);
    values[key] = read(token.rawName, options[key]!, token);
  }
  return values as Values<S>;
}

function read(
  name: string,
  option: Option<unknown>,
  given: { value?: string | undefined; inlineValue?: boolean | undefined },
): unknown {
  const { value, inlineValue } = given;
  if (option.value === null) {
    if (value === undefined) return true;
    throw new OptionError(`${name} takes no value, but was given ${JSON.stringify(value)}`);
  }
  if (value === undefined || (!inlineValue && value.startsWith("--"))) {
    throw new OptionError(`${name} needs a value: ${option.expected}`);
  }
  const read = option.parse(value);
  if (read !== undefined) return read;
  const meant = nearMatches(value, option.words ?? []);
  const hint = meant.length > 0 ? `; did you mean ${meant.join(" or ")}?` : "";
  throw new OptionError(`${name} ${value}: expected ${option.expected}${hint}`);
}

function unknown(typed: string, names: readonly string[]): OptionError {
  const meant = nearMatches(typed.replace(/^-+/, ""), names);
  const hint = meant.length > 0
    ? `did you mean ${meant.map((name) => `--${name}`).join(" or ")}?`
    : `expected ${names.map((name) => `--${name}`).join(", ")}`;
  return new OptionError(`unknown option ${typed}; ${hint}`);
}

function named<D>(
  wording: Wording<D>,
  value: string,
): { help: string; value: string; fallback: D; shown?: string } {
  const { help, default: fallback, shown } = wording;
  return { help, value: wording.value ?? value, fallback, ...(shown === undefined ? {} : { shown }) };
}

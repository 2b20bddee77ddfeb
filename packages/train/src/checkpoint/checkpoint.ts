/**
 * Checkpoints: the whole state of a training in files of the safetensors format, so that a resumed training gives the same bits. A crash
 * at any moment leaves at least one intact checkpoint: a new file is complete on disk before an old one is deleted.
 */
import { load as loadState, save, type UrlLike } from "@heddle/store";
import { defaultGenerator, Generator, type GeneratorState, scope } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { pathFrom, writing, writingError } from "../files/folder_error.ts";
import { openFolder } from "../files/open_folder.ts";
import { makeFolder } from "../files/make_folder.ts";
import { node } from "../node.ts";

const FORMAT = "heddle-checkpoint", VERSION = 3;
const FILE = /^checkpoint-(\d+)\.safetensors$/;

/** A part of a training that can be saved: a module, an optimiser, a schedule, a loader, metrics. */
export interface Stateful {
  /** The state: tensors by name, or plain data with tensors in it. */
  stateDict(): unknown;
  /** Goes back to a state. */
  loadStateDict(state: never): unknown;
}

/** What a resumed training must have in common with its checkpoint: the kind of model, the options. */
export type About = Readonly<Record<string, string | number | boolean | null>>;

/** Options of {@link Checkpoint}. */
export interface CheckpointOptions {
  /** What a resumed training must have in common with its checkpoint. Default: nothing but what the parts themselves check. */
  readonly about?: About;
  /** How many of the last checkpoints are kept, at least 1. Default 2. */
  readonly keepLast?: number;
  /** How many of the best are kept besides, by the metric given to `save`. Default 0. */
  readonly keepBest?: number;
  /** Whether a low metric ("min", the default) or a high one is better. */
  readonly mode?: "min" | "max";
  /** Whether the folder is locked, so that no other training writes into it. Default true; false where the caller has locked it. */
  readonly lock?: boolean;
}

/** Options of {@link Checkpoint.save}. */
export interface SaveCheckpointOptions {
  /** The metric by which the best checkpoints are kept, such as the validation loss. NaN is the worst. */
  readonly metric?: number;
}

/** A checkpoint cannot be loaded: it is damaged, or of another training. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}

/** A checkpoint in the folder. */
interface Entry {
  readonly number: number;
  readonly metric: number | null;
}

/** What a file has. */
interface Saved {
  readonly format: string;
  readonly version: number;
  readonly about: About;
  readonly parts: Readonly<Record<string, unknown>>;
  readonly random: GeneratorState;
  readonly entries: readonly Entry[];
}

/** A record of plain data as a part of a training; loading writes into it. */
export function plainState<T extends object>(record: T): Stateful {
  return { stateDict: () => record, loadStateDict: (state: T) => Object.assign(record, state) };
}

/**
 * The checkpoints of a training in a folder, `checkpoint-000001.safetensors` and so on. Besides its parts each holds the state of the
 * default random generator, so that a resumed training gives the same bits as one that was never interrupted.
 *
 * The folder is made and locked at once: one that cannot be written to is an error before the first step, and a second training in it is
 * refused. The lock of a process that was killed is taken over. `close()`, or the end of a block with `using`, unlocks it.
 *
 * @example
 * ```ts ignore
 * using checkpoint = new Checkpoint("runs/digits", { model, optimizer, schedule, loader });
 * await checkpoint.load(); // goes on where an earlier run ended; null if there was none
 * while (loader.epoch < 10) {
 *   for (const [images, labels] of loader) {
 *     // … a step …
 *   }
 *   await checkpoint.save();
 * }
 * ```
 */
export class Checkpoint {
  /** The folder, or null if nothing is written. */
  readonly folder: string | null;
  private readonly parts: Readonly<Record<string, Stateful | Generator>>;
  private readonly options: Required<CheckpointOptions>;
  private unlock: (() => void) | null;
  private entries: readonly Entry[] = [];

  /**
   * @param folder a path or a file URL; null to write nothing and find nothing, as in a dry run
   * @param parts what is saved, by name: anything with `stateDict` and `loadStateDict`, and random generators
   * @throws FolderError if the folder cannot be written to, or is in use; TypeError for a part without a state
   */
  constructor(
    folder: string | UrlLike | null,
    parts: Readonly<Record<string, Stateful | Generator>>,
    options: CheckpointOptions = {},
  ) {
    checkOptions("Checkpoint", options, ["about", "keepLast", "keepBest", "mode", "lock"]);
    const { about = {}, keepLast = 2, keepBest = 0, mode = "min", lock = true } = options;
    checkCount("keepLast", keepLast, 1);
    checkCount("keepBest", keepBest, 0);
    if (mode !== "min" && mode !== "max") {
      throw new RangeError(`Checkpoint: mode is "${mode}"; it must be "min" or "max"`);
    }
    for (const [name, part] of Object.entries(parts)) checkPart(name, part);
    this.folder = folder === null ? null : pathFrom(folder);
    this.parts = parts;
    this.options = { about, keepLast, keepBest, mode, lock };
    this.unlock = this.folder !== null && lock ? openFolder(this.folder) : null;
  }

  /**
   * Saves the current state. Call it between steps; nothing may change the parts until it has finished.
   *
   * @returns the file, or null without a folder
   * @throws FolderError if it cannot be written; what was saved before stays
   */
  async save(options: SaveCheckpointOptions = {}): Promise<string | null> {
    checkOptions("Checkpoint.save", options, ["metric"]);
    const { folder } = this;
    if (folder === null) return null;
    const number = (writing(folder, () => this.numbers()).at(-1) ?? 0) + 1;
    const entry: Entry = { number, metric: Number.isNaN(options.metric) ? null : options.metric ?? null };
    const entries = this.kept([...this.entries, entry]);
    const path = this.path(number);
    using _ = scope();
    const state: Saved = {
      format: FORMAT,
      version: VERSION,
      about: this.options.about,
      parts: Object.fromEntries(Object.entries(this.parts).map(([name, part]) => [name, stateOf(part)])),
      random: defaultGenerator.getState(),
      entries,
    };
    try {
      makeFolder(folder);
      await save({ ...state }, path, { format: "safetensors" });
    } catch (error) {
      throw writingError(path, error);
    }
    this.entries = entries;
    this.tidyUp(number);
    return path;
  }

  /**
   * Goes on from the last checkpoint in the folder, or from another file of it, such as {@link best}. It changes no file.
   *
   * @returns the file, or null if there is none
   * @throws CheckpointError if it is damaged, of another version, or of a training that differs, and says what differs
   */
  async load(file?: string): Promise<string | null> {
    const last = this.last;
    const path = file ?? last;
    if (path === null) return null;
    using _ = scope();
    const saved = await this.read(path);
    try {
      for (const [name, part] of Object.entries(this.parts)) loadPart(part, saved.parts[name]);
      defaultGenerator.setState(saved.random);
    } catch (error) {
      throw new CheckpointError(`${path} does not fit this training: ${(error as Error).message}`, { cause: error });
    }
    const there = new Set(this.numbers());
    this.entries = saved.entries.filter(({ number }) => there.has(number));
    return path;
  }

  /** The file of the last checkpoint in the folder, or null if there is none. */
  get last(): string | null {
    const number = this.numbers().at(-1);
    return number === undefined ? null : this.path(number);
  }

  /** The file of the best checkpoint that is kept, or null before the first one with a metric. Needs `keepBest`. */
  get best(): string | null {
    const [best] = this.ranked(this.entries);
    return best === undefined || this.options.keepBest === 0 ? null : this.path(best.number);
  }

  /** Unlocks the folder. */
  close(): void {
    this.unlock?.();
    this.unlock = null;
  }

  /** Unlocks the folder at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  private path(number: number): string {
    return node.path.join(this.folder!, `checkpoint-${String(number).padStart(6, "0")}.safetensors`);
  }

  /** The numbers of the files in the folder, in order. */
  private numbers(): number[] {
    const { folder } = this;
    if (folder === null || !node.fs.existsSync(folder)) return [];
    return node.fs.readdirSync(folder).map((name) => FILE.exec(name)?.[1]).filter((digits) => digits !== undefined)
      .map(Number).sort((a, b) => a - b);
  }

  /** Entries with a metric, the best first; of equal ones the first. */
  private ranked(entries: readonly Entry[]): Entry[] {
    const sign = this.options.mode === "min" ? 1 : -1;
    return entries.filter(({ metric }) => metric !== null).sort((a, b) => sign * (a.metric! - b.metric!));
  }

  private kept(entries: readonly Entry[]): Entry[] {
    const { keepLast, keepBest } = this.options;
    const kept = new Set([...entries.slice(-keepLast), ...this.ranked(entries).slice(0, keepBest)]);
    return entries.filter((entry) => kept.has(entry));
  }

  /** Deletes the files that are not kept. Those of an earlier training count as its last. */
  private tidyUp(newest: number): void {
    const last = this.numbers().filter((number) => number <= newest).slice(-this.options.keepLast);
    const kept = new Set([...last, ...this.entries.map(({ number }) => number)]);
    for (const number of this.numbers()) {
      const path = this.path(number);
      if (number < newest && !kept.has(number)) writing(path, () => node.fs.rmSync(path, { force: true }));
    }
  }

  private async read(path: string): Promise<Saved> {
    const before = this.numbers().map((number) => this.path(number)).filter((other) => other !== path).at(-1);
    const otherwise = "start from the beginning, or use another folder";
    const previous = before === undefined ? otherwise : `to resume from the previous one, ${before}, delete this one`;
    const fail = (what: string, remedy = otherwise): never => {
      throw new CheckpointError(`${path} ${what}; ${remedy}`);
    };
    let saved: Partial<Saved>;
    try {
      saved = await loadState<Partial<Saved>>(path, { format: "safetensors" });
    } catch (error) {
      return fail(`is damaged (${(error as Error).message})`, previous);
    }
    if (saved.format !== FORMAT) fail("is not a checkpoint", previous);
    if (saved.version !== VERSION) {
      fail(`is a checkpoint of version ${saved.version}; this program reads version ${VERSION}`, previous);
    }
    const there = saved.about!, here = this.options.about;
    const differs = [...new Set([...Object.keys(here), ...Object.keys(there)])]
      .filter((key) => there[key] !== here[key])
      .map((key) => `${key} ${show(there[key])} there, ${show(here[key])} here`);
    if (differs.length > 0) fail(`is of another training: ${differs.join("; ")}`);
    const names = Object.keys(this.parts), missing = names.find((name) => !(name in saved.parts!));
    if (missing !== undefined) {
      fail(
        `has no part "${missing}"; it has ${Object.keys(saved.parts!).join(", ")}, and here are ${names.join(", ")}`,
      );
    }
    return saved as Saved;
  }
}

function stateOf(part: Stateful | Generator): unknown {
  return part instanceof Generator ? part.getState() : part.stateDict();
}

function loadPart(part: Stateful | Generator, state: unknown): void {
  if (part instanceof Generator) part.setState(state as GeneratorState);
  else part.loadStateDict(state as never);
}

function checkPart(name: string, part: unknown): void {
  const { stateDict, loadStateDict } = (part ?? {}) as Partial<Stateful>;
  if (part instanceof Generator || (typeof stateDict === "function" && typeof loadStateDict === "function")) return;
  throw new TypeError(
    `Checkpoint: the part "${name}" has no stateDict and loadStateDict, as modules, optimisers, schedules and loaders do; ` +
      "plainState(record) makes a part of plain data",
  );
}

function checkCount(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`Checkpoint: ${option} is ${value}; it must be a whole number of at least ${least}`);
}

function show(value: unknown): string {
  return value === undefined || value === null ? "none" : String(value);
}

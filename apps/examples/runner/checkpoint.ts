/**
 * Checkpoints: the whole state of a run in one file of the safetensors format, so that a resumed run gives the same
 * bits. A crash at any moment leaves at least one intact checkpoint: the new file is complete on disk before it
 * replaces the last one, which is kept.
 */
import { encode, load } from "@heddle/store";
import { defaultGenerator, type GeneratorState, scope } from "@heddle/tensor";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "./options.ts";
import type { OutFolder } from "./out_folder.ts";

const FILE = "checkpoint.safetensors", PREVIOUS = "checkpoint.previous.safetensors";
const FORMAT = "heddle-checkpoint", VERSION = 2;

/** What the file has. */
interface Saved {
  readonly format: string;
  readonly version: number;
  readonly about: Readonly<Record<string, unknown>>;
  readonly parts: Readonly<Record<string, unknown>>;
  readonly random: GeneratorState;
}

/** A part of a run that can be saved: a module, an optimiser, a schedule, a loader, metrics. */
export interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}

/** A record of plain data as a part of a run; loading writes into it. */
export function plainState<T extends object>(record: T): Stateful {
  return { stateDict: () => record, loadStateDict: (state: T) => Object.assign(record, state) };
}

/**
 * The checkpoint of a run in its folder: `checkpoint.safetensors`, and the previous one. Besides its parts it holds the
 * state of the default random generator.
 */
export class Checkpoint {
  private readonly out: OutFolder;
  private readonly about: Readonly<Record<string, unknown>>;
  private readonly parts: Readonly<Record<string, Stateful>>;

  /** `about` is what a resumed run must have in common with its checkpoint: the example, the model, the options. */
  constructor(
    out: OutFolder,
    about: Readonly<Record<string, string | number | boolean | null>>,
    parts: Readonly<Record<string, Stateful>>,
  ) {
    this.out = out;
    this.about = about;
    this.parts = parts;
  }

  /** Saves the current state. Call it between steps; nothing may change the parts until it has finished. */
  async save(): Promise<void> {
    if (this.out.dry) return;
    using _ = scope();
    const parts = Object.fromEntries(Object.entries(this.parts).map(([name, part]) => [name, part.stateDict()]));
    const saved: Saved = {
      format: FORMAT,
      version: VERSION,
      about: this.about,
      parts,
      random: defaultGenerator.getState(),
    };
    this.out.replace(FILE, await encode({ ...saved }, { format: "safetensors" }), PREVIOUS);
  }

  /**
   * Loads the last checkpoint in the folder; returns its file, or null if there is none. It changes no file.
   *
   * @throws OptionError if it is damaged, of another version, or of a run that differs, and says what differs.
   */
  async load(): Promise<string | null> {
    // A crash between two renames leaves only the previous one.
    const name = [FILE, PREVIOUS].find((name) => existsSync(join(this.out.path, name)));
    if (name === undefined) return null;
    const path = join(this.out.path, name);
    const remedy = name === FILE && existsSync(join(this.out.path, PREVIOUS))
      ? `; the previous one is ${PREVIOUS}; to resume from it, rename it to ${FILE}`
      : "; omit --resume to start from the beginning, or use another --out";
    using _ = scope();
    const saved = await this.read(path, (what) => {
      throw new OptionError(`--resume: ${path} ${what}${remedy}`);
    });
    try {
      for (const [name, part] of Object.entries(this.parts)) part.loadStateDict(saved.parts[name] as never);
      defaultGenerator.setState(saved.random);
    } catch (error) {
      throw new OptionError(`--resume: ${path} does not fit this run: ${(error as Error).message}`, { cause: error });
    }
    return path;
  }

  private async read(path: string, fail: (what: string) => never): Promise<Saved> {
    let saved: Partial<Saved>;
    try {
      saved = await load<Partial<Saved>>(path, { format: "safetensors" });
    } catch (error) {
      return fail(`is damaged (${(error as Error).message})`);
    }
    if (saved.format !== FORMAT) fail("is not a checkpoint");
    if (saved.version !== VERSION) {
      fail(`is a checkpoint of version ${saved.version}; this program reads version ${VERSION}`);
    }
    const there = saved.about!;
    const differs = [...new Set([...Object.keys(this.about), ...Object.keys(there)])]
      .filter((key) => there[key] !== this.about[key])
      .map((key) => `${key} ${show(there[key])} there, ${show(this.about[key])} here`);
    if (differs.length > 0) fail(`is of another run: ${differs.join("; ")}`);
    return saved as Saved;
  }
}

function show(value: unknown): string {
  return value === undefined || value === null ? "none" : String(value);
}

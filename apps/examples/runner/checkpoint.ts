/**
 * Checkpoints: the whole state of a run in one file of the safetensors format, so that a resumed run gives the same
 * bits. A crash at any moment leaves at least one intact checkpoint: the new file is complete on disk before it
 * replaces the last one, which is kept.
 */
import { defaultGenerator, type GeneratorState, scope } from "@heddle/tensor";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OptionError } from "./options.ts";
import type { OutFolder } from "./out_folder.ts";
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from "./safetensors.ts";
import { joinState, splitState } from "./state_tree.ts";

const FILE = "checkpoint.safetensors", PREVIOUS = "checkpoint.previous.safetensors";
const FORMAT = "heddle-checkpoint", VERSION = 1;

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
    const states = Object.entries(this.parts).map(([name, part]) => [name, part.stateDict()] as const);
    const { json, tensors } = splitState({ parts: Object.fromEntries(states), random: defaultGenerator.getState() });
    const file = await encodeSafetensors(tensors, {
      // First, so that names of the parts cannot take its place.
      checksum: "0".repeat(64),
      format: FORMAT,
      version: String(VERSION),
      about: JSON.stringify(this.about),
      state: json,
    });
    const { at, digest } = checksum(file)!;
    file.set(new TextEncoder().encode(digest), at);
    this.out.replace(FILE, file, PREVIOUS);
  }

  /**
   * Loads the last checkpoint in the folder; returns its file, or null if there is none. It changes no file.
   *
   * @throws OptionError if it is damaged, of another version, or of a run that differs, and says what differs.
   */
  load(): string | null {
    // A crash between two renames leaves only the previous one.
    const name = [FILE, PREVIOUS].find((name) => existsSync(join(this.out.path, name)));
    if (name === undefined) return null;
    const path = join(this.out.path, name);
    const remedy = name === FILE && existsSync(join(this.out.path, PREVIOUS))
      ? `; the previous one is ${PREVIOUS}; to resume from it, rename it to ${FILE}`
      : "; omit --resume to start from the beginning, or use another --out";
    const state = this.read(path, (what) => {
      throw new OptionError(`--resume: ${path} ${what}${remedy}`);
    });
    try {
      using _ = scope();
      const loaded = joinState(state) as { parts: Record<string, never>; random: GeneratorState };
      for (const [name, part] of Object.entries(this.parts)) part.loadStateDict(loaded.parts[name]!);
      defaultGenerator.setState(loaded.random);
    } catch (error) {
      throw new OptionError(`--resume: ${path} does not fit this run: ${(error as Error).message}`, { cause: error });
    }
    return path;
  }

  private read(path: string, fail: (what: string) => never): Parameters<typeof joinState>[0] {
    const file = new Uint8Array(readFileSync(path));
    let meta: Record<string, string>;
    try {
      meta = safetensorsMetadata(file, path);
    } catch (error) {
      return fail(`is damaged (${(error as Error).message})`);
    }
    if (meta["format"] !== FORMAT) fail("is not a checkpoint");
    if (meta["version"] !== String(VERSION)) {
      fail(`is a checkpoint of version ${meta["version"]}; this program reads version ${VERSION}`);
    }
    const sum = checksum(file);
    if (sum === null || sum.digest !== meta["checksum"]) fail("is damaged (its checksum does not match its content)");
    const there = JSON.parse(meta["about"]!) as Record<string, unknown>;
    const differs = [...new Set([...Object.keys(this.about), ...Object.keys(there)])]
      .filter((key) => there[key] !== this.about[key])
      .map((key) => `${key} ${show(there[key])} there, ${show(this.about[key])} here`);
    if (differs.length > 0) fail(`is of another run: ${differs.join("; ")}`);
    return { json: meta["state"]!, tensors: decodeSafetensors(file, path) };
  }
}

/**
 * The SHA-256 of a file, computed with zeros in place of its own checksum, and the checksum's position; null if it has
 * none.
 */
function checksum(file: Uint8Array): { at: number; digest: string } | null {
  // Quotes within other strings are escaped, so this can only match the field itself.
  const field = new TextEncoder().encode('"checksum":"');
  const at = indexOf(file, field);
  if (at < 0 || at + field.length + 64 > file.length) return null;
  const start = at + field.length;
  const hash = createHash("sha256").update(file.subarray(0, start)).update("0".repeat(64));
  return { at: start, digest: hash.update(file.subarray(start + 64)).digest("hex") };
}

function indexOf(file: Uint8Array, pattern: Uint8Array): number {
  const last = Math.min(file.length - pattern.length, 256);
  for (let at = 0; at <= last; at++) if (pattern.every((byte, i) => file[at + i] === byte)) return at;
  return -1;
}

function show(value: unknown): string {
  return value === undefined || value === null ? "none" : String(value);
}

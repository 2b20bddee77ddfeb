/** The autotune cache: the fastest kernel variants of each adapter, kept in a file between processes, in browsers in `localStorage`. */
import { readCached, writeCached } from "../device/runtime.ts";

const fileName = "gpu_choices.json";

/**
 * Incremented when kernels change so much that old timings no longer apply. Entries of another generation are ignored.
 */
const generation = 2;

/** The candidate chosen for a key. */
export interface Choice {
  readonly key: string;
  readonly candidates: readonly string[];
  readonly chosen: string;
}

/** Chosen candidates by key. */
type Chosen = Record<string, string>;

/** The autotune cache of one adapter. A file that is missing, unreadable or of another format counts as empty. */
export class AutotuneCache {
  private readonly adapter: string;
  private readonly chosen: Map<string, string>;

  /** @param adapter identifies the adapter, its driver and its shader compiler. */
  constructor(adapter: string) {
    this.adapter = adapter;
    this.chosen = new Map(Object.entries(read()[adapter] ?? {}));
  }

  /** The choice for `key` among `candidates`, or undefined if there is none. */
  get(key: string, candidates: readonly string[]): string | undefined {
    return this.chosen.get(keyWithCandidates(key, candidates));
  }

  /** Adds choices, in memory and in the file. Returns whether the file was written. */
  add(choices: readonly Choice[]): boolean {
    for (const { key, candidates, chosen } of choices) this.chosen.set(keyWithCandidates(key, candidates), chosen);
    // Other processes may have added entries since the file was read.
    const all = read();
    all[this.adapter] = { ...all[this.adapter], ...Object.fromEntries(this.chosen) };
    return writeCached(fileName, `${JSON.stringify({ generation, adapters: all }, null, 1)}\n`);
  }
}

/** The key includes the candidates: a choice among other candidates does not apply. */
function keyWithCandidates(key: string, candidates: readonly string[]): string {
  return `${key}: ${[...candidates].sort().join(" ")}`;
}

/** The entries of the file, by adapter. */
function read(): Record<string, Chosen> {
  try {
    const file = JSON.parse(readCached(fileName) ?? "{}") as { generation?: unknown; adapters?: unknown };
    const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
    if (file.generation !== generation || !isRecord(file.adapters)) return {};
    const sound = Object.entries(file.adapters).filter(([, chosen]) =>
      isRecord(chosen) && Object.values(chosen).every((choice) => typeof choice === "string")
    );
    return Object.fromEntries(sound) as Record<string, Chosen>;
  } catch {
    return {};
  }
}

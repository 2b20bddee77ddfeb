/** What was found fastest on an adapter, kept between processes. */
import { readCached, writeCached } from "../device/runtime.ts";

const fileName = "gpu_choices.json";

/** To be raised when kernels change so much that old timings say nothing; what was chosen under another number is forgotten. */
const generation = 1;

/** What was chosen, by what it was chosen for. */
type Chosen = Record<string, string>;

/** See the module's comment. A file that cannot be read, or is none of ours, counts as empty. */
export class AutotuneCache {
  private readonly adapter: string;
  private readonly chosen: Map<string, string>;

  /** @param adapter identifies the adapter, its driver and its compiler, as far as they tell. */
  constructor(adapter: string) {
    this.adapter = adapter;
    this.chosen = new Map(Object.entries(read()[adapter] ?? {}));
  }

  /** The choice for `key` among `candidates`, if one was made. */
  get(key: string, candidates: readonly string[]): string | undefined {
    return this.chosen.get(keyWithCandidates(key, candidates));
  }

  /** Remembers a choice, here and for later processes. */
  set(key: string, candidates: readonly string[], choice: string): void {
    this.chosen.set(keyWithCandidates(key, candidates), choice);
    // Other processes may have added to the file.
    const all = read();
    all[this.adapter] = { ...all[this.adapter], ...Object.fromEntries(this.chosen) };
    writeCached(fileName, `${JSON.stringify({ generation, adapters: all }, null, 1)}\n`);
  }
}

/** With the candidates, so that a choice among others is none. */
function keyWithCandidates(key: string, candidates: readonly string[]): string {
  return `${key}: ${[...candidates].sort().join(" ")}`;
}

/** The file's choices by adapter. */
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

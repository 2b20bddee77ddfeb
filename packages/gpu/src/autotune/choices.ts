/** Which of several implementations of the same work each adapter takes: the default, or what `tune` has found. */
import type { Launch } from "../gpu_context.ts";
import { AutotuneCache, type Choice } from "./autotune_cache.ts";

/** Work that occurred while choices were recorded, with the launches of each candidate. The first is the default. */
export interface Occurrence {
  readonly key: string;
  readonly candidates: readonly string[];
  readonly launches: readonly (readonly Launch[])[];
  /** The stored choice, if there was one. */
  readonly stored: string | undefined;
}

/** The choices of one device. */
export class Choices {
  /** Incremented when choices change: plans made before are out of date. */
  version = 0;
  private readonly adapter: string;
  private cache: AutotuneCache | null = null;
  private occurrences: Map<string, Occurrence> | null = null;

  /** @param adapter identifies the adapter in the autotune cache. */
  constructor(adapter: string) {
    this.adapter = adapter;
  }

  /** The stored choice among the candidates, or the first. */
  choose<C extends string>(key: string, candidates: readonly C[]): C {
    const first = candidates[0]!;
    if (candidates.length < 2) return first;
    const stored = this.stored.get(key, candidates);
    return candidates.find((candidate) => candidate === stored) ?? first;
  }

  /**
   * Notes that work occurs, if choices are being recorded and it is new.
   *
   * @param launchesOf returns the launches of a candidate.
   */
  note<C extends string>(key: string, candidates: readonly C[], launchesOf: (candidate: C) => readonly Launch[]): void {
    if (this.occurrences === null || candidates.length < 2) return;
    const id = `${key}: ${candidates}`;
    if (this.occurrences.has(id)) return;
    const stored = this.stored.get(key, candidates);
    this.occurrences.set(id, { key, candidates, launches: candidates.map(launchesOf), stored });
  }

  /**
   * Runs `step` and returns the work that occurred in it.
   *
   * @throws Error when choices are already being recorded.
   */
  async record(step: () => unknown): Promise<readonly Occurrence[]> {
    if (this.occurrences !== null) throw new Error("tune: this device is being tuned already; await the first call");
    this.occurrences = new Map();
    this.version++; // or plans would be replayed, in which nothing is chosen
    try {
      await step();
      return [...this.occurrences.values()];
    } finally {
      this.occurrences = null;
    }
  }

  /** Takes and stores choices. Returns whether later processes will find them. */
  store(choices: readonly Choice[]): boolean {
    this.version++;
    return this.stored.add(choices);
  }

  /** Read at the first choice: most programs have work with several candidates, but not all. */
  private get stored(): AutotuneCache {
    return this.cache ??= new AutotuneCache(this.adapter);
  }
}

/** Times several implementations of the same work and chooses the fastest. */
import { debug } from "@heddle/tensor/backend";
import type { GpuContext } from "../gpu_context.ts";
import type { Readback } from "../memory/readback.ts";
import { AutotuneCache } from "./autotune_cache.ts";

/** Runs of each candidate. The shortest time counts. */
const repetitions = 3;

/** Runs and times candidates, and remembers which was the fastest. */
export class Autotuner {
  private readonly memory: Pick<GpuContext, "scratch" | "release">;
  private readonly readback: Readback;
  private readonly choices: AutotuneCache | null;
  private busy = false;

  /**
   * @param adapter identifies the adapter in the autotune cache; null turns timing off: the first candidate is always
   * taken.
   */
  constructor(memory: Pick<GpuContext, "scratch" | "release">, readback: Readback, adapter: string | null) {
    this.memory = memory;
    this.readback = readback;
    this.choices = adapter === null ? null : new AutotuneCache(adapter);
  }

  /** See `GpuContext.choose`. Timing requires synchronous reads, which wait for the GPU. */
  choose<C extends string>(key: string, candidates: readonly C[], run: (candidate: C) => void): C {
    const first = candidates[0]!;
    if (this.choices === null || candidates.length < 2) return first;
    const known = candidates.find((candidate) => candidate === this.choices!.get(key, candidates));
    if (known !== undefined) return known;
    if (this.busy || !this.readback.canReadSync) return first;
    this.busy = true;
    try {
      const times = candidates.map((candidate) => this.time(() => run(candidate)));
      const best = candidates[times.indexOf(Math.min(...times))]!;
      if (debug() >= 2) {
        const listed = candidates.map((candidate, i) => `${candidate} ${times[i]!.toFixed(3)} ms`);
        console.error(`heddle gpu tuned ${key}: ${best} of ${listed.join(", ")}`);
      }
      this.choices.set(key, candidates, best);
      return best;
    } finally {
      this.busy = false;
    }
  }

  private time(run: () => void): number {
    let best = Infinity;
    const marker = this.memory.scratch(256);
    this.readback.readSync(marker, 0, 4);
    for (let i = 0; i <= repetitions; i++) {
      const begin = performance.now();
      run();
      this.readback.readSync(marker, 0, 4);
      // The first run includes compilation.
      if (i > 0) best = Math.min(best, performance.now() - begin);
    }
    this.memory.release(marker);
    return best;
  }
}

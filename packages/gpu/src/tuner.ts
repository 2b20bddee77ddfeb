/** Timed choices between several ways of doing the same. */
import { debug } from "@heddle/tensor";
import type { Engine } from "./engine.ts";

/** Each way is run so often; the best time counts. */
const repetitions = 3;

/** See the module's comment. */
export class Tuner {
  private readonly engine: Engine;
  private readonly timing: boolean;
  private readonly chosen: Map<string, number> = new Map();
  private busy = false;

  /** @param timing whether to time at all; the first candidate is taken otherwise. */
  constructor(engine: Engine, timing: boolean) {
    this.engine = engine;
    this.timing = timing;
  }

  /** See `Gpu.choose`. Timing needs a way to wait for the GPU here and now. */
  choose<C>(key: string, candidates: readonly C[], run: (candidate: C) => void): C {
    const known = this.chosen.get(key);
    if (known !== undefined) return candidates[known] ?? candidates[0]!;
    if (!this.timing || candidates.length < 2 || this.busy || !this.engine.staging.synchronous) return candidates[0]!;
    this.busy = true;
    try {
      const times = candidates.map((candidate) => this.time(() => run(candidate)));
      const best = times.indexOf(Math.min(...times));
      if (debug() >= 2) {
        console.error(`heddle gpu tuned ${key}: ${times.map((ms) => ms.toFixed(3)).join(" ")} ms, takes ${best}`);
      }
      this.chosen.set(key, best);
      return candidates[best]!;
    } finally {
      this.busy = false;
    }
  }

  private time(run: () => void): number {
    let best = Infinity;
    const marker = this.engine.scratch(256);
    this.engine.staging.readNow(marker, 0, 4);
    for (let i = 0; i <= repetitions; i++) {
      const begin = performance.now();
      run();
      this.engine.staging.readNow(marker, 0, 4);
      // The first run compiles.
      if (i > 0) best = Math.min(best, performance.now() - begin);
    }
    this.engine.release(marker);
    return best;
  }
}

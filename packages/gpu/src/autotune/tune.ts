/** Times the candidates for the work of a step on a GPU, and stores the fastest. */
import { scope } from "@heddle/tensor";
import { debug } from "@heddle/tensor/backend";
import type { GpuBackend } from "../backend.ts";
import type { Engine } from "../device/engine.ts";
import type { Launch } from "../gpu_context.ts";
import type { Occurrence } from "./choices.ts";
import { type TunedWork, TuneReport } from "./tune_report.ts";

/** Submits what a function records, and returns the milliseconds until the GPU has done it. */
export type Measure = (record: () => void) => Promise<number>;

/** Rounds in which each candidate is timed. The shortest time counts. */
const rounds = 4;
/**
 * Milliseconds that a measurement should take. Browsers round timestamps to 0.1 ms. The host's clock also measures a
 * submission and a read.
 */
const enough = { timestamps: 5, host: 20 };
/** Most runs of a measurement. */
const mostRuns = 256;
/** A form other than the default that takes so many times the shortest time is not timed again. */
const hopeless = 3;
/** The default stays unless another form takes less than this share of its time: times vary by some percent. */
const share = 0.95;

/** See `tune` in `mod.ts`. `measure` is the clock, for tests. */
export async function tuneBackend(
  backend: GpuBackend,
  step: () => unknown,
  again: boolean,
  measure: Measure = stopwatch(backend),
): Promise<TuneReport> {
  const { engine, name } = backend;
  const { errors, choices } = engine;
  errors.checkLost("tune");
  const found = await choices.record(async () => {
    const open = scope();
    try {
      await step();
    } finally {
      open.end();
    }
  });
  if (found.length === 0) {
    throw new Error(
      `tune: the step ran no matrix product or convolution on "${name}" that has several forms; pass a function that ` +
        `runs the forward and backward pass of a model on this device: ` +
        `await tune(gpu, () => model.forward(batch).sum().backward())`,
    );
  }
  await errors.settled();
  errors.check("tune"); // of the step
  const clock = engine.features.has("timestamp-query") ? "timestamps" : "host";
  const works: TunedWork[] = [];
  for (const { key, candidates, launches, stored } of found) {
    const first = candidates[0]!;
    if (stored !== undefined && !again) {
      works.push({ work: key, milliseconds: {}, default: first, chosen: stored });
      continue;
    }
    const times = await timeCandidates(candidates.length, enough[clock], async (candidate, runs) => {
      try {
        return await measureLaunches(engine, launches[candidate]!, runs, measure);
      } catch (error) {
        errors.checkLost("tune");
        if (debug() >= 2) console.error(`heddle gpu tune: ${key} ${candidates[candidate]}: ${error}`);
        return Infinity;
      }
    });
    const best = Math.min(...times);
    const chosen = best < share * times[0]! ? candidates[times.indexOf(best)]! : first;
    const milliseconds = Object.fromEntries(candidates.map((candidate, i) => [candidate, times[i]!]));
    works.push({ work: key, milliseconds, default: first, chosen });
  }
  const stored = choices.store(works.map(({ work, chosen }, i) => {
    const { candidates } = found[i] as Occurrence;
    return { key: work, candidates, chosen };
  }));
  return new TuneReport(engine.description, clock, stored, works);
}

/**
 * The shortest milliseconds of a run of each candidate, over rounds in which they take turns. Infinity for candidates that
 * fail.
 *
 * @param enough milliseconds that a measurement should take.
 * @param measure returns the milliseconds of some runs of a candidate, Infinity if it fails.
 */
export async function timeCandidates(
  count: number,
  enough: number,
  measure: (candidate: number, runs: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    times.push(await measure(i, 1));
    // The first run includes compilation.
    if (times[i] !== Infinity) times[i] = Math.min(await measure(i, 1), await measure(i, 1));
  }
  // Drivers may give timestamps that do not increase.
  const limit = hopeless * Math.min(...times.filter((time) => time > 0));
  // The default is compared in any case: one slow run should not decide against it.
  const promising = times.flatMap((time, i) => time < Infinity && (i === 0 || time <= limit) ? [i] : []);
  if (promising.length < 2) return times;
  let runs = 1;
  while (runs < mostRuns && await measure(promising[0]!, runs) < enough) runs *= 4;
  for (const i of promising) times[i] = Infinity;
  for (let round = 0; round < rounds; round++) {
    for (const i of promising) {
      const time = await measure(i, runs) / runs;
      if (time > 0) times[i] = Math.min(times[i]!, time);
    }
  }
  return times;
}

/** Measures launches with memory of their own: that of the step holds other values by now. */
async function measureLaunches(
  engine: Engine,
  launches: readonly Launch[],
  runs: number,
  measure: Measure,
): Promise<number> {
  const substitutes = new Map<GPUBuffer, GPUBuffer>();
  const substitute = (buffer: GPUBuffer): GPUBuffer => {
    let own = substitutes.get(buffer);
    if (own === undefined) substitutes.set(buffer, own = engine.pool.alloc(buffer.size));
    return own;
  };
  try {
    const ready = launches.map((launch) => ({
      compiled: engine.compile(launch),
      reads: launch.reads.map(substitute),
      writes: launch.writes.map(substitute),
    }));
    return await measure(() => {
      for (let i = 0; i < runs; i++) {
        for (const { compiled, reads, writes } of ready) if (compiled !== null) engine.record(compiled, reads, writes);
      }
    });
  } finally {
    for (const buffer of substitutes.values()) engine.pool.release(buffer);
  }
}

/** The GPU's clock where the adapter has timestamp queries, else the host's. */
function stopwatch(backend: GpuBackend): Measure {
  const { engine: { recorder, errors, features } } = backend;
  if (features.has("timestamp-query")) {
    return async (record) => {
      const time = await Promise.race([recorder.measure(record), errors.lost]);
      await errors.settled();
      errors.check("tune");
      return time as number; // `check` has thrown if the device was lost
    };
  }
  return async (record) => {
    const marker = backend.alloc(4, "tune");
    try {
      await backend.readAsync(marker, 0, 4);
      const begin = performance.now();
      record();
      await backend.readAsync(marker, 0, 4);
      return performance.now() - begin;
    } finally {
      backend.free(marker);
    }
  };
}

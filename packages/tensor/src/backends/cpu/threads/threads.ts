/**
 * The threads of a CPU engine: workers on its shared memory, with the calling thread as number 0. Threads take the chunks of a job
 * one after another. thread_control.ts describes the synchronisation, thread_source.ts has the workers' code.
 */
import { debug } from "../../../engine/debug.ts";
import { startWorker } from "../../../runtime.ts";
import type { CompiledModule, HostFunctions } from "../compiled_module.ts";
import type { Heap } from "../heap.ts";
import { type NativeCode, nativeCode } from "../native_code.ts";
import { controlBytes, word } from "./thread_control.ts";
import { type HostSample, hostSamples, workerSource, type WorkerStart } from "./thread_source.ts";

/**
 * How long a waiting thread spins before it sleeps, if its last wait was not much longer than that.
 *
 * A job of two chunks takes 1 to 2 µs more than one chunk if the worker is awake; if it sleeps, 6 to 7 µs more on a machine of its own, and
 * up to 50 µs on a virtual one. On a virtual machine of two cores 0.15 ms instead of 0.03 made the steps of small networks up to a third
 * faster. If another program occupies one core, both threads share the other, and a spinning thread delays the working one: steps then
 * took up to 1.4 times as long as with 0.03 ms, though after one unsuccessful wait a thread sleeps at once.
 */
const spinMs = 0.15;

/**
 * Workers start after jobs that they could have shared took this long in total, which is about the cost of starting one (2 ms on
 * Bun and Node, 40 ms on Deno). So short scripts pay nothing, and long ones little.
 */
const startAfterMs = 20;

/**
 * Jobs that take less than this on one thread are not shared. A worker that is awake costs a job 1 to 2 µs, one that sleeps 6 to 50 µs,
 * and the chunks of a short job rarely end together.
 */
const shortMs = 0.02;

/** Jobs of more chunks are shared without a look at the clock. */
const fewChunks = 16;

/** So many runs of a job are timed; the fastest counts, since other programs only make runs longer. */
const timedRuns = 4;

/** What is known of a job's time on one thread. */
interface Timing {
  readonly entry: number;
  readonly count: number;
  readonly grain: number;
  ms: number;
  runs: number;
}

/** Runs all chunks from item `from` on, on the calling thread. */
export function runAlone(entry: CompiledModule, params: number, count: number, grain: number, from: number = 0): void {
  for (let begin = from; begin < count; begin += grain) entry.run(params, begin, Math.min(begin + grain, count), 0);
}

/** The threads of an engine. */
export class Threads {
  private readonly heap: Heap;
  private readonly host: HostFunctions;
  /** The wanted and the possible number of workers, beside the calling thread. */
  private readonly wanted: number;
  private most: number;
  private readonly control: number;
  private readonly words: Int32Array;
  /** Referenced so that they are not garbage-collected. */
  private readonly workers: object[] = [];
  /** The addresses of the modules' bytes, by entry. */
  private readonly code: number[] = [];
  private source: string | null = null;
  /** The native code that the workers can call. */
  private native: NativeCode | null = null;
  private samples: readonly HostSample[] = [];
  private spentMs = 0;
  private spinPays = true;
  private refused = 0;
  /** Jobs of few chunks, by the address of their parameters. */
  private readonly timings: Map<number, Timing> = new Map();

  constructor(heap: Heap, host: HostFunctions, threads: number) {
    this.heap = heap;
    this.host = host;
    this.wanted = threads - 1;
    this.most = this.wanted;
    this.control = heap.alloc(controlBytes);
    // Shared memory grows in place, so that this view of its beginning stays valid.
    this.words = new Int32Array(heap.memory.buffer, this.control, controlBytes / 4).fill(0);
  }

  /** Runs a job of more than one chunk on the running threads, and starts more once that is worth the cost. */
  run(entry: CompiledModule, params: number, count: number, grain: number): void {
    if (Atomics.load(this.words, word.ready) > 0) {
      if (this.workers.length < this.most) this.start(); // one per call, since the caller waits for each
      const done = this.runShort(entry, params, count, grain);
      if (done * grain >= count) return;
      if (this.publish(entry)) this.share(entry, params, count, grain, done);
      else runAlone(entry, params, count, grain, done * grain);
      return;
    }
    const begin = performance.now();
    runAlone(entry, params, count, grain);
    if (this.unfit() || this.most === 0 || this.workers.length > 0) return; // none are possible, or they are starting
    this.spentMs += performance.now() - begin;
    if (this.spentMs >= startAfterMs) this.start();
  }

  /**
   * Runs a job if it is too short to be shared, or a chunk of it to find out.
   *
   * @returns how many chunks ran
   */
  private runShort(entry: CompiledModule, params: number, count: number, grain: number): number {
    const chunks = Math.ceil(count / grain);
    if (chunks > fewChunks) return 0;
    let timing = this.timings.get(params);
    if (timing === undefined || timing.entry !== entry.id || timing.count !== count || timing.grain !== grain) {
      this.timings.set(params, timing = { entry: entry.id, count, grain, ms: Infinity, runs: 0 });
    }
    if (timing.runs === timedRuns) {
      if (timing.ms >= shortMs) return 0;
      runAlone(entry, params, count, grain);
      return chunks;
    }
    timing.runs++;
    const begin = performance.now();
    entry.run(params, 0, grain, 0);
    const expected = (performance.now() - begin) * chunks;
    if (expected < shortMs) {
      runAlone(entry, params, count, grain, grain);
      timing.ms = Math.min(timing.ms, performance.now() - begin);
      return chunks;
    }
    timing.ms = Math.min(timing.ms, expected);
    return 1;
  }

  /**
   * Starts all workers now and waits until they run.
   *
   * @param timeoutMs the longest wait
   * @returns whether all run
   */
  ready(timeoutMs: number): boolean {
    while (this.workers.length < this.most) this.start();
    const until = performance.now() + timeoutMs;
    for (;;) {
      const up = Atomics.load(this.words, word.ready);
      const left = until - performance.now();
      if (up === this.wanted) return true;
      if (this.unfit() || this.most < this.wanted || left <= 0) return false;
      Atomics.wait(this.words, word.ready, up, Math.min(left, 50));
    }
  }

  /** Whether workers can call this native code: they were started with it, or will be. */
  takesNative(native: NativeCode): boolean {
    return this.source === null || this.native === native;
  }

  /** Ends the workers. From then on, the calling thread does all the work. */
  close(): void {
    this.most = 0;
    Atomics.store(this.words, word.stop, 1);
    Atomics.store(this.words, word.ready, -this.workers.length); // workers that are still starting count up to 0
    Atomics.add(this.words, word.job, 2); // still even: no job
    Atomics.notify(this.words, word.job);
    this.workers.length = 0;
  }

  /** Runs the chunks from number `first` on, on all threads. */
  private share(entry: CompiledModule, params: number, count: number, grain: number, first: number): void {
    const words = this.words;
    const chunks = Math.ceil(count / grain);
    words[word.entry] = entry.id;
    words[word.code] = this.code[entry.id]!;
    words[word.codeLength] = entry.bytes.length;
    words[word.pages] = this.heap.bytes.length / 65536;
    words[word.params] = params;
    words[word.count] = count;
    words[word.grain] = grain;
    words[word.chunks] = chunks;
    words[word.failed] = 0;
    Atomics.store(words, word.next, first);
    Atomics.add(words, word.job, 1);
    if (Atomics.load(words, word.sleeping) > 0) Atomics.notify(words, word.job, chunks - first - 1);
    let complete = false;
    try {
      for (let i = Atomics.add(words, word.next, 1); i < chunks; i = Atomics.add(words, word.next, 1)) {
        entry.run(params, i * grain, Math.min(count, (i + 1) * grain), 0);
      }
      complete = true;
    } finally {
      Atomics.store(words, word.next, chunks); // after an exception no thread begins another chunk
      Atomics.add(words, word.job, 1);
      this.awaitWorkers();
      entry.settle?.(complete && words[word.failed] === 0);
    }
    if (words[word.failed] !== 0) throw this.failure();
    if (debug() > 0 && words[word.refused] !== this.refused) {
      this.refused = words[word.refused]!;
      console.error(`heddle cpu: module ${entry.id} does not compile in a worker`);
    }
  }

  /** Waits until no worker is inside the job. Spins first, if the last wait was short enough. */
  private awaitWorkers(): void {
    const words = this.words;
    if (Atomics.load(words, word.active) === 0) return;
    const begin = performance.now();
    const until = begin + (this.spinPays ? spinMs : 0);
    do {
      for (let i = 0; i < 32; i++) {
        if (Atomics.load(words, word.active) === 0) return void (this.spinPays = true);
      }
    } while (performance.now() < until);
    Atomics.store(words, word.waiting, 1);
    for (;;) {
      const active = Atomics.load(words, word.active);
      if (active === 0) break;
      // The time limit turns a hang into a delay, in case a runtime loses a notification.
      Atomics.wait(words, word.active, active, 100);
    }
    Atomics.store(words, word.waiting, 0);
    this.spinPays = performance.now() - begin < 2 * spinMs;
  }

  /** The error that a worker's chunk threw. */
  private failure(): Error {
    const text = String.fromCharCode(...this.words.subarray(word.error, word.error + this.words[word.errorLength]!));
    const [, name, message] = /^(\w+): ([^]*)$/.exec(text) ?? [];
    if (name === "RuntimeError") return new WebAssembly.RuntimeError(message);
    return name === "RangeError" ? new RangeError(message) : new Error(text);
  }

  /** Copies a module's bytes to shared memory. Workers receive no messages, since they block in `Atomics.wait`. */
  private publish(entry: CompiledModule): boolean {
    if (this.code[entry.id] !== undefined) return true;
    try {
      const pointer = this.heap.alloc(entry.bytes.length);
      this.heap.bytes.set(entry.bytes, pointer);
      this.code[entry.id] = pointer;
      return true;
    } catch {
      return false; // memory is used up; the caller has its own copy
    }
  }

  private start(): void {
    try {
      if (this.source === null) {
        this.native = nativeCode();
        this.source = workerSource(this.host, this.native?.workerSource ?? null);
        this.samples = hostSamples(this.host);
      }
      const { memory } = this.heap;
      const thread = this.workers.length + 1;
      const start: WorkerStart = { memory, control: this.control, thread, spinMs, samples: this.samples };
      this.workers.push(startWorker(this.source, start, (reason) => this.giveUp(reason)));
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** Whether some worker found that its host functions differ from the caller's. */
  private unfit(): boolean {
    if (Atomics.load(this.words, word.unfit) === 0) return false;
    if (this.most > 0) this.giveUp("a host function uses more than its parameters, globals and other host functions");
    return true;
  }

  /** Continues with the workers that run. */
  private giveUp(reason: unknown): void {
    this.most = Math.min(this.most, Math.max(0, Atomics.load(this.words, word.ready)));
    if (debug() > 0) console.error(`heddle cpu: ${this.most + 1} threads, as no more can be started: ${reason}`);
  }
}

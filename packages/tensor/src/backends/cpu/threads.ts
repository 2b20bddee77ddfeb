/**
 * The threads of a CPU engine: workers over its shared memory, with the calling thread as number 0. Jobs are cut into chunks that
 * threads take in turn; see thread_control.ts for how they agree, thread_source.ts for the workers' side.
 */
import { debug } from "../../engine/debug.ts";
import { startWorker } from "../../runtime.ts";
import type { CompiledModule, HostFunctions } from "./compiled_module.ts";
import type { Heap } from "./heap.ts";
import { controlBytes, word } from "./thread_control.ts";
import { type HostSample, hostSamples, workerSource, type WorkerStart } from "./thread_source.ts";

/**
 * How long a thread looks for news before it lets the system put it to sleep, if the last wait was not much longer than that.
 *
 * Measured on two cores that others also used, so roughly: what a job of two chunks takes beyond one chunk's time is 1 to 2 µs with the
 * worker awake and 6 to 7 µs with the worker asleep, on Deno, Bun and Node alike (an empty job 0.3 to 2 µs, as the caller does not wait
 * for who comes too late). Where another program holds one core, so that both threads share the other, whoever spins delays the one
 * that works: every wait that finds nothing then costs the whole spin, and 0.1 ms doubled the time of short jobs. Jobs of a training
 * step follow one another within 5 to 20 µs.
 */
const spinMs = 0.03;

/**
 * Workers are started when jobs that they could have shared took this long, about what starting one costs the caller (2 ms on Bun and
 * Node, 40 ms on Deno): short scripts never pay, long ones pay little.
 */
const startAfterMs = 20;

/** All chunks, here. */
export function runAlone(entry: CompiledModule, params: number, count: number, grain: number): void {
  for (let begin = 0; begin < count; begin += grain) entry.run(params, begin, Math.min(begin + grain, count), 0);
}

/** See the module's comment. */
export class Threads {
  private readonly heap: Heap;
  private readonly host: HostFunctions;
  /** Workers beside the calling thread that there should be, and that there can be. */
  private readonly wanted: number;
  private most: number;
  private readonly control: number;
  private readonly words: Int32Array;
  /** Held so that they are not collected. */
  private readonly workers: object[] = [];
  /** Where the modules' bytes are, by entry. */
  private readonly code: number[] = [];
  private source: string | null = null;
  private samples: readonly HostSample[] = [];
  private spentMs = 0;
  private spinPays = true;
  private refused = 0;

  constructor(heap: Heap, host: HostFunctions, threads: number) {
    this.heap = heap;
    this.host = host;
    this.wanted = threads - 1;
    this.most = this.wanted;
    this.control = heap.alloc(controlBytes);
    // Shared memory grows in place, so that this view of its beginning stays good.
    this.words = new Int32Array(heap.memory.buffer, this.control, controlBytes / 4).fill(0);
  }

  /** Runs a job of more than one chunk on the threads that are up, and starts more when that has become worth it. */
  run(entry: CompiledModule, params: number, count: number, grain: number): void {
    if (Atomics.load(this.words, word.ready) > 0) {
      if (this.workers.length < this.most) this.start(); // one a call: the caller waits for each
      if (this.publish(entry)) this.share(entry, params, count, grain);
      else runAlone(entry, params, count, grain);
      return;
    }
    const begin = performance.now();
    runAlone(entry, params, count, grain);
    if (this.unfit() || this.most === 0 || this.workers.length > 0) return; // none to be had, or they are on their way
    this.spentMs += performance.now() - begin;
    if (this.spentMs >= startAfterMs) this.start();
  }

  /**
   * Starts all workers now and waits until they are up.
   *
   * @param timeoutMs the longest wait
   * @returns whether all are up
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

  /** Ends the workers; all work is the calling thread's from here on. */
  close(): void {
    this.most = 0;
    Atomics.store(this.words, word.stop, 1);
    Atomics.store(this.words, word.ready, -this.workers.length); // those still starting count up to 0
    Atomics.add(this.words, word.job, 2); // still even: no job
    Atomics.notify(this.words, word.job);
    this.workers.length = 0;
  }

  private share(entry: CompiledModule, params: number, count: number, grain: number): void {
    const words = this.words;
    const chunks = Math.ceil(count / grain);
    words[word.entry] = entry.id;
    words[word.code] = this.code[entry.id]!;
    words[word.codeLength] = entry.bytes.length;
    words[word.pages] = this.heap.memory.buffer.byteLength / 65536;
    words[word.params] = params;
    words[word.count] = count;
    words[word.grain] = grain;
    words[word.chunks] = chunks;
    words[word.failed] = 0;
    Atomics.store(words, word.next, 0);
    Atomics.add(words, word.job, 1);
    if (Atomics.load(words, word.sleeping) > 0) Atomics.notify(words, word.job, chunks - 1);
    try {
      for (let i = Atomics.add(words, word.next, 1); i < chunks; i = Atomics.add(words, word.next, 1)) {
        entry.run(params, i * grain, Math.min(count, (i + 1) * grain), 0);
      }
    } finally {
      Atomics.store(words, word.next, chunks); // after an exception nobody begins another chunk
      Atomics.add(words, word.job, 1);
      this.awaitWorkers();
    }
    if (words[word.failed] !== 0) throw this.failure();
    if (debug() > 0 && words[word.refused] !== this.refused) {
      this.refused = words[word.refused]!;
      console.error(`heddle cpu: module ${entry.id} does not compile in a worker`);
    }
  }

  /** Until no worker is inside the job. Spins first, if the last wait was short enough for that. */
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
      // The limit only makes a hang into a delay, should a runtime ever lose a notification.
      Atomics.wait(words, word.active, active, 100);
    }
    Atomics.store(words, word.waiting, 0);
    this.spinPays = performance.now() - begin < 2 * spinMs;
  }

  /** What a worker's chunk threw. */
  private failure(): Error {
    const text = String.fromCharCode(...this.words.subarray(word.error, word.error + this.words[word.errorLength]!));
    const [, name, message] = /^(\w+): ([^]*)$/.exec(text) ?? [];
    if (name === "RuntimeError") return new WebAssembly.RuntimeError(message);
    return name === "RangeError" ? new RangeError(message) : new Error(text);
  }

  /** Puts a module's bytes where workers find them: blocked in `Atomics.wait`, they receive no messages. */
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
        this.source = workerSource(this.host);
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

  /** Whether workers found that their host functions are not the caller's. */
  private unfit(): boolean {
    if (Atomics.load(this.words, word.unfit) === 0) return false;
    if (this.most > 0) this.giveUp("a host function uses more than its parameters, globals and other host functions");
    return true;
  }

  /** Goes on with the workers there are. */
  private giveUp(reason: unknown): void {
    this.most = Math.min(this.most, Math.max(0, Atomics.load(this.words, word.ready)));
    if (debug() > 0) console.error(`heddle cpu: ${this.most + 1} threads, as no more can be started: ${reason}`);
  }
}

/** Compiles generated modules and runs their work, split over threads. */
import type { MemoryImport } from "../../wasm/assembler.ts";
import { type Features, features } from "./features.ts";
import { Heap } from "./heap.ts";

/**
 * The function that a generated module exports as "run": does the items `begin` to `end - 1` of the work that `params` (an address)
 * describes, on thread number `thread`.
 */
export type Run = (params: number, begin: number, end: number, thread: number) => void;

/** A compiled module. */
export interface Entry {
  readonly id: number;
  readonly run: Run;
}

/** JavaScript functions that generated code may import from `env`, by name: float64 in, float64 out. */
export type HostFunctions = Readonly<Record<string, (...args: number[]) => number>>;

/** See the module's comment. */
export class Engine {
  readonly heap: Heap;
  readonly features: Features;
  /** Threads that take part, the calling one included. */
  readonly threads: number;
  private readonly host: HostFunctions;
  private entries = 0;

  constructor(host: HostFunctions, threads: number = 1) {
    this.features = features();
    this.heap = new Heap(this.features.sharedMemory);
    this.host = host;
    this.threads = threads;
  }

  /** What a generated module must declare as its memory. */
  get memoryImport(): MemoryImport {
    return { initial: 16, maximum: this.heap.maximumPages, shared: this.heap.shared };
  }

  /** Makes a module runnable on every thread. */
  compile(bytes: Uint8Array<ArrayBuffer>): Entry {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.heap.memory, ...this.host },
    });
    return { id: this.entries++, run: instance.exports.run as Run };
  }

  /**
   * Runs `count` items in chunks of `grain`, on as many threads as there are chunks for. The chunks depend on `count` and `grain`
   * alone, so that results never depend on the number of threads. Returns when all is done.
   *
   * @throws what a chunk threw.
   */
  parallel(entry: Entry, params: number, count: number, grain: number): void {
    for (let begin = 0; begin < count; begin += grain) entry.run(params, begin, Math.min(begin + grain, count), 0);
  }
}

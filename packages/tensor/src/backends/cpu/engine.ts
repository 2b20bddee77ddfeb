/** Compiles generated modules and runs their work, split over threads. */
import { poisonsMemory, threadCount } from "../../env.ts";
import { canBlock, hardwareConcurrency } from "../../runtime.ts";
import type { MemoryImport } from "../../wasm/assembler.ts";
import type { CompiledModule, HostFunctions, Run } from "./compiled_module.ts";
import { type Features, features } from "./features.ts";
import { Heap } from "./heap.ts";
import { runAlone, Threads } from "./threads.ts";

/** Threads that an engine has unless told otherwise: `HEDDLE_THREADS`, or as many as there are cores. */
export function defaultThreads(): number {
  return threadCount() || hardwareConcurrency();
}

// Ends the workers of an engine that was dropped without `close`.
const dropped = new FinalizationRegistry((pool: Threads) => pool.close());

/** Compiles generated modules and runs their work on the threads. */
export class Engine {
  readonly heap: Heap;
  readonly features: Features;
  /** Threads that may take part, the calling one included; `run` is given numbers below. */
  readonly threads: number;
  private readonly host: HostFunctions;
  private readonly pool: Threads | null;
  private entries = 0;

  constructor(host: HostFunctions, threads: number = 1) {
    this.features = features();
    this.heap = new Heap(this.features.sharedMemory, undefined, poisonsMemory());
    this.host = host;
    this.threads = this.features.sharedMemory && canBlock() ? threads : 1;
    this.pool = this.threads > 1 ? new Threads(this.heap, host, this.threads) : null;
    if (this.pool) dropped.register(this, this.pool, this.pool);
  }

  /** What a generated module must declare as its memory. */
  get memoryImport(): MemoryImport {
    return { initial: 16, maximum: this.heap.maximumPages, shared: this.heap.shared };
  }

  /** Makes a module runnable on every thread. It has no data segments and no start function, as each thread has its own instance. */
  compile(bytes: Uint8Array<ArrayBuffer>): CompiledModule {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.heap.memory, ...this.host },
    });
    return { id: this.entries++, run: instance.exports.run as Run, bytes };
  }

  /**
   * Runs `count` items in chunks of `grain`, on as many threads as there are chunks for. The chunks depend on `count` and `grain`
   * alone, so that results never depend on the number of threads; which thread does which chunk does. Returns when all is done.
   *
   * @throws what a chunk threw, when no thread works on the job any more. Other chunks may then have been done or not.
   */
  parallel(entry: CompiledModule, params: number, count: number, grain: number): void {
    if (!(grain >= 1)) throw new RangeError(`parallel: grain ${grain}; expected at least one item a chunk`);
    if (this.pool === null || count <= grain) runAlone(entry, params, count, grain);
    else this.pool.run(entry, params, count, grain);
  }

  /**
   * Starts the threads now, instead of when enough work has come by, and waits until they are up. Chromium starts the workers of a
   * worker only when that returns to its event loop: there call `ready(0)`, now and again, between turns of it.
   *
   * @param timeoutMs the longest wait in milliseconds
   * @returns whether all threads are up
   */
  ready(timeoutMs: number = 5000): boolean {
    return this.pool === null ? this.threads === 1 : this.pool.ready(timeoutMs);
  }

  /** Ends the workers. The engine can still be used, on one thread. */
  close(): void {
    if (this.pool === null) return;
    dropped.unregister(this.pool);
    this.pool.close();
  }
}

/** The engine of the CPU backend. */
import { poisonsMemory, threadCount } from "../../env.ts";
import { canBlock, hardwareConcurrency } from "../../runtime.ts";
import type { MemoryImport } from "../../wasm/assembler.ts";
import type { CompiledModule, HostFunctions, Run } from "./compiled_module.ts";
import { type Features, features } from "./features.ts";
import { Heap } from "./heap.ts";
import { runAlone, Threads } from "./threads.ts";

/** The default number of threads: `HEDDLE_THREADS`, or one per core. */
export function defaultThreads(): number {
  return threadCount() || hardwareConcurrency();
}

// Ends the workers of an engine that was garbage-collected without `close`.
const dropped = new FinalizationRegistry((pool: Threads) => pool.close());

/** Compiles generated modules and runs them on threads. */
export class Engine {
  readonly heap: Heap;
  readonly features: Features;
  /** The number of threads, including the calling one. `run` receives thread numbers below it. */
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

  /** The memory that generated modules must import. */
  get memoryImport(): MemoryImport {
    return { initial: 16, maximum: this.heap.maximumPages, shared: this.heap.shared };
  }

  /** Compiles a module for all threads. It must not have data segments or a start function, since each thread has its own instance. */
  compile(bytes: Uint8Array<ArrayBuffer>): CompiledModule {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.heap.memory, ...this.host },
    });
    return { id: this.entries++, run: instance.exports.run as Run, bytes };
  }

  /**
   * Runs `count` items in chunks of `grain`, on at most as many threads as there are chunks. The chunks depend on `count` and
   * `grain` only, so that results never depend on the number of threads, although the assignment of chunks to threads does. Returns
   * when all chunks are done.
   *
   * @throws the error of a chunk, after all threads have left the job. Other chunks may or may not have run.
   */
  parallel(entry: CompiledModule, params: number, count: number, grain: number): void {
    if (!(grain >= 1)) throw new RangeError(`parallel: grain ${grain}; expected at least one item per chunk`);
    if (this.pool === null || count <= grain) runAlone(entry, params, count, grain);
    else this.pool.run(entry, params, count, grain);
  }

  /**
   * Starts the threads now, instead of after enough work, and waits until they run. Chromium starts the workers of a worker only
   * when that worker returns to its event loop: there, call `ready(0)` repeatedly, in separate turns.
   *
   * @param timeoutMs the longest wait in milliseconds
   * @returns whether all threads run
   */
  ready(timeoutMs: number = 5000): boolean {
    return this.pool === null ? this.threads === 1 : this.pool.ready(timeoutMs);
  }

  /** Ends the workers. The engine still works, on one thread. */
  close(): void {
    if (this.pool === null) return;
    dropped.unregister(this.pool);
    this.pool.close();
  }
}

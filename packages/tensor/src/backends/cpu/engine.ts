/** The engine of the CPU backend. */
import { renderWasm } from "../../code/wasm.ts";
import { debug } from "../../engine/debug.ts";
import { poisonsMemory, threadCount } from "../../env.ts";
import { canBlock, hardwareConcurrency } from "../../runtime.ts";
import type { BuildModule, CompiledModule, CompileOptions, HostFunctions, Run } from "./compiled_module.ts";
import { type Features, features } from "./features.ts";
import { Heap } from "./heap.ts";
import { nativeCode, nativeRecord, nativeSlotBytes } from "./native_code.ts";
import { runAlone, Threads } from "./threads/threads.ts";

/** The default number of threads: `HEDDLE_THREADS`, or one per core. */
export function defaultThreads(): number {
  return threadCount() || hardwareConcurrency();
}

// Ends the workers of an engine that was garbage-collected without `close`.
const dropped = new FinalizationRegistry((pool: Threads) => pool.close());

/** A compiled module, as the engine sees it. */
interface Entry extends CompiledModule {
  readonly build: BuildModule;
  vectorBytes: number;
  tiles: boolean;
  id: number;
  run: Run;
  bytes: Uint8Array<ArrayBuffer>;
  settle: ((complete: boolean) => void) | null;
  runs: number;
  /** Whether it is native, or stays WebAssembly. */
  settled: boolean;
  /** Whether it changes only in {@link Engine.refresh}. */
  readonly keeps: boolean;
  /** Whether it uses tiles if there are any. */
  readonly wantsTiles: boolean;
}

const none = new Uint8Array();
const unused: Run = () => {};

/** Compiles generated modules and runs them on threads. */
export class Engine {
  readonly heap: Heap;
  readonly features: Features;
  /** The number of threads, including the calling one. `run` receives thread numbers below it. */
  readonly threads: number;
  private readonly host: HostFunctions;
  private readonly pool: Threads | null;
  private entries = 0;
  /** The address of the parameters of native functions, by thread. */
  private slots: number | null = null;

  constructor(host: HostFunctions, threads: number = 1) {
    this.features = features();
    this.heap = new Heap(this.features.sharedMemory, undefined, poisonsMemory());
    nativeCode()?.prepare({ memory: this.heap.memory, maximumPages: this.heap.memoryPages });
    this.host = host;
    this.threads = this.features.sharedMemory && canBlock() ? threads : 1;
    this.pool = this.threads > 1 ? new Threads(this.heap, host, this.threads) : null;
    if (this.pool) dropped.register(this, this.pool, this.pool);
  }

  /**
   * Compiles a module for all threads. It begins as WebAssembly, unless native code would round differently, and becomes native
   * after a few runs, if a package of native code is in use and can compile it. `build` is called for each target.
   */
  compile(key: string, build: BuildModule, { keeps = false, tiles = false }: CompileOptions = {}): CompiledModule {
    const begin = {
      vectorBytes: 16,
      tiles: false,
      id: -1,
      run: unused,
      bytes: none,
      settle: null,
      runs: 0,
      settled: false,
    };
    const entry: Entry = { key, build, keeps, wantsTiles: tiles, ...begin };
    const native = nativeCode();
    // Native code always fuses multiplications and additions, and tiles sum in an order of their own. A later change would change results.
    if (native !== null && (native.afterRuns === 0 || !this.features.relaxedMadd || tiles && native.tiles())) {
      this.toNative(entry);
    }
    if (entry.id < 0) this.toWasm(entry);
    return entry;
  }

  /** Lets a module become native, if it has run often enough. */
  refresh(compiled: CompiledModule): void {
    const entry = compiled as Entry;
    const native = nativeCode();
    if (!entry.settled && native !== null && entry.runs >= native.afterRuns) this.toNative(entry);
  }

  private toWasm(entry: Entry): void {
    const { heap } = this;
    const bytes = renderWasm(entry.build(16, false), { initial: 16, maximum: heap.memoryPages, shared: heap.shared });
    if (debug() >= 4) console.error(`heddle cpu compiled ${entry.key} to ${bytes.length} bytes`);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: heap.memory, ...this.host },
    });
    entry.id = this.entries++;
    entry.run = instance.exports.run as Run;
    entry.bytes = bytes;
  }

  private toNative(entry: Entry): void {
    entry.settled = true;
    const native = nativeCode()!;
    if (this.pool !== null && !this.pool.takesNative(native)) return;
    if (this.slots === null) {
      const bytes = nativeSlotBytes * this.threads;
      try {
        this.slots = this.heap.alloc(bytes);
      } catch {
        return; // memory is used up; WebAssembly needs no more
      }
      // What an earlier owner left there would look like a run that waits for a function.
      this.heap.bytes.fill(0, this.slots, this.slots + bytes);
    }
    const { vectorBytes } = native.target;
    const tiles = entry.wantsTiles && native.tiles();
    const compiled = native.compile(entry.build(vectorBytes, tiles), entry.key, {
      memory: this.heap.memory,
      maximumPages: this.heap.memoryPages,
    }, this.slots);
    if (compiled === null) return;
    entry.id = this.entries++;
    entry.run = compiled.run;
    entry.bytes = nativeRecord(compiled.address, this.slots, entry.key);
    const { slots, threads } = this;
    entry.settle = (complete) => {
      for (let thread = 1; thread < threads; thread++) compiled.settle(slots + nativeSlotBytes * thread, complete);
    };
    entry.vectorBytes = vectorBytes;
    entry.tiles = tiles;
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
    const counted = entry as Entry;
    if (counted.settled || nativeCode() === null) return;
    counted.runs++;
    if (!counted.keeps) this.refresh(counted);
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

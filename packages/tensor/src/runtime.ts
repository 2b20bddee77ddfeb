/** The one file that knows in which runtime it is. */

interface ProcessLike {
  readonly env?: Record<string, string | undefined>;
  readonly versions?: Record<string, string | undefined>;
  /** A built-in module without an import, which browsers could not resolve (Node from 20.16 on, Deno, Bun). */
  readonly getBuiltinModule?: (name: string) => unknown;
}

/** An environment variable, or undefined where there is none or the runtime does not let us read it. */
export function environmentVariable(name: string): string | undefined {
  try {
    return (globalThis as { process?: ProcessLike }).process?.env?.[name];
  } catch {
    return undefined; // Deno without --allow-env
  }
}

/** What `console.log` looks up to print an object: Node and Bun share a registered symbol, Deno has its own. */
export const inspectNode: symbol = Symbol.for("nodejs.util.inspect.custom");
/** See {@link inspectNode}. */
export const inspectDeno: symbol = Symbol.for("Deno.customInspect");

/** Makes `console.log` of Node, Bun and Deno print objects of a class as their `toString` does. */
export function printOnConsole(prototype: { toString(): string }): void {
  for (const symbol of [inspectNode, inspectDeno]) {
    Object.defineProperty(prototype, symbol, {
      value(this: { toString(): string }): string {
        return this.toString();
      },
    });
  }
}

// Browsers without explicit resource management still get scopes through `end()` and through compiled `using`.
if (Symbol.dispose === undefined) Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });

/** How many threads run at once here. */
export function hardwareConcurrency(): number {
  const known = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency;
  if (known !== undefined) return Math.max(1, known);
  try {
    // Node 20 has no navigator.
    const os = builtin<{ availableParallelism(): number }>("node:os");
    return Math.max(1, os?.availableParallelism() ?? 1);
  } catch {
    return 1;
  }
}

function builtin<T>(name: string): T | undefined {
  return (globalThis as { process?: ProcessLike }).process?.getBuiltinModule?.(name) as T | undefined;
}

/** Whether this thread may wait in `Atomics.wait`: all but the main thread of a browser may. */
export function canBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

interface NodeWorker {
  unref(): void;
  on(event: "error", listener: (error: unknown) => void): void;
}

interface NodeWorkers {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

/** Bun's `unref` is the one thing that a browser's worker has not. */
type WebWorker = Worker & { unref?: () => void };

/**
 * Starts a worker that never keeps the process alive, on the body of a function of `data`. The worker ends when the body does.
 * What is returned is to be held while the worker is needed: runtimes may collect a worker that nobody holds.
 *
 * @throws whatever a runtime throws that does not allow it; what goes wrong later is told to `failed`.
 */
export function startWorker(body: string, data: object, failed: (reason: unknown) => void): object {
  // Deno's Web Worker keeps the process alive and cannot be told not to; its worker of Node's kind can, and starts in 40 ms, which
  // the caller has to wait for. Bun starts both kinds, the Web Worker in 1 ms rather than 12.
  const bun = (globalThis as { process?: ProcessLike }).process?.versions?.bun !== undefined;
  const workers = bun ? undefined : builtin<NodeWorkers>("node:worker_threads");
  if (workers) {
    const worker = new workers.Worker(`(function (data) {${body}\n})(require("node:worker_threads").workerData)`, {
      eval: true,
      workerData: data,
      execArgv: [], // not the loaders and inspectors of the program
      name: "heddle",
    });
    worker.on("error", failed);
    worker.unref();
    return worker;
  }
  const source = `globalThis.onmessage = (event) => {
    globalThis.onmessage = null;
    URL.revokeObjectURL(event.data.url);
    (function (data) {${body}\n})(event.data.data);
    globalThis.close?.(); // Bun's ends by itself
  };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "heddle" }) as WebWorker;
  worker.onerror = (event) => {
    event.preventDefault();
    failed(event.message);
  };
  worker.postMessage({ data, url });
  worker.unref?.();
  return worker;
}

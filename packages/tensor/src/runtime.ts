/** Everything that depends on the JavaScript runtime. */

interface ProcessLike {
  readonly env?: Record<string, string | undefined>;
  readonly versions?: Record<string, string | undefined>;
  /** A built-in module without an import, which browsers could not resolve (Node from 20.16 on, Deno, Bun). */
  readonly getBuiltinModule?: (name: string) => unknown;
}

/** A permission of Deno. */
export type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "sys"; readonly kind: "homedir" | "hostname" }
  | { readonly name: "run" }
  | { readonly name: "read" | "write"; readonly path: string };

interface DenoLike {
  readonly permissions: { querySync(permission: Permission): { readonly state: string } };
}

/** Whether the runtime allows this without asking. Only Deno asks; on a terminal it stops the program for that. */
export function isGranted(permission: Permission): boolean {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoLike };
  return deno === undefined || deno.permissions.querySync(permission).state === "granted";
}

/** An environment variable, or undefined if it is not set or the runtime does not allow reading it. Never asks for a permission. */
export function environmentVariable(name: string): string | undefined {
  try {
    if (!isGranted({ name: "env", variable: name })) return;
    return (globalThis as { process?: ProcessLike }).process?.env?.[name];
  } catch {
    return undefined;
  }
}

/** The method that `console.log` calls to print an object in Node and Bun. */
export const inspectNode: symbol = Symbol.for("nodejs.util.inspect.custom");
/** The method that `console.log` calls to print an object in Deno. */
export const inspectDeno: symbol = Symbol.for("Deno.customInspect");

/** Makes `console.log` in Node, Bun and Deno print the objects of a class with their `toString`. */
export function printOnConsole(prototype: { toString(): string }): void {
  for (const symbol of [inspectNode, inspectDeno]) {
    Object.defineProperty(prototype, symbol, {
      value(this: { toString(): string }): string {
        return this.toString();
      },
    });
  }
}

// For browsers without explicit resource management: there scopes work through `end()`, and through `using` that was compiled away.
if (Symbol.dispose === undefined) Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });

/** The number of threads that can run at once. */
export function hardwareConcurrency(): number {
  const known = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency;
  if (known !== undefined) return Math.max(1, known);
  try {
    // Node 20 has no navigator.
    const os = builtinModule<{ availableParallelism(): number }>("node:os");
    return Math.max(1, os?.availableParallelism() ?? 1);
  } catch {
    return 1;
  }
}

/** One of Node's modules, such as `node:fs`, without an import, which browsers could not resolve; undefined where there is none. */
export function builtinModule<T>(name: string): T | undefined {
  return (globalThis as { process?: ProcessLike }).process?.getBuiltinModule?.(name) as T | undefined;
}

/** Whether this thread may block in `Atomics.wait`. Only the main thread of a browser may not. */
export function canBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

// Read when the module loads, so that fake timers in tests do not affect it.
const immediate = (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate;

/**
 * Resolves in the next turn of the event loop, after pending tasks such as finalizers had a chance to run. Microtasks do not end
 * a turn.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) return void immediate(resolve);
    // Nested timers in browsers wait 4 ms.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * Makes the JavaScript engine collect garbage, even if its own heap is small. There is no standard call for that. Bun has a module.
 * V8 (Node, Deno, Chrome) collects all it can before it rejects an allocation, in 13 ms when little is alive. Other engines collect
 * when much memory was requested; that memory is never written here.
 */
export function collectGarbage(): void {
  const bun = builtinModule<{ fullGC?: () => void }>("bun:jsc");
  if (bun?.fullGC !== undefined) return bun.fullGC();
  try {
    new ArrayBuffer(2 ** 42);
  } catch { /* expected */ }
  if ((globalThis as { process?: ProcessLike }).process?.versions?.v8 !== undefined) return;
  try {
    for (let i = 0; i < 4; i++) new ArrayBuffer(2 ** 26);
  } catch { /* the system may be short of memory */ }
}

interface NodeWorker {
  unref(): void;
  on(event: "error", listener: (error: unknown) => void): void;
}

interface NodeWorkers {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

/** A worker. Only Bun's has `unref`. */
type WebWorker = Worker & { unref?: () => void };

/**
 * Starts a worker that never keeps the process alive. It runs `body`, the body of a function of `data`, and ends with it. Keep the
 * returned object while the worker is needed: runtimes may collect a worker without references.
 *
 * @throws the runtime's error if it does not allow workers. Later errors are passed to `failed`.
 */
export function startWorker(body: string, data: object, failed: (reason: unknown) => void): object {
  // A Web Worker in Deno always keeps the process alive. A worker of `node:worker_threads` does not have to; it starts in 40 ms,
  // which the caller has to wait for. Bun has both kinds, and starts the Web Worker in 1 ms, the other in 12.
  const bun = (globalThis as { process?: ProcessLike }).process?.versions?.bun !== undefined;
  const workers = bun ? undefined : builtinModule<NodeWorkers>("node:worker_threads");
  if (workers) {
    const worker = new workers.Worker(`(function (data) {${body}\n})(require("node:worker_threads").workerData)`, {
      eval: true,
      workerData: data,
      execArgv: [], // without the program's loaders and inspector
      env: {}, // workers read none, and to copy it Deno would ask the user for the permission
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
    globalThis.close?.(); // Bun's worker ends by itself
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

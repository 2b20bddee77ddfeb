import { checkOptions } from "@heddle/tensor/engine";
import type { Worker } from "node:worker_threads";
import { node } from "../node.ts";
import { checkPositive } from "../samplers/sampler.ts";
import type { BatchStream } from "./batch_stream.ts";
import type { Packed } from "./packed_batch.ts";

/** How batches are prepared in workers; see `LoaderOptions.workers`. */
export interface WorkerOptions {
  /** URL of the module that creates the data set, as a string or a `URL`, such as `new URL("./pets.ts", import.meta.url)`. */
  module: string | { readonly href: string };
  /** Its export: the data set, or a function of `argument` that returns it, perhaps as a promise (default "default"). */
  export?: string;
  /** The function's argument. It is copied, so it may contain plain data and typed arrays, but no functions. */
  argument?: unknown;
  /** How many workers (default 1). Each has its own data set in memory. */
  count?: number;
  /** Batches that each worker prepares ahead (default 2). */
  prefetch?: number;
}

/** The data that a worker starts with. */
export interface WorkerSetup {
  readonly module: string;
  readonly exported: string;
  readonly argument: unknown;
}

/** A request to a worker. */
export interface WorkerRequest {
  readonly id: number;
  readonly indices: readonly number[];
  readonly stream: BatchStream;
  /** Whether a collated batch is wanted, or samples. */
  readonly whole: boolean;
}

/** A message from a worker: that it is ready and how many samples it has, a batch, or an error. */
export type WorkerAnswer =
  | { readonly ready: number }
  | { readonly id: number; readonly packed: Packed }
  | { readonly id?: number; readonly failed: string };

interface Waiting {
  readonly resolve: (packed: Packed) => void;
  readonly reject: (error: Error) => void;
  readonly request: Omit<WorkerRequest, "id">;
  readonly member: Member;
}

/** A worker and its requests. */
interface Member {
  readonly worker: Worker;
  /** Requests sent to it; null until it is ready, when waiting requests are sent. */
  unsent: WorkerRequest[] | null;
  load: number;
}

/**
 * Workers that load batches. They start with the first request and stay for later epochs; they never keep the process alive,
 * and end with `close` or with the process.
 */
export class WorkerPool {
  /** How many batches to request ahead. */
  readonly ahead: number;
  private readonly count: number;
  private readonly setup: WorkerSetup;
  private readonly length: number;
  private members: Member[] | null = null;
  private readonly waiting: Map<number, Waiting> = new Map();
  private requests: number = 0;

  /**
   * @param length expected number of samples
   * @throws for unknown options and numbers out of range
   */
  constructor(options: WorkerOptions, length: number) {
    checkOptions("DataLoader: workers", options, ["module", "export", "argument", "count", "prefetch"]);
    const { module, count = 1, prefetch = 2, argument } = options;
    checkPositive("DataLoader", "workers.count", count);
    checkPositive("DataLoader", "workers.prefetch", prefetch);
    const address = typeof module === "string" ? module : String(module?.href);
    if (!URL.canParse(address)) {
      throw new Error(
        `DataLoader: workers.module must be a URL such as new URL("./pets.ts", import.meta.url), got "${address}".`,
      );
    }
    this.count = count;
    this.ahead = count * prefetch;
    this.setup = { module: address, exported: options.export ?? "default", argument };
    this.length = length;
  }

  /** Loads a batch in the worker with the fewest requests. */
  request(request: Omit<WorkerRequest, "id">): Promise<Packed> {
    const members = this.members ??= Array.from({ length: this.count }, () => this.start());
    const member = members.reduce((least, other) => other.load < least.load ? other : least);
    const id = this.requests++;
    member.load++;
    const promise = new Promise<Packed>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, request, member });
    });
    // A batch requested ahead may fail before anyone awaits it.
    promise.catch(() => {});
    if (member.unsent === null) member.worker.postMessage({ ...request, id } satisfies WorkerRequest);
    else member.unsent.push({ ...request, id });
    return promise;
  }

  /** Ends the workers; their pending requests fail. The next request starts new ones. */
  close(reason: Error = new Error("DataLoader: the workers were closed.")): void {
    const members = this.members ?? [];
    this.members = null;
    for (const { worker } of members) {
      worker.removeAllListeners();
      worker.on("error", () => {}); // termination
      void worker.terminate();
    }
    for (const { reject } of this.waiting.values()) reject(reason);
    this.waiting.clear();
  }

  private start(): Member {
    const worker = startWorker(this.setup);
    const member: Member = { worker, unsent: [], load: 0 };
    const broken = (what: string): void => this.close(new Error(`DataLoader: ${what}`));
    worker.on("message", (answer: WorkerAnswer) => {
      if ("ready" in answer) {
        if (answer.ready !== this.length) {
          return broken(
            `the data set of the workers has ${answer.ready} samples, the loader's ${this.length}; make both of the ` +
              `same ("${this.setup.exported}" of ${this.setup.module}).`,
          );
        }
        for (const request of member.unsent ?? []) worker.postMessage(request);
        member.unsent = null;
      } else if (answer.id === undefined) {
        broken(
          `a worker could not make its data set from ${this.setup.module}: ${(answer as { failed: string }).failed}`,
        );
      } else this.settle(answer.id, answer);
    });
    worker.on("error", (error: unknown) => {
      broken(`a worker failed: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.on("exit", (code) => broken(`a worker ended by itself, with code ${code}.`));
    // After adding the listener, since on Node that makes the port keep the process alive again.
    worker.unref();
    return member;
  }

  private settle(id: number, answer: { readonly packed: Packed } | { readonly failed: string }): void {
    const found = this.waiting.get(id);
    if (found === undefined) return;
    this.waiting.delete(id);
    found.member.load--;
    if ("packed" in answer) return found.resolve(answer.packed);
    const { indices, stream } = found.request;
    const some = indices.slice(0, 5).join(", ") + (indices.length > 5 ? `, … (${indices.length} in all)` : "");
    found.reject(
      new Error(`DataLoader: batch ${stream.batch} (samples ${some}) could not be loaded: ${answer.failed}`),
    );
  }
}

/** Starts a worker. */
function startWorker(setup: WorkerSetup): Worker {
  const { Worker } = node.workers;
  // The file beside this one, in TypeScript as in the sources or in JavaScript as published.
  const entry = new URL(import.meta.url.replace(/worker_pool(\.[jt]s)[^/]*$/, "worker_entry$1")).href;
  // Several engines with all cores each would compete for them.
  const env = { ...node.process.env, HEDDLE_THREADS: "1" };
  const loader = tsxOf(node.process);
  const options = { workerData: setup, env, name: "heddle-data" };
  if (loader === null) return new Worker(new URL(entry), options);
  const source = `import(${JSON.stringify(loader)}).then(({ register }) => (register(), import(${
    JSON.stringify(entry)
  })))`;
  return new Worker(source, { ...options, eval: true });
}

/** Whether Node runs TypeScript through tsx, which workers must load again; null elsewhere. */
function tsxOf({ versions, execArgv }: NodeJS.Process): string | null {
  if ("deno" in versions || "bun" in versions) return null;
  const loader = execArgv.find((argument) => argument === "tsx" || /\/tsx\/dist\/loader\.mjs$/.test(argument));
  if (loader === undefined) return null;
  return loader === "tsx" ? "tsx/esm/api" : loader.replace(/loader\.mjs$/, "esm/api/index.mjs");
}

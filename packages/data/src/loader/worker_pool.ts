import { checkOptions } from "@heddle/tensor/engine";
import type { Worker } from "node:worker_threads";
import { node } from "../node.ts";
import { checkPositive } from "../samplers/sampler.ts";
import { type BatchStream, workerSeed } from "./batch_stream.ts";
import type { Packed } from "./packed_batch.ts";
import type { WorkerInfo } from "./worker_info.ts";

/** How batches are prepared in workers; see `LoaderOptions.workers`. */
export interface WorkerOptions {
  /** URL of the module that creates the data set, as a string or a `URL`, such as `new URL("./pets.ts", import.meta.url)`. */
  module: string | { readonly href: string };
  /** Its export: the data set, or a function of `argument` that returns it, perhaps as a promise (default "default"). */
  export?: string;
  /** The function's argument. It is copied, so it may contain plain data and typed arrays, but no functions. */
  argument?: unknown;
  /** How many workers (default 1). Each has its own data set in memory; see `getWorkerInfo` for iterable ones. */
  count?: number;
  /** Batches that each worker prepares ahead (default 2). */
  prefetch?: number;
}

/** The data that a worker starts with. */
export interface WorkerSetup {
  readonly module: string;
  readonly exported: string;
  readonly argument: unknown;
  /** What it learns from `getWorkerInfo` while it makes its data set. */
  readonly info: WorkerInfo;
}

/** A batch by the indices of its samples. */
export interface IndexedBatch {
  readonly indices: readonly number[];
  readonly stream: BatchStream;
  /** Whether a collated batch is wanted, or samples. */
  readonly whole: boolean;
}

/** The next batch of an iterable data set. */
export interface NextBatch {
  /** One iteration of a worker's data set; iterations with different numbers are independent. */
  readonly next: {
    readonly epoch: number;
    readonly seed: number;
    readonly batchSize: number;
    readonly dropLast: boolean;
  };
  readonly worker: number;
  readonly whole: boolean;
}

/** A request to a worker: for a batch, or to end an iteration. */
export type WorkerRequest = ((IndexedBatch | NextBatch) & { readonly id: number }) | { readonly end: number };

/**
 * A message from a worker: that it is ready and how many samples it has (null: its data set is iterable), a batch (null
 * after the last one of an iterable data set), or an error.
 */
export type WorkerAnswer =
  | { readonly ready: number | null }
  | { readonly id: number; readonly packed: Packed | null }
  | { readonly id?: number; readonly failed: string };

interface Waiting {
  readonly resolve: (packed: Packed | null) => void;
  readonly reject: (error: Error) => void;
  readonly request: IndexedBatch | NextBatch;
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
  /** How many workers there are. */
  readonly count: number;
  /** How many batches to request ahead of each. */
  readonly prefetch: number;
  private readonly setup: Omit<WorkerSetup, "info">;
  private readonly length: number | null;
  private members: Member[] | null = null;
  private readonly waiting: Map<number, Waiting> = new Map();
  private requests: number = 0;
  private streams: number = 0;

  /**
   * @param length expected number of samples; null for an iterable data set
   * @throws for unknown options and numbers out of range
   */
  constructor(options: WorkerOptions, length: number | null) {
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
    this.prefetch = prefetch;
    this.setup = { module: address, exported: options.export ?? "default", argument };
    this.length = length;
  }

  /**
   * Loads a batch: by indices in the worker with the fewest requests, else the next one of a given worker. Null after
   * that worker's last.
   */
  request(request: IndexedBatch | NextBatch): Promise<Packed | null> {
    const { seed } = "next" in request ? request.next : request.stream;
    const members = this.members ??= Array.from({ length: this.count }, (_, id) => this.start(id, seed));
    const member = "next" in request
      ? members[request.worker]!
      : members.reduce((least, other) => other.load < least.load ? other : least);
    const id = this.requests++;
    member.load++;
    const promise = new Promise<Packed | null>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, request, member });
    });
    // A batch requested ahead may fail before anyone awaits it.
    promise.catch(() => {});
    send(member, { ...request, id });
    return promise;
  }

  /** The number of a new iteration. */
  newStream(): number {
    return this.streams++;
  }

  /** Ends an iteration in all workers. */
  endStream(epoch: number): void {
    for (const member of this.members ?? []) send(member, { end: epoch });
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

  private start(id: number, seed: number): Member {
    const info = { id, numWorkers: this.count, seed: workerSeed(seed, id) };
    const worker = startWorker({ ...this.setup, info });
    const member: Member = { worker, unsent: [], load: 0 };
    const broken = (what: string): void => this.close(new Error(`DataLoader: ${what}`));
    worker.on("message", (answer: WorkerAnswer) => {
      if ("ready" in answer) {
        if (answer.ready !== this.length) {
          return broken(
            `the data set of the workers ${showLength(answer.ready)}, that of the loader ${showLength(this.length)}; ` +
              `both must be the same ("${this.setup.exported}" of ${this.setup.module}).`,
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

  private settle(id: number, answer: { readonly packed: Packed | null } | { readonly failed: string }): void {
    const found = this.waiting.get(id);
    if (found === undefined) return;
    this.waiting.delete(id);
    found.member.load--;
    if ("packed" in answer) return found.resolve(answer.packed);
    found.reject(new Error(`DataLoader: ${showBatch(found.request)} could not be loaded: ${answer.failed}`));
  }
}

function send({ worker, unsent }: Member, request: WorkerRequest): void {
  if (unsent === null) worker.postMessage(request);
  else unsent.push(request);
}

function showLength(length: number | null): string {
  return length === null ? "is iterable" : `has ${length} samples`;
}

function showBatch(request: IndexedBatch | NextBatch): string {
  if ("next" in request) return `a batch of worker ${request.worker}`;
  const { indices, stream } = request;
  const some = indices.slice(0, 5).join(", ") + (indices.length > 5 ? `, … (${indices.length} in all)` : "");
  return `batch ${stream.batch} (samples ${some})`;
}

/** Starts a worker. */
function startWorker(setup: WorkerSetup): Worker {
  const { Worker } = node.workers;
  // The file beside this one, in TypeScript as in the sources or in JavaScript as published.
  const entry = new URL(import.meta.url.replace(/worker_pool(\.[jt]s)[^/]*$/, "worker_entry$1")).href;
  const loader = tsxOf(node.process);
  const options = { workerData: setup, name: "heddle-data" };
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

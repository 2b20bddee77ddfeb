/** Runs in a worker of a loader: creates the data set, and handles requests for batches one after the other. */
import { fixThreads, reclaiming } from "@heddle/tensor/engine";
import { parentPort, workerData } from "node:worker_threads";
import type { Dataset, IterableDataset } from "../datasets/dataset.ts";
import { BatchLease } from "./batch_lease.ts";
import { generatorOf, workerSeed } from "./batch_stream.ts";
import { defaultCollate } from "./collate.ts";
import { mappedOf } from "./dataset_kind.ts";
import { pack } from "./packed_batch.ts";
import { setWorkerInfo } from "./worker_info.ts";
import type { IndexedBatch, NextBatch, WorkerAnswer, WorkerRequest, WorkerSetup } from "./worker_pool.ts";

const port = parentPort!;
const { module, exported, argument, info } = workerData as WorkerSetup;
setWorkerInfo(info);
fixThreads(1); // several engines with all cores each would compete for them

/** An iteration over an iterable data set. */
interface Iteration {
  readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  /** Samples taken so far. */
  taken: number;
  ended: boolean;
}
const iterations = new Map<number, Iteration>();

try {
  let dataset = await makeDataset();
  const mapped = mappedOf(dataset);
  let fresh = true;
  const iterate = async (): Promise<Iteration> => {
    // An iterator, such as a generator, can be walked through once.
    if (!fresh && isIterator(dataset)) dataset = await makeDataset();
    fresh = false;
    const iterable = dataset as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    const iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]!();
    return { iterator, taken: 0, ended: false };
  };
  // One at a time, in order of arrival.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: WorkerRequest) => {
    last = last.then(() => {
      if ("end" in request) return end(request.end);
      return answer(request.id, "next" in request ? nextBatch(request, iterate) : indexedBatch(mapped!, request));
    });
  });
  port.postMessage({ ready: mapped?.length ?? null } satisfies WorkerAnswer);
} catch (error) {
  port.postMessage({ failed: messageOf(error) } satisfies WorkerAnswer);
}

async function makeDataset(): Promise<Dataset | IterableDataset> {
  const found = (await import(module))[exported] as unknown;
  if (found === undefined) throw new Error(`there is no export "${exported}"`);
  const dataset = await (typeof found === "function" ? found(argument) : found) as Dataset | IterableDataset;
  try {
    mappedOf(dataset);
  } catch {
    throw new Error(`the export "${exported}" is not a data set, nor a function that returns one`);
  }
  return dataset;
}

/** Whether it is the iterator that it returns. */
function isIterator(dataset: Dataset | IterableDataset): boolean {
  return "next" in dataset && typeof dataset.next === "function";
}

/** Makes a batch, given memory for its tensors; null where there is none. */
type MakeBatch = (lease: BatchLease) => Promise<{ readonly result: unknown } | null>;

async function answer(id: number, make: MakeBatch): Promise<void> {
  const lease = new BatchLease();
  try {
    const made = await make(lease);
    const transfer: ArrayBuffer[] = [];
    const packed = made === null ? null : pack(made.result, transfer);
    port.postMessage({ id, packed } satisfies WorkerAnswer, transfer);
  } catch (error) {
    port.postMessage({ id, failed: messageOf(error) } satisfies WorkerAnswer);
  } finally {
    lease.free();
  }
  // Samples that an iterable data set creates belong to no scope.
  const turn = reclaiming();
  if (turn !== null) await turn;
}

function indexedBatch(dataset: Dataset, { indices, stream, whole }: IndexedBatch): MakeBatch {
  return async (lease) => {
    // The error names the sample that failed.
    const sample = async (index: number, place: number): Promise<unknown> => {
      try {
        return await dataset.get(index, generatorOf(stream, place));
      } catch (error) {
        throw new Error(`sample ${index}: ${messageOf(error)}`);
      }
    };
    if (whole && dataset.getBatch !== undefined) {
      try {
        return { result: await lease.run(() => dataset.getBatch!(indices, generatorOf(stream))) };
      } catch (error) {
        // Read alone, the faulty sample fails again, and the error gives its index.
        for (const [place, index] of indices.entries()) await lease.run(() => sample(index, place));
        throw error;
      }
    }
    const samples = await Promise.all(lease.run(() => indices.map(sample)));
    return { result: whole ? lease.run(() => defaultCollate(samples)) : samples };
  };
}

function nextBatch({ next, whole }: NextBatch, iterate: () => Promise<Iteration>): MakeBatch {
  return async (lease) => {
    let iteration = iterations.get(next.epoch);
    if (iteration === undefined) {
      setWorkerInfo({ ...info, seed: workerSeed(next.seed, info.id) });
      iteration = await iterate();
      iterations.set(next.epoch, iteration);
    }
    const samples: unknown[] = [];
    while (samples.length < next.batchSize && !iteration.ended) {
      try {
        const step = await iteration.iterator.next();
        if (step.done) iteration.ended = true;
        else {
          // An iterable of promises is awaited too, as by "for await".
          samples.push(await step.value);
          iteration.taken++;
        }
      } catch (error) {
        iteration.ended = true;
        throw new Error(`sample ${iteration.taken}: ${messageOf(error)}`);
      }
    }
    if (samples.length === 0 || (next.dropLast && samples.length < next.batchSize)) return null;
    return { result: whole ? lease.run(() => defaultCollate(samples)) : samples };
  };
}

/** Ends an iteration, which lets a generator close its files. */
async function end(epoch: number): Promise<void> {
  const iteration = iterations.get(epoch);
  iterations.delete(epoch);
  try {
    if (iteration?.ended === false) await iteration.iterator.return?.();
  } catch {
    // Nobody waits for it.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

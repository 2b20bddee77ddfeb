/** Runs in a worker of a loader: creates the data set, and handles requests for batches one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { Dataset } from "../datasets/dataset.ts";
import { BatchLease } from "./batch_lease.ts";
import { generatorOf } from "./batch_stream.ts";
import { defaultCollate } from "./collate.ts";
import { pack } from "./packed_batch.ts";
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from "./worker_pool.ts";

const port = parentPort!;
const { module, exported, argument } = workerData as WorkerSetup;

try {
  const dataset = await makeDataset();
  // One at a time, in order of arrival.
  let last: Promise<void> = Promise.resolve();
  port.on("message", (request: WorkerRequest) => {
    last = last.then(() => answer(dataset, request));
  });
  port.postMessage({ ready: dataset.length } satisfies WorkerAnswer);
} catch (error) {
  port.postMessage({ failed: messageOf(error) } satisfies WorkerAnswer);
}

async function makeDataset(): Promise<Dataset> {
  const found = (await import(module))[exported] as unknown;
  if (found === undefined) throw new Error(`there is no export "${exported}"`);
  const dataset = await (typeof found === "function" ? found(argument) : found) as Dataset;
  if (typeof dataset?.get === "function" && Number.isInteger(dataset.length)) return dataset;
  throw new Error(`the export "${exported}" is not a data set by index, nor a function that returns one`);
}

async function answer(dataset: Dataset, { id, indices, stream, whole }: WorkerRequest): Promise<void> {
  const lease = new BatchLease();
  // The error names the sample that failed.
  const sample = async (index: number, place: number): Promise<unknown> => {
    try {
      return await dataset.get(index, generatorOf(stream, place));
    } catch (error) {
      throw new Error(`sample ${index}: ${messageOf(error)}`);
    }
  };
  try {
    let result: unknown;
    if (whole && dataset.getBatch !== undefined) {
      try {
        result = await lease.run(() => dataset.getBatch!(indices, generatorOf(stream)));
      } catch (error) {
        // Read alone, the faulty sample fails again, and the error gives its index.
        for (const [place, index] of indices.entries()) await lease.run(() => sample(index, place));
        throw error;
      }
    } else {
      const samples = await Promise.all(lease.run(() => indices.map(sample)));
      result = whole ? lease.run(() => defaultCollate(samples)) : samples;
    }
    const transfer: ArrayBuffer[] = [];
    const packed = pack(result, transfer);
    port.postMessage({ id, packed } satisfies WorkerAnswer, transfer);
  } catch (error) {
    port.postMessage({ id, failed: messageOf(error) } satisfies WorkerAnswer);
  } finally {
    lease.free();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

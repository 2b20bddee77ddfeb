import type { Generator } from "@heddle/tensor";
import type { Dataset } from "../datasets/dataset.ts";
import { BatchSampler } from "../samplers/batch_sampler.ts";
import { RandomSampler, SequentialSampler } from "../samplers/index_samplers.ts";
import type { Sampler } from "../samplers/sampler.ts";
import type { WorkerOptions } from "./worker_pool.ts";

/** Options of `DataLoader`. */
export interface LoaderOptions<S, B> {
  /** Samples in a batch (default 1). */
  batchSize?: number;
  /** Whether every epoch has a new random order (default false). */
  shuffle?: boolean;
  /** Which samples, in which order; instead of `shuffle`. */
  sampler?: Sampler;
  /** Which samples together; instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Sampler<number[]>;
  /** Whether to leave out a last batch that is smaller than the others (default false). */
  dropLast?: boolean;
  /** Makes a batch from samples (default `defaultCollate`, or the data set's `getBatch`). */
  collate?: (samples: S[]) => B;
  /** Decides the order of `shuffle`, and what random transforms draw; by default tensor's default generator. */
  generator?: Generator;
  /**
   * Lets other threads prepare batches ahead; they create the data set from a module, and the loader is then read with
   * `for await`. Batches are the same as without workers, in the same order. On Deno, Bun and Node.
   *
   * Of an iterable data set every worker reads its own, from which `getWorkerInfo` should select a part, and makes
   * batches of it; the loader takes one of each worker in turn.
   */
  workers?: WorkerOptions;
}

/** Their names. */
export const LOADER_OPTIONS = [
  "batchSize",
  "shuffle",
  "sampler",
  "batchSampler",
  "dropLast",
  "collate",
  "generator",
  "workers",
] as const;

/** The batch sampler that the options describe; null for an iterable data set. @throws for options that exclude each other */
export function chooseBatchSampler<T, B>(
  dataset: Dataset<T> | null,
  options: LoaderOptions<Awaited<T>, B>,
): Sampler<number[]> | null {
  const { batchSize = 1, shuffle = false, sampler, batchSampler, dropLast = false, generator } = options;
  const given = LOADER_OPTIONS.filter((name) => options[name] !== undefined);
  const exclude = (why: string, names: (typeof LOADER_OPTIONS[number])[]): void => {
    const clash = names.filter((name) => given.includes(name));
    if (clash.length > 0) throw new Error(`DataLoader: ${why}; leave out ${clash.join(", ")}.`);
  };
  if (dataset === null) {
    exclude("an iterable data set decides its own order", ["shuffle", "sampler", "batchSampler", "generator"]);
    return null;
  }
  if (dataset.length === 0) throw new Error("DataLoader: the data set is empty, there is nothing to load.");
  if (batchSampler !== undefined) {
    exclude("batchSampler decides the batches", ["batchSize", "shuffle", "sampler", "dropLast", "generator"]);
    return batchSampler;
  }
  if (sampler !== undefined) exclude("sampler decides the order", ["shuffle", "generator"]);
  const order = sampler ??
    (shuffle ? new RandomSampler(dataset, generator ? { generator } : {}) : new SequentialSampler(dataset));
  return new BatchSampler(order, batchSize, { dropLast });
}

import type { Dataset } from "../datasets/dataset.ts";
import { type BatchStream, generatorOf } from "./batch_stream.ts";

/** What a data set returned for a list of indices: a batch, or its samples, perhaps as promises. */
export type Loaded =
  | { readonly batch: unknown; readonly samples?: never }
  | { readonly samples: unknown[]; readonly batch?: never };

/**
 * Reads the samples of a batch from a data set, with `getBatch` where possible.
 *
 * @param whole whether a collated batch is allowed; a collate function needs samples
 */
export function loadBatch(dataset: Dataset, indices: readonly number[], stream: BatchStream, whole: boolean): Loaded {
  if (whole && dataset.getBatch !== undefined) return { batch: dataset.getBatch(indices, generatorOf(stream)) };
  return { samples: indices.map((index, place) => dataset.get(index, generatorOf(stream, place))) };
}

import type { Dataset } from "../datasets/dataset.ts";
import { type BatchStream, generatorOf } from "./batch_stream.ts";

/** What a data set gave for a list of indices: a batch, or the samples of one; either may have to be waited for. */
export type Loaded =
  | { readonly batch: unknown; readonly samples?: never }
  | { readonly samples: unknown[]; readonly batch?: never };

/**
 * Asks a data set for the samples of a batch, in one piece where it can and may.
 *
 * @param whole whether a batch will do; a collate function needs samples
 */
export function loadBatch(dataset: Dataset, indices: readonly number[], stream: BatchStream, whole: boolean): Loaded {
  if (whole && dataset.getBatch !== undefined) return { batch: dataset.getBatch(indices, generatorOf(stream)) };
  return { samples: indices.map((index, place) => dataset.get(index, generatorOf(stream, place))) };
}

import type { Generator } from "@heddle/tensor";
import type { Collated } from "../loader/collate.ts";

/**
 * A collection of samples by index (PyTorch's map-style `torch.utils.data.Dataset`).
 *
 * Any object with `length` and `get` will do. A data set that has to wait for its samples returns promises from
 * `get`; its loader is then read with `for await`.
 *
 * @example
 * ```ts
 * import { DataLoader, type Dataset } from "@heddle/data";
 *
 * const squares: Dataset<{ x: number; y: number }> = { length: 100, get: (i) => ({ x: i / 100, y: (i / 100) ** 2 }) };
 * for (const { x, y } of new DataLoader(squares, { batchSize: 25 })) console.log(x.shape, y.shape); // [ 25 ] [ 25 ]
 * ```
 */
export interface Dataset<T = unknown> {
  /** Number of samples. */
  readonly length: number;
  /**
   * The sample at `index`, from 0 to `length - 1`.
   *
   * @param generator what random transforms draw from. A loader gives each sample one of its own, which depends on its seed
   *   and the sample's place in the epoch alone; without it a data set chooses.
   */
  get(index: number, generator?: Generator): T;
  /**
   * Several samples at once, collated as `defaultCollate` would. Optional: a loader without a `collate` of its own
   * uses it, so that a batch of 100 pictures is copied once instead of being stacked from 100 small tensors. One
   * generator serves the batch.
   */
  getBatch?(indices: readonly number[], generator?: Generator): BatchOf<T>;
}

/** What `getBatch` returns for samples of type `T`: the collated batch, promised where samples are. */
export type BatchOf<T> = T extends Promise<infer S> ? Promise<Collated<S>> : Collated<T>;

/**
 * A collection that can only be walked through (PyTorch's `IterableDataset`): a file read line by line, a stream,
 * a generator. Each iteration starts at the beginning.
 */
export type IterableDataset<T = unknown> = Iterable<T> | AsyncIterable<T>;

/** @throws RangeError unless `index` is an integer from 0 to `length - 1` */
export function checkIndex(where: string, index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new RangeError(
    `${where}: index ${index} is out of range for ${length} samples` +
      (length > 0 ? `; it must be an integer from 0 to ${length - 1}.` : ", there is nothing to get."),
  );
}

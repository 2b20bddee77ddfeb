import type { Generator } from "@heddle/tensor";
import type { Collated } from "../loader/collate.ts";

/**
 * A collection of samples by index (PyTorch's map-style `torch.utils.data.Dataset`).
 *
 * Any object with `length` and `get` is one. If samples arrive asynchronously, `get` returns promises, and the loader
 * is read with `for await`.
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
   * @param generator what random transforms draw from. A loader passes each sample its own, which depends only on the
   *   loader's seed and the sample's position in the epoch; without it a data set chooses.
   */
  get(index: number, generator?: Generator): T;
  /**
   * Several samples at once, collated as `defaultCollate` would. Optional: a loader without a `collate` option uses it,
   * so that a batch of 100 pictures is copied once instead of being stacked from 100 small tensors. The batch has one
   * generator.
   */
  getBatch?(indices: readonly number[], generator?: Generator): BatchOf<T>;
}

/** What `getBatch` returns for samples of type `T`: the collated batch, promised where samples are. */
export type BatchOf<T> = T extends Promise<infer S> ? Promise<Collated<S>> : Collated<T>;

/**
 * A collection that can only be iterated over (PyTorch's `IterableDataset`): a file read line by line, a stream, a
 * generator. Each iteration starts at the beginning. In a loader's workers it selects its part with `getWorkerInfo`.
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

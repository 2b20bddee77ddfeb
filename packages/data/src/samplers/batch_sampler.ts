import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkPositive, type Sampler } from "./sampler.ts";

/**
 * Groups the indices of a sampler into batches (PyTorch's `BatchSampler`).
 *
 * @example
 * ```ts
 * import { BatchSampler, SequentialSampler } from "@heddle/data";
 *
 * console.log([...new BatchSampler(new SequentialSampler({ length: 5 }), 2)]); // [ [ 0, 1 ], [ 2, 3 ], [ 4 ] ]
 * ```
 */
export class BatchSampler implements Sampler<number[]> {
  private readonly sampler: Sampler;
  private readonly batchSize: number;
  private readonly dropLast: boolean;

  /**
   * @param options `dropLast` leaves out a last batch that is smaller than the others (default false)
   * @throws when `batchSize` is no positive integer
   */
  constructor(sampler: Sampler, batchSize: number, options: { dropLast?: boolean } = {}) {
    checkOptions("BatchSampler", options, ["dropLast"]);
    checkPositive("BatchSampler", "batchSize", batchSize);
    this.sampler = sampler;
    this.batchSize = batchSize;
    this.dropLast = options.dropLast ?? false;
  }

  /** Number of batches. */
  get length(): number {
    const batches = this.sampler.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The sampler's source of randomness. */
  get generator(): Generator | undefined {
    return this.sampler.generator;
  }

  /** Draws an epoch. */
  [Symbol.iterator](): Iterator<number[]> {
    // Not inside the generator function, which would not start before the first batch is asked for.
    const indices = this.sampler[Symbol.iterator]();
    return this.group(indices);
  }

  private *group(indices: Iterator<number>): IterableIterator<number[]> {
    let batch: number[] = [];
    for (let item = indices.next(); !item.done; item = indices.next()) {
      batch.push(item.value);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

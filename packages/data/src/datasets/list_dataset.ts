import { checkArguments } from "../arguments.ts";
import { checkIndex, type Dataset } from "./dataset.ts";

/**
 * Samples that are in memory already, as an array.
 *
 * @example
 * ```ts
 * import { DataLoader, ListDataset } from "@heddle/data";
 *
 * const pairs = new ListDataset<[string, number]>([["one", 1], ["two", 2], ["three", 3]]);
 * for (const [words, numbers] of new DataLoader(pairs, { batchSize: 3 })) console.log(words, numbers.toArray());
 * ```
 */
export class ListDataset<T> implements Dataset<T> {
  private readonly samples: readonly T[];

  /** @param samples used as they are, not copied */
  constructor(samples: readonly T[]) {
    checkArguments("ListDataset", arguments, 1);
    this.samples = samples;
  }

  /** Number of samples. */
  get length(): number {
    return this.samples.length;
  }

  /** The sample at `index`. */
  get(index: number): T {
    checkIndex("ListDataset.get", index, this.length);
    return this.samples[index] as T;
  }
}

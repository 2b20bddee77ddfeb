import type { Generator } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { type BatchOf, checkIndex, type Dataset } from "./dataset.ts";

/**
 * Some samples of a data set, in the order given (PyTorch's `Subset`).
 *
 * @example
 * ```ts
 * import { ListDataset, Subset } from "@heddle/data";
 *
 * const every = new ListDataset(["a", "b", "c", "d"]);
 * console.log(new Subset(every, [3, 1]).get(0)); // d
 * ```
 */
export class Subset<T> implements Dataset<T> {
  /** The whole. */
  readonly dataset: Dataset<T>;
  /** Which of its samples belong to the subset. */
  readonly indices: readonly number[];
  /** Present if the whole has it. */
  readonly getBatch?: (indices: readonly number[], generator?: Generator) => BatchOf<T>;

  /** @throws RangeError when an index is out of the data set's range */
  constructor(dataset: Dataset<T>, indices: ArrayLike<number>) {
    checkArguments("Subset", arguments, 2);
    this.dataset = dataset;
    this.indices = Array.from(indices);
    for (const index of this.indices) checkIndex("Subset", index, dataset.length);
    if (dataset.getBatch !== undefined) {
      this.getBatch = (batch, generator) => dataset.getBatch!(batch.map((i) => this.at(i)), generator);
    }
  }

  /** Number of samples in the subset. */
  get length(): number {
    return this.indices.length;
  }

  /** The sample at a position within the subset. */
  get(index: number, generator?: Generator): T {
    return this.dataset.get(this.at(index), generator);
  }

  private at(index: number): number {
    checkIndex("Subset.get", index, this.length);
    return this.indices[index] as number;
  }
}

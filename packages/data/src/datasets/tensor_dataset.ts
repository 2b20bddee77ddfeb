import { fromTypedArray, Tensor } from "@heddle/tensor";
import { otherCopy } from "@heddle/tensor/engine";
import { type BatchOf, checkIndex, type Dataset } from "./dataset.ts";

/**
 * Tensors whose first dimension counts the samples (PyTorch's `TensorDataset`). Sample i is the tuple of the
 * tensors' i-th slices, views without a copy; a batch is one copy of each tensor's rows.
 *
 * @example
 * ```ts
 * import { DataLoader, TensorDataset } from "@heddle/data";
 * import { rand, randint } from "@heddle/tensor";
 *
 * const data = new TensorDataset(rand([100, 3]), randint(0, 2, [100]));
 * for (const [x, y] of new DataLoader(data, { batchSize: 20 })) console.log(x.shape, y.shape); // [ 20, 3 ] [ 20 ]
 * ```
 */
export class TensorDataset<T extends [Tensor, ...Tensor[]]> implements Dataset<T> {
  /** The tensors. */
  readonly tensors: T;
  /** Number of samples. */
  readonly length: number;

  /** @throws TypeError for what is no tensor; Error when there is no tensor, one has no dimension, or the first dimensions differ */
  constructor(...tensors: T) {
    if (tensors.length === 0) throw new Error("TensorDataset: no tensor was given; pass at least one.");
    for (const [i, given] of tensors.entries()) {
      if (given instanceof Tensor) continue;
      throw new TypeError(
        Array.isArray(given)
          ? "TensorDataset: expected tensors one by one, got an array; write new TensorDataset(x, y), or spread the array with ..."
          : `TensorDataset: argument ${i} is ${
            otherCopy(given, "Tensor") ??
              `not a tensor but ${
                typeof given === "object" ? "an object" : String(given)
              }; tensor(…) makes one of nested arrays`
          }`,
      );
    }
    const shapes = tensors.map((t) => `[${t.shape.join(", ")}]`).join(" and ");
    const length = tensors[0].shape[0];
    if (length === undefined || tensors.some((t) => t.shape[0] !== length)) {
      throw new Error(
        `TensorDataset: the first dimension counts the samples and must be the same in every tensor, got ${shapes}.`,
      );
    }
    this.tensors = tensors;
    this.length = length;
  }

  /** Views of the slices at `index`. */
  get(index: number): T {
    checkIndex("TensorDataset.get", index, this.length);
    return this.tensors.map((t) => t.select(0, index)) as T;
  }

  /** Copies of the slices at `indices`, stacked. */
  getBatch(indices: readonly number[]): BatchOf<T> {
    for (const index of indices) checkIndex("TensorDataset.getBatch", index, this.length);
    return this.tensors.map((t) => {
      const rows = fromTypedArray(Int32Array.from(indices), [indices.length], { device: t.device });
      const batch = t.indexSelect(0, rows);
      rows.dispose();
      return batch;
    }) as unknown as BatchOf<T>;
  }
}

import { cat, fromTypedArray, type Generator, Tensor } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { branch } from "../loader/batch_stream.ts";
import { defaultCollate, fieldsOf } from "../loader/collate.ts";
import { type BatchOf, checkIndex, type Dataset } from "./dataset.ts";

/**
 * Several data sets one after the other (PyTorch's `ConcatDataset`).
 *
 * @example
 * ```ts
 * import { ConcatDataset, ListDataset } from "@heddle/data";
 *
 * const both = new ConcatDataset([new ListDataset(["a", "b"]), new ListDataset(["c"])]);
 * console.log(both.length, both.get(2)); // 3 c
 * ```
 */
export class ConcatDataset<T> implements Dataset<T> {
  /** The parts. */
  readonly datasets: readonly Dataset<T>[];
  /** For each part, the number of samples up to its end. */
  readonly cumulativeSizes: readonly number[];
  /** Present if every part has it. */
  readonly getBatch?: (indices: readonly number[], generator?: Generator) => BatchOf<T>;

  /** @throws when the list is empty */
  constructor(datasets: readonly Dataset<T>[]) {
    checkArguments("ConcatDataset", arguments, 1);
    if (datasets.length === 0) throw new Error("ConcatDataset: the list of data sets is empty; give at least one.");
    this.datasets = [...datasets];
    let end = 0;
    this.cumulativeSizes = datasets.map((part) => end += part.length);
    if (datasets.every((part) => part.getBatch !== undefined)) {
      this.getBatch = (indices, generator) => this.gather(indices, generator);
    }
  }

  /** Number of samples of all parts. */
  get length(): number {
    return this.cumulativeSizes.at(-1) as number;
  }

  /** The sample at `index`, counted through all parts. */
  get(index: number, generator?: Generator): T {
    const part = this.partOf(index);
    return (this.datasets[part] as Dataset<T>).get(index - this.startOf(part), generator);
  }

  /** The part that has the sample `index`: the first that ends after it. */
  private partOf(index: number): number {
    checkIndex("ConcatDataset.get", index, this.length);
    let low = 0;
    let high = this.datasets.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.cumulativeSizes[middle] as number) > index) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private startOf(part: number): number {
    return part === 0 ? 0 : this.cumulativeSizes[part - 1] as number;
  }

  private gather(indices: readonly number[], generator: Generator | undefined): BatchOf<T> {
    const places = new Map<number, number[]>();
    indices.forEach((index, place) => {
      const part = this.partOf(index);
      const found = places.get(part);
      if (found === undefined) places.set(part, [place]);
      else found.push(place);
    });
    const batches: unknown[] = [];
    const position = new Int32Array(indices.length);
    let next = 0;
    for (const [part, members] of places) {
      const inPart = members.map((place) => (indices[place] as number) - this.startOf(part));
      // Asynchronous parts would draw from a shared generator in any order.
      batches.push((this.datasets[part] as Required<Dataset<T>>).getBatch(inPart, branch(generator, batches.length)));
      for (const place of members) position[place] = next++;
    }
    if (batches.length === 1) return batches[0] as BatchOf<T>;
    const fallBack = (): unknown => {
      const samples = indices.map((index, place) => this.get(index, branch(generator, place)));
      return samples.some((s) => s instanceof Promise)
        ? Promise.all(samples).then(defaultCollate)
        : defaultCollate(samples);
    };
    const merge = (found: unknown[]): unknown => mergeBatches(found, position) ?? fallBack();
    const waiting = batches.some((batch) => batch instanceof Promise);
    return (waiting ? Promise.all(batches).then(merge) : merge(batches)) as BatchOf<T>;
  }
}

/** Joins several batches, row i of the result being row position[i] of all; undefined where a field is no tensor or fields differ. */
function mergeBatches(batches: unknown[], position: Int32Array): unknown {
  const first = batches[0];
  if (first instanceof Tensor) {
    const joined = cat(batches as Tensor[], 0);
    const rows = fromTypedArray(position, [position.length], { device: joined.device });
    const batch = joined.indexSelect(0, rows);
    rows.dispose();
    joined.dispose();
    return batch;
  }
  const names = typeof first === "object" && first !== null ? fieldsOf(first) : "[]";
  if (names === "[]" || batches.some((batch) => fieldsOf(Object(batch)) !== names)) return undefined;
  const fields = Object.keys(first as object).map((key) => {
    const merged = mergeBatches(batches.map((batch) => (batch as Record<string, unknown>)[key]), position);
    return [key, merged] as const;
  });
  if (fields.some(([, merged]) => merged === undefined)) return undefined;
  return Array.isArray(first) ? fields.map(([, merged]) => merged) : Object.fromEntries(fields);
}

import { type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { permutation } from "../samplers/draw_indices.ts";
import type { Dataset } from "./dataset.ts";
import { Subset } from "./subset.ts";

/** Options of {@link randomSplit}. */
export interface RandomSplitOptions {
  /** Decides which sample goes where; by default tensor's default generator. */
  generator?: Generator;
}

/**
 * Splits a data set at random into parts that do not overlap (PyTorch's `random_split`).
 *
 * @param lengths sizes that add up to the data set's length, or fractions that add up to 1. With fractions, sizes
 *   are rounded down, and the remaining samples go one each to the first parts
 * @throws when the lengths do not add up, or one is negative
 *
 * @example
 * ```ts
 * import { ListDataset, randomSplit } from "@heddle/data";
 * import { Generator } from "@heddle/tensor";
 *
 * const data = new ListDataset([...Array(10).keys()]);
 * const [train, val] = randomSplit(data, [0.75, 0.25], { generator: new Generator(0) });
 * console.log(train!.length, val!.length); // 8 2
 * ```
 */
export function randomSplit<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  options: RandomSplitOptions = {},
): Subset<T>[] {
  checkOptions("randomSplit", options, ["generator"]);
  const sizes = partSizes(lengths, dataset.length, "randomSplit");
  const order = permutation(dataset.length, options.generator);
  let start = 0;
  return sizes.map((size) => new Subset(dataset, order.subarray(start, start += size)));
}

/** The sizes of the parts of `total` samples. @throws when the lengths do not add up, or one is negative */
export function partSizes(lengths: readonly number[], total: number, where: string): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  const shown = `[${lengths.join(", ")}]`;
  if (lengths.some((length) => !(length >= 0))) {
    throw new Error(`${where}: lengths must not be negative, got ${shown}.`);
  }
  if (sum === total && lengths.every(Number.isInteger)) return [...lengths];
  // 0.7 + 0.2 + 0.1 is not 1 in binary.
  if (Math.abs(sum - 1) > 1e-9) {
    throw new Error(
      `${where}: the lengths ${shown} add up to ${sum}; they must be integers that add up to the data set's ` +
        `${total} samples, or fractions that add up to 1.`,
    );
  }
  const sizes = lengths.map((fraction) => Math.floor(fraction * total));
  const rest = total - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]! += 1;
  return sizes;
}

/** Options of {@link kFold}. */
export interface KFoldOptions {
  /** Whether to shuffle before dividing (default true). */
  shuffle?: boolean;
  /** Decides the shuffling; by default tensor's default generator. */
  generator?: Generator;
  /** The class of each sample: every fold then has each class in about the same share. */
  stratify?: ArrayLike<number> | Tensor;
}

/** One fold: a model is trained on `train` and judged on `val`. */
export interface Fold<T> {
  readonly train: Subset<T>;
  readonly val: Subset<T>;
}

/**
 * Divides a data set into k parts for cross-validation; each fold validates on one part and trains on the others
 * (scikit-learn's `KFold`, with `stratify` its `StratifiedKFold`). Sizes differ by one at most. Within a fold the
 * samples keep the data set's order.
 *
 * @param k number of folds, from 2 to the number of samples
 * @throws when k is out of range or `stratify` has another length than the data set
 *
 * @example
 * ```ts
 * import { kFold, ListDataset } from "@heddle/data";
 *
 * for (const { train, val } of kFold(new ListDataset([..."abcdefg"]), 3)) console.log(train.length, val.length);
 * ```
 */
export function kFold<T>(dataset: Dataset<T>, k: number, options: KFoldOptions = {}): Fold<T>[] {
  checkOptions("kFold", options, ["shuffle", "generator", "stratify"]);
  const n = dataset.length;
  if (!Number.isInteger(k) || k < 2 || k > n) {
    throw new RangeError(`kFold: k must be an integer from 2 to the number of samples, ${n}, got ${k}.`);
  }
  const { shuffle = true, generator, stratify } = options;
  let order: ArrayLike<number> = shuffle ? permutation(n, generator) : Int32Array.from({ length: n }, (_, i) => i);
  const fold = new Int32Array(n);
  if (stratify !== undefined) {
    // Samples are dealt out class by class, each class starting at the fold where the previous one stopped, so that
    // both the classes and the folds are balanced.
    order = groupByClass(order, classesOf(stratify, n)).flat();
    for (let i = 0; i < n; i++) fold[order[i] as number] = i % k;
  } else {
    for (let i = 0; i < n; i++) fold[order[i] as number] = Math.floor(i * k / n);
  }
  return Array.from({ length: k }, (_, f) => {
    const train: number[] = [];
    const val: number[] = [];
    fold.forEach((own, i) => (own === f ? val : train).push(i));
    return { train: new Subset(dataset, train), val: new Subset(dataset, val) };
  });
}

function classesOf(stratify: ArrayLike<number> | Tensor, n: number): ArrayLike<number> {
  const classes = "toTypedArray" in stratify ? Array.from(stratify.toTypedArray(), Number) : stratify;
  if (classes.length === n) return classes;
  throw new Error(`kFold: stratify has ${classes.length} classes for ${n} samples; it needs one for each.`);
}

/** The samples of each class, in the order given. */
export function groupByClass(order: ArrayLike<number>, classes: ArrayLike<number>): number[][] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < order.length; i++) {
    const index = order[i] as number;
    const group = groups.get(classes[index] as number);
    if (group === undefined) groups.set(classes[index] as number, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

import { defaultGenerator, type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { integersBelow, permutation, weighted } from "./draw_indices.ts";
import { checkPositive, type Sampler } from "./sampler.ts";

/** Anything that counts its samples. */
export interface Sized {
  readonly length: number;
}

/** Indices that are drawn at once: a GiB of them. */
const mostIndices = 2 ** 28;

/** @throws RangeError unless `count` is a positive integer, and the indices have room in memory */
function checkCount(where: string, name: string, count: number): void {
  checkPositive(where, name, count);
  if (count <= mostIndices) return;
  throw new RangeError(`${where}: ${name} is ${count}; at most ${mostIndices} indices are drawn for an epoch.`);
}

/** Every index once, in order (PyTorch's `SequentialSampler`). */
export class SequentialSampler implements Sampler {
  private readonly source: Sized;

  /** @param source the data set */
  constructor(source: Sized) {
    checkArguments("SequentialSampler", arguments, 1);
    this.source = source;
  }

  /** Number of samples. */
  get length(): number {
    return this.source.length;
  }

  /** 0, 1, 2, … */
  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.source.length; i++) yield i;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Whether an index may come again before all others have come (default false). */
  replacement?: boolean;
  /** Indices in an epoch; by default as many as there are samples. */
  numSamples?: number;
  /** Decides the order; by default tensor's default generator. */
  generator?: Generator;
}

/**
 * Indices in random order (PyTorch's `RandomSampler`). Without replacement and with `numSamples` above the number of
 * samples, whole permutations follow each other.
 *
 * @example
 * ```ts
 * import { RandomSampler } from "@heddle/data";
 * import { Generator } from "@heddle/tensor";
 *
 * console.log([...new RandomSampler({ length: 5 }, { generator: new Generator(1) })]);
 * ```
 */
export class RandomSampler implements Sampler {
  readonly generator: Generator;
  /** Indices in an epoch. */
  readonly length: number;
  private readonly size: number;
  private readonly replacement: boolean;

  /** @throws when the source is empty or `numSamples` is no positive integer */
  constructor(source: Sized, options: RandomSamplerOptions = {}) {
    checkOptions("RandomSampler", options, ["replacement", "numSamples", "generator"]);
    checkCount("RandomSampler", "the number of samples of the source", source.length);
    this.size = source.length;
    this.length = options.numSamples ?? this.size;
    checkCount("RandomSampler", "numSamples", this.length);
    this.replacement = options.replacement ?? false;
    this.generator = options.generator ?? defaultGenerator;
  }

  /** Draws an epoch. */
  [Symbol.iterator](): Iterator<number> {
    if (this.replacement) return integersBelow(this.size, this.length, this.generator).values();
    const order = new Int32Array(this.length);
    for (let done = 0; done < this.length; done += this.size) {
      order.set(permutation(this.size, this.generator).subarray(0, this.length - done), done);
    }
    return order.values();
  }
}

/** Given indices in random order, each once (PyTorch's `SubsetRandomSampler`). */
export class SubsetRandomSampler implements Sampler {
  readonly generator: Generator;
  private readonly indices: Int32Array;

  /** @param options `generator` decides the order; by default tensor's default generator */
  constructor(indices: ArrayLike<number>, options: { generator?: Generator } = {}) {
    checkOptions("SubsetRandomSampler", options, ["generator"]);
    if (indices.length > 0) checkCount("SubsetRandomSampler", "the number of indices", indices.length);
    const wrong = Array.from(indices).find((i) => !Number.isInteger(i) || i < 0);
    if (wrong !== undefined) {
      throw new RangeError(`SubsetRandomSampler: ${wrong} is not an index; indices are integers from 0.`);
    }
    this.indices = Int32Array.from(indices);
    this.generator = options.generator ?? defaultGenerator;
  }

  /** Number of indices. */
  get length(): number {
    return this.indices.length;
  }

  /** Draws an epoch. */
  [Symbol.iterator](): Iterator<number> {
    return permutation(this.indices.length, this.generator).map((i) => this.indices[i]!).values();
  }
}

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions {
  /** Whether an index may come more than once (default true). */
  replacement?: boolean;
  /** Decides the draws; by default tensor's default generator. */
  generator?: Generator;
}

/**
 * Indices drawn with probabilities in proportion to weights (PyTorch's `WeightedRandomSampler`), to balance classes
 * of different sizes for instance. The weights need not add up to 1.
 *
 * @example
 * ```ts
 * import { WeightedRandomSampler } from "@heddle/data";
 *
 * const labels = [0, 0, 0, 1]; // three times as many zeros: each counts a third
 * const sampler = new WeightedRandomSampler(labels.map((label) => label === 0 ? 1 / 3 : 1), 100);
 * console.log([...sampler].filter((i) => labels[i] === 1).length); // about 50
 * ```
 */
export class WeightedRandomSampler implements Sampler {
  readonly generator: Generator;
  /** Indices in an epoch. */
  readonly length: number;
  private readonly weights: Float64Array;
  private readonly replacement: boolean;

  /**
   * @param numSamples indices in an epoch
   * @throws when a weight is negative or not finite, when all are 0, or when there are too few positive ones for
   *   drawing without replacement
   */
  constructor(weights: ArrayLike<number>, numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    checkOptions("WeightedRandomSampler", options, ["replacement", "generator"]);
    checkCount("WeightedRandomSampler", "numSamples", numSamples);
    checkCount("WeightedRandomSampler", "the number of weights", weights.length);
    this.weights = Float64Array.from(weights);
    const wrong = this.weights.findIndex((w) => !(w >= 0 && w < Infinity));
    if (wrong >= 0) {
      throw new RangeError(
        `WeightedRandomSampler: weight ${wrong} is ${this.weights[wrong]}; weights are finite and not negative.`,
      );
    }
    this.replacement = options.replacement ?? true;
    const drawable = this.weights.filter((w) => w > 0).length;
    if (drawable < (this.replacement ? 1 : numSamples)) {
      throw new RangeError(
        `WeightedRandomSampler: ${drawable} of ${this.weights.length} weights are positive, too few for ${numSamples} ` +
          `draws ${this.replacement ? "with" : "without"} replacement.`,
      );
    }
    this.length = numSamples;
    this.generator = options.generator ?? defaultGenerator;
  }

  /** Draws an epoch. */
  [Symbol.iterator](): Iterator<number> {
    return weighted(this.weights, this.length, this.replacement, this.generator).values();
  }
}

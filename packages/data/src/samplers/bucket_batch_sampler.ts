import { defaultGenerator, type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { permutation } from "./draw_indices.ts";
import { checkPositive, type Sampler } from "./sampler.ts";

/** Options of {@link BucketBatchSampler}: one of `batchSize` and `maxTokens`. */
export interface BucketBatchSamplerOptions {
  /** Samples in a batch. The batch of the longest samples may have fewer. */
  batchSize?: number;
  /** The most tokens in a batch, padding counted: short samples come in large batches, long ones in small ones. */
  maxTokens?: number;
  /** Whether batches come in random order, and samples of the same length are shuffled between them (default false). */
  shuffle?: boolean;
  /**
   * Samples whose lengths fall into a bucket of this width count as equally long, with the bucket's greatest length
   * (default 1). A wider bucket mixes more, and pads more.
   */
  width?: number;
  /** Decides what `shuffle` draws; by default tensor's default generator. */
  generator?: Generator;
}

/**
 * Batches of samples of about the same length, so that little is padded (torchtext's `BucketIterator`, fairseq's `--max-tokens`). Give it to
 * a loader as `batchSampler`.
 *
 * Samples are sorted by length, cut into batches, and with `shuffle` the batches come in random order. Every sample
 * comes once per epoch, and every epoch has the same number of batches, so that an epoch can be resumed in the middle
 * as with the other samplers.
 *
 * @example
 * ```ts
 * import { BucketBatchSampler } from "@heddle/data";
 *
 * const lengths = [3, 9, 2, 3, 8];
 * console.log([...new BucketBatchSampler(lengths, { batchSize: 2 })]); // [ [ 2, 0 ], [ 3, 4 ], [ 1 ] ]
 * console.log([...new BucketBatchSampler(lengths, { maxTokens: 10 })]); // [ [ 2, 0, 3 ], [ 4 ], [ 1 ] ]
 * ```
 */
export class BucketBatchSampler implements Sampler<number[]> {
  /** Number of batches. */
  readonly length: number;
  readonly generator: Generator | undefined;
  private readonly shuffle: boolean;
  // Runs of samples that count as the same length, shortest first; batches end at the same places of this order in every epoch.
  private readonly runs: readonly Int32Array[];
  private readonly ends: readonly number[];

  /**
   * @param lengths of each sample: a number of tokens, or one for each side of a pair. Pairs are sorted by the first side, then by the second,
   *   and `maxTokens` counts both.
   * @throws when a length or option is no positive integer, none or both of `batchSize` and `maxTokens` are given, or a sample alone
   *   has more than `maxTokens`
   */
  constructor(lengths: ArrayLike<number | readonly number[]>, options: BucketBatchSamplerOptions) {
    const where = "BucketBatchSampler";
    checkOptions(where, options, ["batchSize", "maxTokens", "shuffle", "width", "generator"]);
    const { batchSize, maxTokens, width = 1 } = options;
    checkPositive(where, "the number of samples", lengths.length);
    if ((batchSize === undefined) === (maxTokens === undefined)) {
      throw new Error(`${where}: give one of batchSize (samples in a batch) and maxTokens (tokens in a batch).`);
    }
    if (batchSize !== undefined) checkPositive(where, "batchSize", batchSize);
    if (maxTokens !== undefined) checkPositive(where, "maxTokens", maxTokens);
    checkPositive(where, "width", width);
    this.shuffle = options.shuffle ?? false;
    this.generator = this.shuffle ? options.generator ?? defaultGenerator : undefined;

    const sizes = Array.from(lengths, (length, i) => {
      const sides = typeof length === "number" ? [length] : [...length];
      for (const side of sides) checkPositive(where, `the length of sample ${i}`, side);
      const own = sides.reduce((sum, side) => sum + side, 0);
      if (maxTokens !== undefined && own > maxTokens) {
        throw new RangeError(
          `${where}: sample ${i} has ${own} tokens, more than maxTokens ${maxTokens}. Leave it out, truncate it, or raise maxTokens.`,
        );
      }
      return sides.map((side) => Math.ceil(side / width) * width);
    });
    const order = Array.from(sizes, (_, i) => i).sort((a, b) => compare(sizes[a]!, sizes[b]!) || a - b);
    this.runs = runsOf(order, (a, b) => compare(sizes[a]!, sizes[b]!) === 0);
    this.ends = batchSize !== undefined ? cutBySize(order.length, batchSize) : cutByTokens(order, sizes, maxTokens!);
    this.length = this.ends.length;
  }

  /** Draws an epoch. */
  [Symbol.iterator](): Iterator<number[]> {
    if (!this.shuffle) return this.batches(this.runs, null);
    const runs = this.runs.map((run) =>
      run.length === 1 ? run : permutation(run.length, this.generator).map((i) => run[i]!)
    );
    return this.batches(runs, permutation(this.length, this.generator));
  }

  private *batches(runs: readonly Int32Array[], places: Int32Array | null): IterableIterator<number[]> {
    const order = runs.flatMap((run) => [...run]);
    for (let b = 0; b < this.length; b++) {
      const place = places?.[b] ?? b;
      yield order.slice(this.ends[place - 1] ?? 0, this.ends[place]);
    }
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let side = 0; side < Math.max(a.length, b.length); side++) {
    const difference = (a[side] ?? 0) - (b[side] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function runsOf(order: readonly number[], same: (a: number, b: number) => boolean): Int32Array[] {
  const runs: number[][] = [];
  for (const sample of order) {
    const last = runs.at(-1);
    if (last !== undefined && same(last[0]!, sample)) last.push(sample);
    else runs.push([sample]);
  }
  return runs.map((run) => Int32Array.from(run));
}

function cutBySize(samples: number, batchSize: number): number[] {
  return Array.from({ length: Math.ceil(samples / batchSize) }, (_, i) => Math.min(samples, (i + 1) * batchSize));
}

/** Where batches end that have at most so many tokens once they are padded; a batch of one may have more, by the bucket's width. */
function cutByTokens(order: readonly number[], sizes: readonly (readonly number[])[], maxTokens: number): number[] {
  const ends: number[] = [];
  let widest: number[] = [];
  let start = 0;
  order.forEach((sample, place) => {
    const wider = sizes[sample]!.map((size, side) => Math.max(size, widest[side] ?? 0));
    const tokens = wider.reduce((sum, size) => sum + size, 0) * (place - start + 1);
    if (tokens > maxTokens && place > start) {
      ends.push(place);
      start = place;
      widest = [...sizes[sample]!];
    } else {
      widest = wider;
    }
  });
  return [...ends, order.length];
}

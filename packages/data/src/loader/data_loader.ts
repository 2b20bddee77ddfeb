import type { Generator } from "@heddle/tensor";
import type { Dataset, IterableDataset } from "../datasets/dataset.ts";
import { ListDataset } from "../datasets/list_dataset.ts";
import { checkOptions } from "../options.ts";
import { BatchSampler } from "../samplers/batch_sampler.ts";
import { RandomSampler, SequentialSampler } from "../samplers/index_samplers.ts";
import { checkPositive, type Sampler } from "../samplers/sampler.ts";
import { BatchLease } from "./batch_lease.ts";
import { type Collated, defaultCollate } from "./collate.ts";
import { checkState, type LoaderState } from "./loader_state.ts";
import { readStream, readStreamAsync } from "./stream_batches.ts";

/** Options of {@link DataLoader}. */
export interface LoaderOptions<S, B> {
  /** Samples in a batch (default 1). */
  batchSize?: number;
  /** Whether every epoch has a new random order (default false). */
  shuffle?: boolean;
  /** Which samples, in which order; instead of `shuffle`. */
  sampler?: Sampler;
  /** Which samples together; instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Sampler<number[]>;
  /** Whether to leave out a last batch that is smaller than the others (default false). */
  dropLast?: boolean;
  /** Makes a batch of samples (default {@link defaultCollate}, or the data set's own `getBatch`). */
  collate?: (samples: S[]) => B;
  /** Decides the order of `shuffle`; by default tensor's default generator. */
  generator?: Generator;
}

const KNOWN = ["batchSize", "shuffle", "sampler", "batchSampler", "dropLast", "collate", "generator"];

/** One walk through the data. */
interface Epoch {
  /** The batches that are still to come, as indices; null for an iterable data set. */
  readonly batches: Iterator<number[]> | null;
  /** Batches to be passed over, for an iterable data set that is taken up in the middle. */
  readonly skip: number;
}

/**
 * Walks through a data set in batches (PyTorch's `DataLoader`): `for (const batch of loader)`, or
 * `for await (const batch of loader)` where the data set has to wait for its samples.
 *
 * A batch's tensors live until the next batch is asked for; `keep(t)` keeps one for longer.
 *
 * Each iteration is an epoch. `stateDict()` says where the loader stands, also in the middle of an epoch; a loader
 * over the same data that loads it goes on with exactly the batches that remain. When several iterations run at the
 * same time, the state is that of the one begun last.
 *
 * @typeParam T what the data set's `get` returns
 * @typeParam B a batch
 *
 * @example
 * ```ts
 * import { DataLoader, DrawnDigits } from "@heddle/data";
 * import { Generator } from "@heddle/tensor";
 *
 * const digits = new DrawnDigits({ size: 500 });
 * const loader = new DataLoader(digits, { batchSize: 100, shuffle: true, generator: new Generator(0) });
 * for (const [images, labels] of loader) console.log(images.shape, labels.shape); // [ 100, 1, 28, 28 ] [ 100 ]
 * ```
 */
export class DataLoader<T, B = Collated<Awaited<T>>> implements Iterable<B>, AsyncIterable<B> {
  /** What is loaded. */
  readonly dataset: Dataset<T> | IterableDataset<T>;
  private readonly mapped: Dataset<T> | null;
  private readonly batchSampler: Sampler<number[]> | null;
  private readonly batchSize: number;
  private readonly dropLast: boolean;
  private readonly collate: ((samples: Awaited<T>[]) => B) | null;
  private epochsBegun: number = 0;
  private handedOut: number = 0;
  private epochStart: ReturnType<Generator["getState"]> | null = null;
  private current: Epoch | null = null;
  private resumed: Epoch | null = null;

  /**
   * @param dataset a data set by index, an iterable one, or an array of samples
   * @throws when the data set is empty, an option is unknown or out of range, or two options exclude each other
   */
  constructor(dataset: Dataset<T> | IterableDataset<T>, options: LoaderOptions<Awaited<T>, B> = {}) {
    checkOptions("DataLoader", options, KNOWN);
    checkPositive("DataLoader", "batchSize", options.batchSize ?? 1);
    this.dataset = dataset;
    this.mapped = Array.isArray(dataset) ? new ListDataset<T>(dataset) : "get" in dataset ? dataset : null;
    this.batchSize = options.batchSize ?? 1;
    this.dropLast = options.dropLast ?? false;
    this.collate = options.collate ?? null;
    this.batchSampler = chooseBatchSampler(this.mapped, options);
    if (this.batchSampler?.length === 0) {
      throw new Error(
        `DataLoader: there is no batch to load, from ${this.mapped?.length} samples with batchSize ${this.batchSize}` +
          `${this.dropLast ? " and dropLast" : ""}.`,
      );
    }
  }

  /** Number of batches in an epoch. @throws for an iterable data set, where it is not known */
  get length(): number {
    if (this.batchSampler !== null) return this.batchSampler.length;
    throw new Error("DataLoader.length: the length of an iterable data set is not known before it was walked through.");
  }

  /** Number of the present epoch, from 0: how many were begun before it. */
  get epoch(): number {
    return this.epochsBegun;
  }

  /** Begins an epoch (or goes on with the one that `loadStateDict` brought). */
  [Symbol.iterator](): IterableIterator<B> {
    const epoch = this.begin();
    const lease = new BatchLease();
    const batches = epoch.batches === null
      ? readStream(
        this.dataset as Iterable<Awaited<T>>,
        this.batchSize,
        this.dropLast,
        epoch.skip,
        this.collateFunction(lease),
      )
      : this.assembleAll(epoch.batches, lease);
    return this.count(epoch, batches, lease);
  }

  /** Begins an epoch (or goes on with the one that `loadStateDict` brought), waiting for what is promised. */
  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const epoch = this.begin();
    const lease = new BatchLease();
    const batches = epoch.batches === null
      ? readStreamAsync(
        this.dataset as AsyncIterable<T>,
        this.batchSize,
        this.dropLast,
        epoch.skip,
        this.collateFunction(lease),
      )
      : this.assembleAllAsync(epoch.batches, lease);
    return this.countAsync(epoch, batches, lease);
  }

  /** Where the loader stands, as plain data. Call it in the loop's body: the batch at hand counts as handed out. */
  stateDict(): LoaderState {
    const generator = this.batchSampler?.generator;
    return {
      version: 1,
      epoch: this.epochsBegun,
      batch: this.handedOut,
      batches: this.batchSampler?.length ?? null,
      generator: generator === undefined ? null : { epochStart: this.epochStart, now: generator.getState() },
    };
  }

  /**
   * Takes up another loader's position: the next iteration has the batches that remained there, those after it the
   * same as there. The sampler's generator (the default generator if none was given) is set to its state of then. An
   * iterable data set is read from the start, and what was handed out is passed over.
   *
   * @throws when the state is of a loader with another number of batches, or with another kind of sampler
   */
  loadStateDict(state: LoaderState): void {
    const generator = this.batchSampler?.generator;
    checkState(state, this.batchSampler?.length ?? null, generator !== undefined);
    this.current = null;
    this.epochsBegun = state.epoch;
    this.handedOut = state.batch;
    this.epochStart = state.generator?.epochStart ?? null;
    const between = state.batch === 0 && this.epochStart === null;
    if (between) {
      this.resumed = null;
    } else if (this.batchSampler === null) {
      this.resumed = { batches: null, skip: state.batch };
    } else {
      // The epoch is drawn as it was then, and what was handed out is passed over: indices only, no samples.
      if (this.epochStart !== null) generator?.setState(this.epochStart);
      const batches = this.batchSampler[Symbol.iterator]();
      for (let i = 0; i < state.batch; i++) batches.next();
      this.resumed = { batches, skip: 0 };
    }
    if (state.generator !== null) generator?.setState(state.generator.now);
  }

  private begin(): Epoch {
    const { resumed } = this;
    this.resumed = null;
    if (resumed !== null) return this.current = resumed;
    // An epoch that was left in the middle is over, too.
    if (this.current !== null || this.handedOut > 0) this.epochsBegun++;
    this.handedOut = 0;
    this.epochStart = this.batchSampler?.generator?.getState() ?? null;
    const batches = this.batchSampler?.[Symbol.iterator]() ?? null;
    return this.current = { batches, skip: 0 };
  }

  private end(epoch: Epoch): void {
    if (this.current !== epoch) return;
    this.current = null;
    this.epochsBegun++;
    this.handedOut = 0;
    this.epochStart = null;
  }

  private *count(epoch: Epoch, batches: Iterable<B>, lease: BatchLease): IterableIterator<B> {
    for (const batch of batches) {
      if (this.current === epoch) this.handedOut++;
      yield batch;
      lease.free();
    }
    this.end(epoch);
  }

  private async *countAsync(epoch: Epoch, batches: AsyncIterable<B>, lease: BatchLease): AsyncIterableIterator<B> {
    for await (const batch of batches) {
      if (this.current === epoch) this.handedOut++;
      yield batch;
      lease.free();
    }
    this.end(epoch);
  }

  private collateFunction(lease: BatchLease): (samples: Awaited<T>[]) => B {
    const collate = this.collate ?? (defaultCollate as unknown as (samples: Awaited<T>[]) => B);
    return (samples) => lease.run(() => collate(samples));
  }

  private *assembleAll(batches: Iterator<number[]>, lease: BatchLease): Iterable<B> {
    const collate = this.collateFunction(lease);
    const dataset = this.mapped!;
    for (let item = batches.next(); !item.done; item = batches.next()) {
      const indices = item.value;
      if (this.collate === null && dataset.getBatch !== undefined) {
        yield lease.run(() => notPromised(dataset.getBatch!(indices), "getBatch") as B);
      } else {
        yield collate(lease.run(() => indices.map((i) => notPromised(dataset.get(i), "get") as Awaited<T>)));
      }
    }
  }

  private async *assembleAllAsync(batches: Iterator<number[]>, lease: BatchLease): AsyncIterable<B> {
    const collate = this.collateFunction(lease);
    const dataset = this.mapped!;
    for (let item = batches.next(); !item.done; item = batches.next()) {
      const indices = item.value;
      if (this.collate === null && dataset.getBatch !== undefined) {
        yield await lease.run(() => dataset.getBatch!(indices) as B);
      } else yield collate(await Promise.all(lease.run(() => indices.map((i) => dataset.get(i)))));
    }
  }
}

function notPromised<V>(value: V, method: string): V {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {}); // the error below is the one to see
  throw new Error(`DataLoader: the data set's ${method} returns promises; use "for await (const batch of loader)".`);
}

function chooseBatchSampler<T, B>(
  dataset: Dataset<T> | null,
  options: LoaderOptions<Awaited<T>, B>,
): Sampler<number[]> | null {
  const { batchSize = 1, shuffle = false, sampler, batchSampler, dropLast = false, generator } = options;
  const given = KNOWN.filter((name) => options[name as keyof typeof options] !== undefined);
  const exclude = (why: string, names: string[]): void => {
    const clash = names.filter((name) => given.includes(name));
    if (clash.length > 0) throw new Error(`DataLoader: ${why}; leave out ${clash.join(", ")}.`);
  };
  if (dataset === null) {
    exclude("an iterable data set decides its own order", ["shuffle", "sampler", "batchSampler", "generator"]);
    return null;
  }
  if (dataset.length === 0) throw new Error("DataLoader: the data set is empty, there is nothing to load.");
  if (batchSampler !== undefined) {
    exclude("batchSampler decides the batches", ["batchSize", "shuffle", "sampler", "dropLast", "generator"]);
    return batchSampler;
  }
  if (sampler !== undefined) exclude("sampler decides the order", ["shuffle", "generator"]);
  const order = sampler ??
    (shuffle ? new RandomSampler(dataset, generator ? { generator } : {}) : new SequentialSampler(dataset));
  return new BatchSampler(order, batchSize, { dropLast });
}

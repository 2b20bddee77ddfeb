import { defaultGenerator, type Generator, type GeneratorState } from "@heddle/tensor";
import { checkOptions, reclaiming } from "@heddle/tensor/engine";
import type { Dataset, IterableDataset } from "../datasets/dataset.ts";
import { checkPositive, type Sampler } from "../samplers/sampler.ts";
import { BatchLease } from "./batch_lease.ts";
import { epochSeed } from "./batch_stream.ts";
import { type Collated, defaultCollate } from "./collate.ts";
import { mappedOf } from "./dataset_kind.ts";
import { chooseBatchSampler, LOADER_OPTIONS, type LoaderOptions } from "./loader_options.ts";
import { checkState, type LoaderState } from "./loader_state.ts";
import { loadBatch, type Loaded } from "./load_batch.ts";
import { readStream, readStreamAsync } from "./stream_batches.ts";
import { WorkerPool } from "./worker_pool.ts";
import { unpack } from "./packed_batch.ts";

// Ends the workers of a loader that was dropped without `close`.
const dropped = new FinalizationRegistry((pool: WorkerPool) => pool.close());
// The longest interval that timers take.
const LONG_MS = 2 ** 31 - 1;

/** One epoch. */
interface Epoch {
  /** The remaining batches, as indices; null for an iterable data set. */
  readonly batches: Iterator<number[]> | null;
  /** Batches returned before. */
  readonly skip: number;
  /** The seed for the random numbers of its samples. */
  readonly seed: number;
}

/**
 * Iterates over a data set in batches (PyTorch's `DataLoader`): `for (const batch of loader)`, or `for await (const
 * batch of loader)` if samples arrive asynchronously.
 *
 * A batch's tensors live until the loop asks for the next batch; `keep(t)` keeps one longer.
 *
 * Each iteration is an epoch. `stateDict()` returns the loader's position, also in the middle of an epoch; a loader
 * over the same data that loads it continues with exactly the remaining batches. If several iterations run at the same
 * time, the state is that of the latest.
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
  /** The data set. */
  readonly dataset: Dataset<T> | IterableDataset<T>;
  private readonly mapped: Dataset<T> | null;
  private readonly batchSampler: Sampler<number[]> | null;
  private readonly batchSize: number;
  private readonly dropLast: boolean;
  private readonly collate: ((samples: Awaited<T>[]) => B) | null;
  private readonly generator: Generator;
  private readonly pool: WorkerPool | null;
  private epochsBegun: number = 0;
  private handedOut: number = 0;
  private epochStart: GeneratorState | null = null;
  private current: Epoch | null = null;
  private resumed: Epoch | null = null;

  /**
   * @param dataset a data set by index, an iterable one, or an array of samples
   * @throws when the data set is empty, an option is unknown or out of range, or two options exclude each other
   */
  constructor(dataset: Dataset<T> | IterableDataset<T>, options: LoaderOptions<Awaited<T>, B> = {}) {
    checkOptions("DataLoader", options, LOADER_OPTIONS);
    checkPositive("DataLoader", "batchSize", options.batchSize ?? 1);
    this.dataset = dataset;
    this.mapped = mappedOf(dataset);
    this.batchSize = options.batchSize ?? 1;
    this.dropLast = options.dropLast ?? false;
    this.collate = options.collate ?? null;
    this.batchSampler = chooseBatchSampler(this.mapped, options);
    this.generator = this.batchSampler?.generator ?? options.generator ?? defaultGenerator;
    if (this.batchSampler?.length === 0) {
      throw new Error(
        `DataLoader: there is no batch to load, from ${this.mapped?.length} samples with batchSize ${this.batchSize}` +
          `${this.dropLast ? " and dropLast" : ""}.`,
      );
    }
    this.pool = options.workers === undefined ? null : new WorkerPool(options.workers, this.mapped?.length ?? null);
    if (this.pool !== null) dropped.register(this, this.pool, this.pool);
  }

  /** Number of batches in an epoch. @throws for an iterable data set, where it is not known */
  get length(): number {
    if (this.batchSampler !== null) return this.batchSampler.length;
    throw new Error("DataLoader.length: the length of an iterable data set is unknown until it was iterated over.");
  }

  /** Number of the current epoch, from 0: how many were started before it. */
  get epoch(): number {
    return this.epochsBegun;
  }

  /** Starts an epoch, or continues the one from `loadStateDict`. */
  [Symbol.iterator](): IterableIterator<B> {
    if (this.pool !== null) {
      throw new Error('DataLoader: batches from workers are asynchronous; use "for await (const batch of loader)".');
    }
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
      : this.assembleAll(epoch, epoch.batches, lease);
    return this.count(epoch, batches, lease);
  }

  /** Starts an epoch, or continues the one from `loadStateDict`, awaiting promises. */
  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const epoch = this.begin();
    const lease = new BatchLease();
    return this.countAsync(epoch, this.batchesOf(epoch, lease), lease);
  }

  private batchesOf(epoch: Epoch, lease: BatchLease): AsyncIterable<B> {
    const { pool } = this;
    if (epoch.batches !== null) {
      return pool === null
        ? this.assembleAllAsync(epoch, epoch.batches, lease)
        : this.prepareAll(pool, epoch, epoch.batches, lease);
    }
    if (pool !== null) return this.prepareStream(pool, epoch, lease);
    const samples = this.dataset as AsyncIterable<T>;
    return readStreamAsync(samples, this.batchSize, this.dropLast, epoch.skip, this.collateFunction(lease));
  }

  /** Ends the workers, which otherwise stay idle until the process ends. They start again when needed. */
  close(): void {
    this.pool?.close();
  }

  /** The loader's position, as plain data. If called in the loop's body, the current batch counts as done. */
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
   * Continues from another loader's position: the next iteration has the batches that remained there, and later ones
   * are the same as there. The sampler's generator (or the default one) is set to its state at that time. An iterable
   * data set is read from the start, and the batches that were done are skipped.
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
      this.resumed = { batches: null, skip: state.batch, seed: 0 };
    } else {
      // The epoch is drawn as it was then, and the batches that were done are skipped: only indices, no samples.
      if (this.epochStart !== null) generator?.setState(this.epochStart);
      const batches = this.batchSampler[Symbol.iterator]();
      for (let i = 0; i < state.batch; i++) batches.next();
      this.resumed = { batches, skip: state.batch, seed: this.seedOfEpoch() };
    }
    if (state.generator !== null) generator?.setState(state.generator.now);
  }

  private begin(): Epoch {
    const { resumed } = this;
    this.resumed = null;
    if (resumed !== null) return this.current = resumed;
    // Leaving an epoch in the middle ends it too.
    if (this.current !== null || this.handedOut > 0) this.epochsBegun++;
    this.handedOut = 0;
    this.epochStart = this.batchSampler?.generator?.getState() ?? null;
    const batches = this.batchSampler?.[Symbol.iterator]() ?? null;
    return this.current = { batches, skip: 0, seed: this.seedOfEpoch() };
  }

  private seedOfEpoch(): number {
    return epochSeed(this.generator.initialSeed(), this.epochStart, this.epochsBegun);
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
      yield notPromised(batch, "collate");
      lease.free();
    }
    this.end(epoch);
  }

  private async *countAsync(epoch: Epoch, batches: AsyncIterable<B>, lease: BatchLease): AsyncIterableIterator<B> {
    for await (const batch of batches) {
      if (this.current === epoch) this.handedOut++;
      yield batch;
      lease.free();
      const turn = reclaiming();
      if (turn !== null) await turn;
    }
    this.end(epoch);
  }

  private collateFunction(lease: BatchLease): (samples: Awaited<T>[]) => B {
    const collate = this.collate ?? (defaultCollate as unknown as (samples: Awaited<T>[]) => B);
    return (samples) => lease.run(() => collate(samples));
  }

  private *assembleAll(epoch: Epoch, batches: Iterator<number[]>, lease: BatchLease): Iterable<B> {
    const collate = this.collateFunction(lease);
    for (const loading of this.loadAll(epoch, batches, lease)) {
      if (loading.samples === undefined) yield notPromised(loading.batch, "getBatch") as B;
      else yield collate(loading.samples.map((sample) => notPromised(sample, "get") as Awaited<T>));
    }
  }

  private async *assembleAllAsync(epoch: Epoch, batches: Iterator<number[]>, lease: BatchLease): AsyncIterable<B> {
    const collate = this.collateFunction(lease);
    for (const loading of this.loadAll(epoch, batches, lease)) {
      if (loading.samples === undefined) yield await loading.batch as B;
      else yield collate(await Promise.all(loading.samples) as Awaited<T>[]);
    }
  }

  private *loadAll(epoch: Epoch, batches: Iterator<number[]>, lease: BatchLease): Iterable<Loaded> {
    const { seed, skip } = epoch;
    let batch = skip;
    for (let item = batches.next(); !item.done; item = batches.next(), batch++) {
      const indices = item.value;
      yield lease.run(() => loadBatch(this.mapped!, indices, { seed, batch }, this.collate === null));
    }
  }

  /** Batches from workers, some requested ahead. */
  private async *prepareAll(
    pool: WorkerPool,
    epoch: Epoch,
    batches: Iterator<number[]>,
    lease: BatchLease,
  ): AsyncIterable<B> {
    const { seed, skip } = epoch;
    const collate = this.collateFunction(lease);
    const whole = this.collate === null;
    const coming: ReturnType<WorkerPool["request"]>[] = [];
    let batch = skip;
    const askForMore = (): void => {
      while (coming.length < pool.count * pool.prefetch) {
        const item = batches.next();
        if (item.done) return;
        coming.push(pool.request({ indices: item.value, stream: { seed, batch: batch++ }, whole }));
      }
    };
    askForMore();
    while (coming.length > 0) {
      const packed = await keepingAlive(coming.shift()!);
      askForMore();
      const loaded = lease.run(() => unpack(packed!));
      yield whole ? loaded as B : collate(loaded as Awaited<T>[]);
    }
  }

  /** Batches of an iterable data set: one of each worker in turn, until all have come to the end of theirs. */
  private async *prepareStream(pool: WorkerPool, { seed, skip }: Epoch, lease: BatchLease): AsyncIterable<B> {
    const collate = this.collateFunction(lease);
    const whole = this.collate === null;
    const next = { epoch: pool.newStream(), seed, batchSize: this.batchSize, dropLast: this.dropLast };
    const ask = (worker: number): ReturnType<WorkerPool["request"]> => pool.request({ next, worker, whole });
    const active = Array.from({ length: pool.count }, (_, worker) => {
      return { worker, coming: Array.from({ length: pool.prefetch }, () => ask(worker)) };
    });
    try {
      for (let turn = 0, passed = 0; active.length > 0;) {
        if (turn >= active.length) turn = 0;
        const { worker, coming } = active[turn]!;
        const packed = await keepingAlive(coming.shift()!);
        if (packed === null) {
          active.splice(turn, 1);
          continue;
        }
        coming.push(ask(worker));
        turn++;
        if (passed++ < skip) continue;
        const loaded = lease.run(() => unpack(packed));
        yield whole ? loaded as B : collate(loaded as Awaited<T>[]);
      }
    } finally {
      pool.endStream(next.epoch);
    }
  }
}

/** Workers do not keep the process alive, but a pending request does. */
async function keepingAlive<V>(request: Promise<V>): Promise<V> {
  const alive = setInterval(() => {}, LONG_MS);
  return await request.finally(() => clearInterval(alive));
}

function notPromised<V>(value: V, method: "get" | "getBatch" | "collate"): V {
  if (!(value instanceof Promise)) return value;
  value.catch(() => {}); // only the error below should show
  const whose = method === "collate" ? "collate" : `the data set's ${method}`;
  throw new Error(`DataLoader: ${whose} returns promises; use "for await (const batch of loader)".`);
}

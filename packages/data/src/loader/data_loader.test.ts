import { arange, Generator, keep, manualSeed, memory, rand, Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../datasets/dataset.ts";
import { ListDataset } from "../datasets/list_dataset.ts";
import { TensorDataset } from "../datasets/tensor_dataset.ts";
import { BatchSampler } from "../samplers/batch_sampler.ts";
import { RandomSampler, SubsetRandomSampler } from "../samplers/index_samplers.ts";
import { Table } from "../table.ts";
import { DataLoader } from "./data_loader.ts";

const numbers = (n: number): ListDataset<number> => new ListDataset(Array.from({ length: n }, (_, i) => i));
const values = (batches: Iterable<Tensor>): unknown[] => Array.from(batches, (batch) => batch.toArray());
const sorted = (of: unknown[]): number[] => (of.flat() as number[]).sort((a, b) => a - b);
const promised: Dataset<Promise<number>> = { length: 5, get: (i) => Promise.resolve(i * 10) };
function* count(n: number): Generator_ {
  for (let i = 0; i < n; i++) yield i;
}
type Generator_ = IterableIterator<number>;
const stream = (n: number): Iterable<number> => ({ [Symbol.iterator]: () => count(n) });
const asyncStream = (n: number): AsyncIterable<number> => ({
  async *[Symbol.asyncIterator]() {
    yield* count(n);
  },
});
async function asyncValues(batches: AsyncIterable<Tensor>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const batch of batches) found.push(batch.toArray());
  return found;
}

describe("batches", () => {
  test("in order, the last one smaller or left out", () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    expect(values(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(values(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(loader.length).toBe(3);
    const dropping = new DataLoader(numbers(5), { batchSize: 2, dropLast: true });
    expect(values(dropping)).toEqual([[0, 1], [2, 3]]);
    expect(dropping.length).toBe(2);
    expect(values(new DataLoader(numbers(2)))).toEqual([[0], [1]]);
  });

  test("shuffled by the generator, differently in each epoch", () => {
    const make = (): DataLoader<number> =>
      new DataLoader(numbers(20), { batchSize: 6, shuffle: true, generator: new Generator(1) });
    const loader = make();
    const [first, second] = [values(loader), values(loader)];
    expect(sorted(first)).toEqual(sorted(values(new DataLoader(numbers(20)))));
    expect(first).not.toEqual(second);
    const again = make();
    expect([values(again), values(again)]).toEqual([first, second]);
  });

  test("by a sampler or a batch sampler", () => {
    const sampler = new SubsetRandomSampler([3, 4]);
    expect(sorted(values(new DataLoader(numbers(9), { sampler, batchSize: 2 })))).toEqual([3, 4]);
    const batchSampler = { length: 2, [Symbol.iterator]: () => [[1, 0], [8]].values() };
    const loader = new DataLoader(numbers(9), { batchSampler });
    expect(values(loader)).toEqual([[1, 0], [8]]);
    expect(loader.length).toBe(2);
  });

  test("by a collate function, which has precedence over the data set's getBatch", () => {
    const data = new TensorDataset(arange(4));
    const loader = new DataLoader(data, { batchSize: 2, collate: (samples) => samples.map(([x]) => x.item()) });
    expect([...loader]).toEqual([[0, 1], [2, 3]]);
  });

  test("by the data set's getBatch, if it has one", () => {
    let calls = 0;
    const data: Dataset<number> = {
      length: 5,
      get: () => {
        throw new Error("one by one");
      },
      getBatch: (indices) => {
        calls++;
        return arange(indices[0]!, indices[0]! + indices.length);
      },
    };
    expect(values(new DataLoader(data, { batchSize: 2 }))).toEqual([[0, 1], [2, 3], [4]]);
    expect(calls).toBe(3);
  });

  test("of an array, of records", () => {
    const loader = new DataLoader([{ x: 1, name: "a" }, { x: 2, name: "b" }], { batchSize: 2, shuffle: false });
    const [batch] = loader;
    const { x, name } = batch as unknown as { x: Tensor; name: string[] };
    expect([x.toArray(), name]).toEqual([[1, 2], ["a", "b"]]);
  });
});

describe("asynchronous data sets", () => {
  test("are read with for await, and refuse a plain for", async () => {
    const loader = new DataLoader(promised, { batchSize: 2 });
    expect(await asyncValues(loader)).toEqual([[0, 10], [20, 30], [40]]);
    expect(() => [...loader]).toThrow(/get returns promises; use "for await/);
    const batched: Dataset<Promise<number>> = { ...promised, getBatch: (i) => Promise.resolve(arange(i.length)) };
    expect(await asyncValues(new DataLoader(batched, { batchSize: 3 }))).toEqual([[0, 1, 2], [0, 1]]);
    expect(() => [...new DataLoader(batched)]).toThrow(/getBatch returns promises/);
  });

  test("synchronous data sets can be read with for await, too", async () => {
    expect(await asyncValues(new DataLoader(numbers(3), { batchSize: 2 }))).toEqual([[0, 1], [2]]);
  });

  test("a sample that fails fails the loop", async () => {
    const failing: Dataset<Promise<number>> = {
      length: 3,
      get: (i) => i === 2 ? Promise.reject(new Error("torn page")) : Promise.resolve(i),
    };
    await expect(asyncValues(new DataLoader(failing))).rejects.toThrow("torn page");
  });
});

describe("iterable data sets", () => {
  test("are read from the start in every epoch", async () => {
    const loader = new DataLoader(stream(5), { batchSize: 2 });
    expect(values(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(values(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(values(new DataLoader(stream(5), { batchSize: 2, dropLast: true }))).toEqual([[0, 1], [2, 3]]);
    expect(await asyncValues(new DataLoader(stream(3), { batchSize: 2 }))).toEqual([[0, 1], [2]]);
    expect(await asyncValues(new DataLoader(asyncStream(3), { batchSize: 2 }))).toEqual([[0, 1], [2]]);
  });

  test("know no length, no order, and asynchronous ones no plain for", () => {
    expect(() => new DataLoader(stream(5)).length).toThrow(/is unknown until/);
    expect(() => new DataLoader(stream(5), { shuffle: true })).toThrow(/decides its own order; leave out shuffle/);
    expect(() => [...new DataLoader(asyncStream(5))]).toThrow(/for await/);
  });

  test("a loop that is left closes the source", () => {
    let closed = false;
    const source: Iterable<number> = {
      *[Symbol.iterator]() {
        try {
          yield* count(100);
        } finally {
          closed = true;
        }
      },
    };
    for (const _ of new DataLoader(source, { batchSize: 2 })) break;
    expect(closed).toBe(true);
  });
});

describe("stateDict and loadStateDict", () => {
  const make = (seed: number): DataLoader<number> =>
    new DataLoader(numbers(23), { batchSize: 4, shuffle: true, generator: new Generator(seed) });

  test.each([1, 3, 5, 6])("an epoch is resumed after batch %i with exactly the batches that remain", (stop) => {
    const whole = make(7);
    const epochs = [values(whole), values(whole), values(whole)];

    const loader = make(7);
    values(loader);
    const seen: unknown[] = [];
    let saved = "";
    for (const batch of loader) {
      seen.push(batch.toArray());
      if (seen.length < stop) continue;
      saved = JSON.stringify(loader.stateDict());
      break;
    }
    const resumed = make(99); // another seed: the state brings the right one
    resumed.loadStateDict(JSON.parse(saved));
    expect(resumed.epoch).toBe(1);
    expect([...seen, ...values(resumed)]).toEqual(epochs[1]);
    expect(resumed.epoch).toBe(2);
    expect(values(resumed)).toEqual(epochs[2]);
  });

  test("between epochs, and before the first", () => {
    const whole = make(7);
    const epochs = [values(whole), values(whole)];
    const fresh = make(7);
    const before = fresh.stateDict();
    const first = make(1);
    first.loadStateDict(before);
    expect([values(first), values(first)]).toEqual(epochs);
    values(fresh);
    const second = make(1);
    second.loadStateDict(fresh.stateDict());
    expect(values(second)).toEqual(epochs[1]);
  });

  test("the state is right also when others draw from the same generator during the epoch", () => {
    const run = (loader: DataLoader<number>, generator: Generator, from: number): unknown[] => {
      const seen: unknown[] = [];
      for (const batch of loader) {
        seen.push([batch.toArray(), rand([2], { generator }).toArray()]);
        if (from > 0 && seen.length === from) break;
      }
      return seen;
    };
    const loaderOf = (generator: Generator): DataLoader<number> =>
      new DataLoader(numbers(10), { batchSize: 2, shuffle: true, generator });
    const [g1, g2, g3] = [new Generator(4), new Generator(4), new Generator(5)];
    const whole = loaderOf(g1);
    const expected = [...run(whole, g1, 0), ...run(whole, g1, 0)];
    const broken = loaderOf(g2);
    const start = run(broken, g2, 3);
    const resumed = loaderOf(g3);
    resumed.loadStateDict(broken.stateDict());
    expect([...start, ...run(resumed, g3, 0), ...run(resumed, g3, 0)]).toEqual(expected);
  });

  test("with the default generator", () => {
    const make = (): DataLoader<number> => new DataLoader(numbers(9), { batchSize: 2, shuffle: true });
    manualSeed(1);
    const expected = values(make());
    manualSeed(1);
    const loader = make();
    const iterator = loader[Symbol.iterator]();
    const seen = [iterator.next().value!.toArray()];
    const state = loader.stateDict();
    manualSeed(1234);
    const resumed = make();
    resumed.loadStateDict(state);
    expect([...seen, ...values(resumed)]).toEqual(expected);
  });

  test("without shuffling, with samplers of one's own, asynchronously", async () => {
    const plain = new DataLoader(promised, { batchSize: 2 });
    for await (const _ of plain) break;
    const resumed = new DataLoader(promised, { batchSize: 2 });
    resumed.loadStateDict(plain.stateDict());
    expect(await asyncValues(resumed)).toEqual([[20, 30], [40]]);
    expect(await asyncValues(resumed)).toEqual([[0, 10], [20, 30], [40]]);

    const byBatches = (seed: number): DataLoader<number> =>
      new DataLoader(numbers(6), {
        batchSampler: new BatchSampler(new RandomSampler({ length: 6 }, { generator: new Generator(seed) }), 2),
      });
    const expected = values(byBatches(1));
    const first = byBatches(1);
    for (const _ of first) break;
    const second = byBatches(2);
    second.loadStateDict(first.stateDict());
    expect(values(second)).toEqual(expected.slice(1));
  });

  test("iterable data sets pass over what was handed out", async () => {
    const first = new DataLoader(stream(7), { batchSize: 2 });
    let n = 0;
    for (const _ of first) if (++n === 2) break;
    const resumed = new DataLoader(stream(7), { batchSize: 2 });
    resumed.loadStateDict(first.stateDict());
    expect(values(resumed)).toEqual([[4, 5], [6]]);
    expect(values(resumed).length).toBe(4);
    const later = new DataLoader(asyncStream(7), { batchSize: 2 });
    later.loadStateDict(first.stateDict());
    expect(await asyncValues(later)).toEqual([[4, 5], [6]]);
  });

  test("a loop that is left and begun anew is a new epoch", () => {
    const loader = new DataLoader(numbers(6), { batchSize: 2 });
    for (const _ of loader) break;
    expect([loader.epoch, loader.stateDict().batch]).toEqual([0, 1]);
    expect(values(loader).length).toBe(3);
    expect([loader.epoch, loader.stateDict().batch]).toEqual([2, 0]);
  });

  test("states of other loaders are refused", () => {
    const state = make(1).stateDict();
    const other = (n: number, shuffle: boolean): DataLoader<number> =>
      new DataLoader(numbers(n), { batchSize: 4, shuffle });
    expect(() => other(30, true).loadStateDict(state)).toThrow(/6 batches an epoch, this one has 8/);
    expect(() => other(23, false).loadStateDict(state)).toThrow(/with a random sampler, this one is without/);
    expect(() => make(1).loadStateDict({ ...state, batch: 7 })).toThrow(/batch 7 is beyond the 6/);
    expect(() => make(1).loadStateDict({ ...state, batch: -1 })).toThrow(/batch -1/);
    expect(() => make(1).loadStateDict({} as never)).toThrow(/version 1\), got \{\}/);
    expect(() => make(1).loadStateDict(null as never)).toThrow(/got null/);
  });
});

describe("bad arguments", () => {
  test("are refused with the remedy", () => {
    const make = (options: object) => () => new DataLoader(numbers(5), options);
    for (const batchSize of [0, -3, 2.5, NaN]) {
      expect(make({ batchSize })).toThrow(`DataLoader: batchSize must be a positive integer, got ${batchSize}`);
    }
    expect(make({ batch_size: 2 })).toThrow(/unknown option "batch_size", did you mean "batchSize"/);
    expect(make({ sampler: new RandomSampler({ length: 5 }), shuffle: true })).toThrow(/leave out shuffle/);
    expect(make({ batchSampler: new BatchSampler(new RandomSampler({ length: 5 }), 2), batchSize: 2, dropLast: true }))
      .toThrow(/leave out batchSize, dropLast/);
    expect(make({ batchSize: 6, dropLast: true })).toThrow(
      /no batch to load, from 5 samples with batchSize 6 and dropLast/,
    );
    expect(() => new DataLoader(numbers(0))).toThrow(/the data set is empty/);
    expect(() => new DataLoader([])).toThrow(/the data set is empty/);
  });

  test("a sampler with an index out of range is an error of the data set, naming it", () => {
    const loader = new DataLoader(numbers(5), { sampler: new SubsetRandomSampler([0, 5]), batchSize: 2 });
    expect(() => [...loader]).toThrow(/index 5 is out of range for 5 samples/);
    const tensors = new DataLoader(new TensorDataset(arange(5)), { sampler: new SubsetRandomSampler([7]) });
    expect(() => [...tensors]).toThrow(/index 7 is out of range for 5 samples/);
  });
});

describe("the memory of batches", () => {
  const three = new TensorDataset(tensor([[1], [2], [3]]));

  test("a batch goes when the next is asked for; one that was taken out stays", () => {
    const before = memory().storages;
    const seen: Tensor[] = [];
    for (const [x] of new DataLoader(three, { batchSize: 1 })) {
      expect(seen.every((earlier) => earlier.isDisposed)).toBe(true);
      expect(x!.isDisposed).toBe(false);
      seen.push(x!);
    }
    expect(seen.map((x) => x.isDisposed)).toEqual([true, true, true]);
    expect(memory().storages).toBe(before);
    const [batch] = new DataLoader(three);
    const [first] = batch as unknown as Tensor[];
    expect(first!.toArray()).toEqual([[1]]);
    expect(three.get(0)[0]!.toArray()).toEqual([1]);
  });

  test("what is kept stays, and the loop's body is nobody's but its own", () => {
    const kept: Tensor[] = [];
    const sums: Tensor[] = [];
    for (const [x] of new DataLoader(three, { batchSize: 2 })) {
      kept.push(keep(x!));
      sums.push(x!.sum());
    }
    expect(kept.map((x) => x.toArray())).toEqual([[[1], [2]], [[3]]]);
    expect(sums.map((x) => x.item())).toEqual([3, 3]);
  });
});

test.each(["abc", null, undefined, {}, 3, true, () => [], new Map().get, { get: () => 1 }, { length: 3 }])(
  "%j is no data set",
  (wrong) => {
    expect(() => new DataLoader(wrong as never)).toThrow(TypeError);
    expect(() => new DataLoader(wrong as never)).toThrow(/^DataLoader: expected a data set/);
  },
);

test("a table is no data set, and the error names the method that makes one", () => {
  const table = Table.fromColumns({ x: [1, 2], y: [3, 4] });
  expect(() => new DataLoader(table as never)).toThrow(
    'got an object of class Table; its method toDataset makes one, as in table.toDataset({ features: ["width", "height"], target: "kind" })',
  );
});

import { arange, Generator, ones, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ConcatDataset } from "./concat_dataset.ts";
import type { Dataset } from "./dataset.ts";
import { ListDataset } from "./list_dataset.ts";
import { kFold, randomSplit } from "./split.ts";
import { Subset } from "./subset.ts";
import { TensorDataset } from "./tensor_dataset.ts";

const numbers = (n: number): ListDataset<number> => new ListDataset(Array.from({ length: n }, (_, i) => i));
const all = <T>(dataset: Dataset<T>): T[] => Array.from({ length: dataset.length }, (_, i) => dataset.get(i));
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

describe("ListDataset", () => {
  test("gives samples by index and refuses other indices", () => {
    const data = new ListDataset(["a", "b"]);
    expect(all(data)).toEqual(["a", "b"]);
    for (const index of [2, -1, 0.5, NaN]) {
      expect(() => data.get(index)).toThrow(`ListDataset.get: index ${index} is out of range for 2 samples`);
    }
    expect(() => new ListDataset([]).get(0)).toThrow(/out of range for 0 samples, there is nothing to get/);
  });
});

describe("TensorDataset", () => {
  const x = arange(12).reshape(4, 3);
  const y = tensor([5, 6, 7, 8], { dtype: "int32" });

  test("samples are views, batches are copies", () => {
    const data = new TensorDataset(x.clone(), y);
    expect(data.length).toBe(4);
    const [row, label] = data.get(2);
    expect([row.toArray(), label.item()]).toEqual([[6, 7, 8], 7]);
    row.fill_(0);
    expect(data.tensors[0].toArray()).toEqual([[0, 1, 2], [3, 4, 5], [0, 0, 0], [9, 10, 11]]);
    const [rows, labels] = data.getBatch([3, 0, 3]);
    expect(rows!.toArray()).toEqual([[9, 10, 11], [0, 1, 2], [9, 10, 11]]);
    expect([labels!.dtype, labels!.toArray()]).toEqual(["int32", [8, 5, 8]]);
    rows!.fill_(1);
    expect(data.get(3)[0].toArray()).toEqual([9, 10, 11]);
  });

  test("tensors of different first dimensions, none, and 0-dimensional ones are refused", () => {
    expect(() => new TensorDataset(x, arange(3))).toThrow(/TensorDataset: the first dimension.*\[4, 3\] and \[3\]/);
    expect(() => new TensorDataset(tensor(1))).toThrow(/TensorDataset.*\[\]/);
    expect(() => new TensorDataset(...([] as unknown as [Tensor]))).toThrow(/no tensor/);
    expect(() => new TensorDataset(x).get(4)).toThrow(/index 4 is out of range for 4 samples/);
    expect(() => new TensorDataset(x).getBatch([0, -1])).toThrow(/index -1 is out of range/);
  });
});

describe("Subset", () => {
  test("has the given samples in the given order, and batches where the whole has them", () => {
    const subset = new Subset(numbers(10), [7, 2, 2]);
    expect(all(subset)).toEqual([7, 2, 2]);
    expect(subset.getBatch).toBeUndefined();
    const tensors = new Subset(new TensorDataset(arange(10)), [7, 2]);
    expect(tensors.getBatch!([1, 0]).map((t) => t.toArray())).toEqual([[2, 7]]);
  });

  test("indices out of range are refused when it is made and when it is read", () => {
    expect(() => new Subset(numbers(3), [0, 3])).toThrow(/Subset: index 3 is out of range for 3 samples/);
    expect(() => new Subset(numbers(3), [0, -1])).toThrow(/index -1/);
    expect(() => new Subset(numbers(3), [0, 1]).get(2)).toThrow(/Subset.get: index 2 is out of range for 2 samples/);
  });
});

describe("ConcatDataset", () => {
  test("goes through its parts, empty ones too", () => {
    const data = new ConcatDataset([numbers(2), numbers(0), numbers(3)]);
    expect(all(data)).toEqual([0, 1, 0, 1, 2]);
    expect(data.cumulativeSizes).toEqual([2, 2, 5]);
    expect(() => data.get(5)).toThrow(/ConcatDataset.get: index 5 is out of range for 5 samples/);
    expect(() => new ConcatDataset([])).toThrow(/list of data sets is empty/);
  });

  test("batches across parts keep the order asked for", () => {
    const part = (from: number): TensorDataset<[Tensor, Tensor]> =>
      new TensorDataset(arange(from, from + 3), arange(from * 10, from * 10 + 3));
    const data = new ConcatDataset([part(0), part(10)]);
    const [a, b] = data.getBatch!([4, 0, 5, 1, 4]);
    expect(a.toArray()).toEqual([11, 0, 12, 1, 11]);
    expect(b.toArray()).toEqual([101, 0, 102, 1, 101]);
    expect(data.getBatch!([5, 3])[0].toArray()).toEqual([12, 10]);
    expect(new ConcatDataset<unknown>([part(0), numbers(2)]).getBatch).toBeUndefined();
  });

  test("batches that are not all tensors are collated from samples", () => {
    const words = (...all: string[]): Dataset<string> => ({
      length: all.length,
      get: (i) => all[i]!,
      getBatch: (indices) => indices.map((i) => all[i]!),
    });
    expect(new ConcatDataset([words("a", "b"), words("c")]).getBatch!([2, 0])).toEqual(["c", "a"]);
  });

  test("batches with different fields are refused, not cut to those of the first", () => {
    const part = (fields: readonly string[]): Dataset<object> => ({
      length: 1,
      get: () => Object.fromEntries(fields.map((field) => [field, 1])),
      getBatch: () => Object.fromEntries(fields.map((field) => [field, arange(0, 1)])) as object,
    });
    expect(() => new ConcatDataset([part(["a"]), part(["a", "b"])]).getBatch!([0, 1])).toThrow(
      /has the fields \{a\}, but sample 1 has \{a, b\}/,
    );
  });

  test("promised batches are awaited", async () => {
    const part = (from: number): Dataset<Promise<Tensor>> => {
      const data = new TensorDataset(arange(from, from + 3));
      return {
        length: 3,
        get: (i) => Promise.resolve(data.get(i)[0]),
        getBatch: (indices) => Promise.resolve(data.getBatch(indices)[0]),
      };
    };
    expect((await new ConcatDataset([part(0), part(10)]).getBatch!([3, 2])).toArray()).toEqual([10, 2]);
  });
});

describe("randomSplit", () => {
  test("parts have the sizes asked for, do not overlap, and follow the generator", () => {
    const split = (seed: number): number[][] =>
      randomSplit(numbers(10), [7, 3], { generator: new Generator(seed) }).map(all);
    expect(split(1).map((part) => part.length)).toEqual([7, 3]);
    expect(sorted(split(1).flat())).toEqual(all(numbers(10)));
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    expect(split(1).flat()).not.toEqual(all(numbers(10)));
  });

  test("fractions: the floor for each, the rest from the first on", () => {
    const sizes = (n: number, fractions: number[]): number[] =>
      randomSplit(numbers(n), fractions).map((part) => part.length);
    expect(sizes(10, [0.7, 0.2, 0.1])).toEqual([7, 2, 1]);
    expect(sizes(10, [0.25, 0.25, 0.5])).toEqual([3, 2, 5]);
    expect(sizes(7, [0.5, 0.5])).toEqual([4, 3]);
    expect(sizes(1, [1])).toEqual([1]);
    expect(sizes(4, [4, 0])).toEqual([4, 0]);
  });

  test("lengths that do not add up are refused", () => {
    expect(() => randomSplit(numbers(10), [7, 2])).toThrow(/\[7, 2\] add up to 9.*10 samples/);
    expect(() => randomSplit(numbers(10), [0.5, 0.4])).toThrow(/add up to 0\.9/);
    expect(() => randomSplit(numbers(10), [11, -1])).toThrow(/must not be negative/);
    expect(() => randomSplit(numbers(10), [NaN])).toThrow(/must not be negative/);
    expect(() => randomSplit(numbers(2), [1, 1], { seed: 1 } as object)).toThrow(/unknown option "seed"/);
  });
});

describe("kFold", () => {
  test("every sample is validated on once, and trained on in all other folds", () => {
    const folds = kFold(numbers(11), 3, { generator: new Generator(1) });
    expect(folds.map(({ train, val }) => [train.length, val.length]).sort()).toEqual([[7, 4], [7, 4], [8, 3]]);
    expect(sorted(folds.flatMap(({ val }) => all(val)))).toEqual(all(numbers(11)));
    for (const { train, val } of folds) expect(sorted([...all(train), ...all(val)])).toEqual(all(numbers(11)));
  });

  test("shuffling follows the generator and can be turned off", () => {
    const vals = (seed: number): number[][] =>
      kFold(numbers(20), 4, { generator: new Generator(seed) }).map(({ val }) => all(val));
    expect(vals(1)).toEqual(vals(1));
    expect(vals(1)).not.toEqual(vals(2));
    expect(kFold(numbers(5), 2, { shuffle: false }).map(({ val }) => all(val))).toEqual([[0, 1, 2], [3, 4]]);
  });

  test("stratified folds have the classes in equal shares, and equal sizes", () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i < 30 ? 0 : i < 43 ? 1 : 2)); // 30, 13 and 7
    for (const stratify of [labels, tensor(labels, { dtype: "int32" })]) {
      const folds = kFold(numbers(50), 5, { stratify, generator: new Generator(3) });
      for (const { val } of folds) {
        expect(val.length).toBe(10);
        const counts = [0, 1, 2].map((c) => all(val).filter((i) => labels[i] === c).length);
        expect(counts[0]).toBe(6);
        expect([2, 3]).toContain(counts[1]);
        expect([1, 2]).toContain(counts[2]);
      }
    }
  });

  test("bad arguments are refused", () => {
    for (const k of [1, 0, 2.5, 6]) {
      expect(() => kFold(numbers(5), k)).toThrow(`k must be an integer from 2 to the number of samples, 5, got ${k}`);
    }
    expect(() => kFold(numbers(5), 2, { stratify: [0, 1] })).toThrow(/stratify has 2 classes for 5 samples/);
    expect(() => kFold(numbers(5), 2, { stratified: true } as object)).toThrow(/unknown option "stratified"/);
  });
});

test("TensorDataset says what is no tensor", () => {
  const x = ones([2]);
  expect(() => new TensorDataset([x] as never)).toThrow(/^TensorDataset: expected tensors one by one, got an array/);
  expect(() => new TensorDataset(x, 3 as never)).toThrow(/^TensorDataset: argument 1 is not a tensor but 3/);
  expect(() => new TensorDataset(undefined as never)).toThrow(
    /^TensorDataset: argument 0 is not a tensor but undefined/,
  );
});

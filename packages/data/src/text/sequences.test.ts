import { Generator, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { DataLoader } from "../loader/data_loader.ts";
import { LanguageModelWindows } from "./language_model_windows.ts";
import { collatePairs, padSequences } from "./pad_sequences.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("padSequences", () => {
  test("fills the ends, with whatever is wanted and as far as wanted", () => {
    const { tokens, lengths } = padSequences([[1, 2], Int32Array.of(3), []], { value: 9, length: 3 });
    expect(tokens.toArray()).toEqual([[1, 2, 9], [3, 9, 9], [9, 9, 9]]);
    expect([tokens.dtype, lengths]).toEqual(["int32", [2, 1, 0]]);
  });

  test("a sentence that is too long is an error, or cut", () => {
    expect(() => padSequences([[1], [1, 2, 3]], { length: 2 })).toThrow(
      /row 1 has 3 tokens, more than length 2.*truncate/s,
    );
    const { tokens, lengths } = padSequences([[1], [1, 2, 3]], { length: 2, truncate: true });
    expect([tokens.toArray(), lengths]).toEqual([[[1, 0], [1, 2]], [1, 2]]);
  });

  test("bad input is refused", () => {
    expect(() => padSequences([])).toThrow(/no tokens in 0 rows/);
    expect(() => padSequences([[], []])).toThrow(/no tokens in 2 rows/);
    expect(() => padSequences([[1], [2, 1.5]])).toThrow(/row 1 has 1.5/);
    expect(() => padSequences([[2 ** 31]])).toThrow(/row 0 has 2147483648/);
    expect(() => padSequences([[1]], { value: NaN })).toThrow(/value has NaN/);
    expect(() => padSequences([[1]], { length: 1.5 })).toThrow(/length must be a positive integer, got 1.5/);
    expect(() => padSequences([[1]], { padding: 1 } as object)).toThrow(/unknown option "padding"/);
  });
});

test("collatePairs pads each side on its own", () => {
  const pairs: [number[], number[]][] = [[[4, 5], [6]], [[7], [8, 9, 4]]];
  const loader = new DataLoader(pairs, { batchSize: 2, collate: collatePairs({ pad: [1, 2] }) });
  for (const { source, target } of loader) {
    expect(source.tokens.toArray()).toEqual([[4, 5], [7, 1]]);
    expect(target.tokens.toArray()).toEqual([[6, 2, 2], [8, 9, 4]]);
    expect([source.lengths, target.lengths]).toEqual([[2, 1], [1, 3]]);
  }
  expect(() => collatePairs({ value: 1 } as object)).toThrow(/unknown option/);
});

describe("LanguageModelWindows", () => {
  const read = (windows: LanguageModelWindows, i: number): number[][] => windows.get(i).map((ids) => [...ids]);

  test("the target is the input one later, and each token but the first is a target once", () => {
    const windows = new LanguageModelWindows(range(10), 3);
    expect(windows.length).toBe(3);
    expect(read(windows, 1)).toEqual([[3, 4, 5], [4, 5, 6]]);
    expect(range(3).flatMap((i) => read(windows, i)[1]!)).toEqual(range(9).map((i) => i + 1));
  });

  test("as many as fit", () => {
    expect(new LanguageModelWindows(range(4), 3).length).toBe(1);
    expect(new LanguageModelWindows(range(6), 3).length).toBe(1);
    expect(new LanguageModelWindows(range(7), 3).length).toBe(2);
    const dense = new LanguageModelWindows(range(6), 3, { stride: 1 });
    expect(dense.length).toBe(3);
    expect(read(dense, 2)).toEqual([[2, 3, 4], [3, 4, 5]]);
  });

  test("batches are the samples stacked, in int32", () => {
    const windows = new LanguageModelWindows(Int32Array.from(range(20)), 4);
    const [input, target] = windows.getBatch([3, 0]);
    expect(input.dtype).toBe("int32");
    expect(input.toArray()).toEqual([[12, 13, 14, 15], [0, 1, 2, 3]]);
    expect(target.toArray()).toEqual([[13, 14, 15, 16], [1, 2, 3, 4]]);
    const shapes = [...new DataLoader(windows, { batchSize: 3 })].map((batch) => batch.map((t) => t.shape));
    expect(shapes).toEqual([[[3, 4], [3, 4]], [[1, 4], [1, 4]]]);
  });

  test("random ones begin anywhere, follow the generator, and reach both ends of the text", () => {
    const windows = new LanguageModelWindows(range(12), 4, { random: true });
    const draw = (seed: number): number[] => {
      const starts: number[] = [];
      const loader = new DataLoader<[Int32Array, Int32Array], [Tensor, Tensor]>(windows, {
        batchSize: 2,
        generator: new Generator(seed),
      });
      for (let epoch = 0; epoch < 60; epoch++) {
        for (const [input, target] of loader) {
          expect(target.toArray()).toEqual(input.toArray<number[][]>().map((row) => row.map((id) => id + 1)));
          for (const row of input.toArray<number[][]>()) starts.push(row[0]!);
        }
      }
      return starts;
    };
    const starts = draw(1);
    expect([...new Set(starts)].sort((a, b) => a - b)).toEqual(range(8));
    expect(draw(1)).toEqual(starts);
    expect(draw(2)).not.toEqual(starts);
    expect(windows.get(0, new Generator(3))).toEqual(windows.get(1, new Generator(3)));
  });

  test("bad input is refused", () => {
    expect(() => new LanguageModelWindows([1, 2, 3], 3)).toThrow(
      /3 tokens are too few for a window of 3 and the token/,
    );
    expect(() => new LanguageModelWindows([1, 2, -3], 1)).toThrow(/token 2 of the text is -3/);
    expect(() => new LanguageModelWindows([1, 2.5, 3], 1)).toThrow(/token 1 of the text is 2\.5/);
    expect(() => new LanguageModelWindows(range(9), 0)).toThrow(/length must be a positive integer/);
    expect(() => new LanguageModelWindows(range(9), 2, { stride: 0 })).toThrow(/stride must be a positive integer/);
    expect(() => new LanguageModelWindows(range(9), 2).get(9)).toThrow(/out of range/);
    expect(() => new LanguageModelWindows(range(9), 2, { shuffle: true } as object)).toThrow(/unknown option/);
  });
});

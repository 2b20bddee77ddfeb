import { defaultGenerator, Generator, manualSeed, rand, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ConcatDataset } from "../datasets/concat_dataset.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { Subset } from "../datasets/subset.ts";
import { DrawnDigits } from "../drawn_digits/drawn_digits.ts";
import { Compose } from "../transforms/compose.ts";
import { RandomCrop } from "../transforms/crop.ts";
import { Lambda } from "../transforms/lambda.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import { branch, epochSeed, generatorOf } from "./batch_stream.ts";
import { DataLoader } from "./data_loader.ts";
import type { LoaderOptions } from "./loader_options.ts";

/** Samples that are nothing but what they draw. */
const noise: Dataset<number> = { length: 10, get: (_, generator) => generator!.uniforms(1)[0]! };
const crop = new Compose([new ToTensor(), new RandomCrop(28, { padding: 8 })]);
const digits = new DrawnDigits({ size: 12, transform: crop });
const read = <T, B>(data: Dataset<T>, options: LoaderOptions<Awaited<T>, B>): string[] =>
  Array.from(new DataLoader(data, options), (batch) => asText(batch));
const asText = (batch: unknown): string => {
  const tensor = (Array.isArray(batch) ? batch[0] : batch) as Tensor;
  return tensor.toTypedArray().join();
};

describe("what random transforms draw", () => {
  test("depends on the loader's generator, the epoch and the place, not on what else is drawn", () => {
    const make = (seed: number) => new DataLoader(digits, { batchSize: 4, generator: new Generator(seed) });
    const [a, b, c] = [make(1), make(1), make(2)];
    const first = Array.from(a, asText);
    rand([3]);
    expect(Array.from(b, asText)).toEqual(first);
    const second = Array.from(a, asText);
    expect(second).not.toEqual(first);
    rand([5]);
    expect(Array.from(b, asText)).toEqual(second);
    expect(Array.from(c, asText)).not.toEqual(first);
  });

  test("is not taken from the loader's generator, which decides the order alone", () => {
    const generator = new Generator(1);
    const state = (data: Dataset<unknown>): unknown => {
      generator.manualSeed(1);
      Array.from(new DataLoader(data, { batchSize: 4, shuffle: true, generator }));
      return generator.getState();
    };
    expect(state(digits)).toEqual(state(new DrawnDigits({ size: 12 })));
  });

  test("without a generator comes from the seed of the default one", () => {
    const run = (seed: number): string[] => {
      manualSeed(seed);
      return read(noise, { batchSize: 5 });
    };
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
    const before = defaultGenerator.getState();
    read(noise, { batchSize: 5 });
    expect(defaultGenerator.getState()).toEqual(before);
  });

  test("differs between samples, and between epochs of a shuffled loader begun anew", () => {
    const generator = new Generator(0);
    const values = [1, 2].flatMap(() => read(noise, { batchSize: 3, shuffle: true, generator })).join().split(",");
    expect(values).toHaveLength(20);
    expect(new Set(values).size).toBe(20);
  });

  test.each([true, false])("is the same in an epoch taken up in the middle (shuffle: %s)", (shuffle) => {
    for (const data of [digits, noise] as Dataset<unknown>[]) {
      const make = (seed: number) => new DataLoader(data, { batchSize: 3, shuffle, generator: new Generator(seed) });
      const first = make(7);
      Array.from(first);
      const seen: string[] = [];
      let state = "";
      for (const batch of first) {
        seen.push(asText(batch));
        if (seen.length === 2) state = JSON.stringify(first.stateDict());
      }
      const second = make(7);
      second.loadStateDict(JSON.parse(state));
      expect(Array.from(second, asText)).toEqual(seen.slice(2));
      expect(Array.from(second, asText)).toEqual(Array.from(first, asText));
    }
  });

  test("goes through subsets and concatenations", async () => {
    const options = { batchSize: 6, generator: new Generator(3) };
    const part = new Subset(digits, [1, 2, 3, 4, 5, 6]);
    const [images] = digits.getBatch([1, 2, 3, 4, 5, 6], generatorOf({ seed: epochSeed(3, null, 0), batch: 0 }));
    expect(read(part, options)).toEqual([asText(images)]);
    expect(read(new ConcatDataset([part]), options)).toEqual([asText(images)]);
    const both = new ConcatDataset([part, part]);
    expect(read(both, options)).toEqual(read(both, options));
    expect(read(new Subset(new ConcatDataset([noise, noise]), [0, 15]), { batchSize: 2 })[0]).toMatch(
      /^0\.\d+,0\.\d+$/,
    );
    // One that has to be waited for, in an order of its own.
    const slow: Dataset<Promise<number>> = {
      length: 6,
      get: async (i, generator) => {
        await new Promise((resolve) => setTimeout(resolve, 6 - i));
        return generator!.uniforms(1)[0]!;
      },
    };
    const waited: string[] = [];
    for await (const batch of new DataLoader(slow, { batchSize: 3, generator: new Generator(5) })) {
      waited.push(asText(batch));
    }
    expect(waited).toEqual(read(new Subset(noise, [0, 1, 2, 3, 4, 5]), { batchSize: 3, generator: new Generator(5) }));
  });

  test("a sample's own transforms and a batch's read one by one have generators of their own", () => {
    const single = new Lambda((x, generator) => x.add(rand([1], { generator: generator! })));
    const data = new DrawnDigits({ size: 4, transform: new Compose([new ToTensor(), single]) });
    const [images] = data.getBatch([0, 0, 0], new Generator(1));
    expect(new Set(images.unbind(0).map(asText)).size).toBe(3);
  });
});

test("streams of batches, samples and branches do not meet", () => {
  const stream = { seed: 9, batch: 3 };
  const states = [
    generatorOf(stream),
    generatorOf(stream, 1),
    generatorOf({ ...stream, batch: 4 }),
    branch(generatorOf(stream), 2)!,
  ].map((generator) => generator.getState().counter);
  expect(new Set(states).size).toBe(4);
  expect(Math.min(...states.slice(1).map((counter) => counter - states[0]!))).toBe(2 ** 20);
  expect(Number.isSafeInteger(generatorOf({ seed: 2 ** 53 - 1, batch: 2 ** 30 + 1 }, 1000).getState().counter)).toBe(
    true,
  );
  const seeds = [epochSeed(1, null, 0), epochSeed(1, null, 1), epochSeed(2, null, 0)];
  expect(new Set(seeds).size).toBe(3);
  expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed > 2 ** 40)).toBe(true);
  expect(branch(undefined, 3)).toBeUndefined();
});

/** Arguments beyond those that a class or function has are refused, not ignored. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ones, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as bpe from "./bpe.ts";
import * as data from "./mod.ts";

const list = new data.ListDataset([1, 2]);
const pixels = { pixels: Uint8Array.of(1), labels: [0], imageShape: [1, 1], classes: ["a"] };
const image = ones([1, 2, 2]);
const vocabulary = data.Vocabulary.build([["a"]]);
const pairs = bpe.BytePairEncoding.train(["a"], { vocabularySize: 260 });

type Callable = (...args: unknown[]) => unknown;
/** Everything that is exported and can be called, with as many arguments as it has; null where a class is not for users to make. */
const CALLS: Readonly<Record<string, readonly unknown[] | null>> = {
  "new ListDataset": [[1]],
  "new TensorDataset": [zeros([2])],
  "new Subset": [list, [0]],
  "new ConcatDataset": [[list]],
  kFold: [list, 2, {}],
  randomSplit: [list, [1, 1], {}],
  "new RandomSampler": [list, {}],
  "new SequentialSampler": [list],
  "new SubsetRandomSampler": [[0], {}],
  "new WeightedRandomSampler": [[1], 1, {}],
  "new BatchSampler": [new data.SequentialSampler(list), 1, {}],
  "new BucketBatchSampler": [[1], { batchSize: 1 }],
  defaultCollate: [[1]],
  "new DataLoader": [list, {}],
  getWorkerInfo: [],
  "new PictureTransform": null,
  "new RandomFlip": null,
  "new Compose": [[]],
  "new RandomApply": [[], 0.5],
  "new RandomOrder": [[]],
  "new RandomChoice": [[new data.Pad(1)], {}],
  "new Lambda": [(x: unknown) => x, {}],
  "new Normalize": [0, 1],
  "new RandomHorizontalFlip": [0.5],
  "new RandomVerticalFlip": [0.5],
  "new CenterCrop": [10],
  "new RandomCrop": [10, {}],
  "new RandomResizedCrop": [10, {}],
  "new Resize": [10, {}],
  "new RandomAffine": [10, {}],
  "new RandomRotation": [10, {}],
  "new ElasticTransform": [{}],
  "new ColorJitter": [{}],
  "new ColorShift": [0.1],
  "new RandomAutocontrast": [0.5],
  "new RandomContrast": [0.5, 0.5],
  "new Grayscale": [1],
  "new RandomGrayscale": [0.5],
  "new GaussianNoise": [{}],
  "new GaussianBlur": [3, {}],
  "new Cutout": [3, {}],
  "new RandomErasing": [0.5, {}],
  "new CutMix": [{ numClasses: 2 }],
  "new RandomInvert": [0.5],
  "new RandomSolarize": [0.5, 0.5],
  "new RandomPosterize": [4, 0.5],
  "new RandomEqualize": [0.5],
  "new RandomAdjustSharpness": [2, 0.5],
  "new RandomPerspective": [0.5, 0.5, {}],
  "new FiveCrop": [10],
  "new TenCrop": [10, {}],
  "new AutoAugment": ["svhn", {}],
  "new RandAugment": [{}],
  "new TrivialAugmentWide": [{}],
  "new AugMix": [{}],
  "new MixUp": [{ numClasses: 2 }],
  "new Pad": [1, {}],
  "new ToTensor": [{}],
  encodeIdx: [{ dtype: "uint8", shape: [1], data: Uint8Array.of(1) }],
  parseIdx: [data.encodeIdx({ dtype: "uint8", shape: [1], data: Uint8Array.of(1) }), "name"],
  readIdx: ["PATH"],
  "new LabelledImages": [pixels],
  "new MNIST": [pixels],
  "MNIST.load": [{}],
  "new FashionMNIST": [pixels],
  "FashionMNIST.load": [{}],
  "new KMNIST": [pixels],
  "KMNIST.load": [{}],
  "new EMNIST": [pixels],
  "EMNIST.load": [{ split: "letters" }],
  "new SVHN": [pixels],
  "SVHN.load": [{}],
  "new CIFAR10": [pixels],
  "CIFAR10.load": [{}],
  "new CIFAR100": null,
  "CIFAR100.load": [{}],
  "new ImageFolder": null,
  "ImageFolder.load": ["PATH", {}],
  decodeImage: [data.encodeImage(image), {}, "name"],
  encodeImage: [image],
  readImage: ["PATH", {}],
  saveImage: [image, "PATH", {}],
  makeGrid: [[image], {}],
  "new DrawnDigits": [{}],
  cacheDir: [{ platform: "linux", env: {}, home: "/" }],
  download: ["https://localhost/", "PATH", {}],
  "new Vocabulary": [["a"], {}],
  "Vocabulary.build": [[["a"]], {}],
  "Vocabulary.fromJSON": [vocabulary.toJSON()],
  normalizeText: ["a", {}],
  characters: ["a"],
  joinWords: [["a"], {}],
  words: ["a"],
  decodeText: [Uint8Array.of(65), "name"],
  linesOf: ["a"],
  readLines: ["PATH"],
  readText: ["PATH"],
  "new ParallelText": [[["a", "b"]]],
  "ParallelText.parseTsv": ["a\tb", {}, "name"],
  "ParallelText.fromLines": [["a"], ["b"], ["x", "y"]],
  "ParallelText.fromTsv": ["PATH", {}],
  "ParallelText.fromFiles": ["PATH", "PATH"],
  collatePairs: [{}],
  padSequences: [[[1]], {}],
  "new LanguageModelWindows": [[1, 2, 3], 1, {}],
  corpusBleu: [["a"], ["a"], {}],
  entityF1: [[["O"]], [["O"]]],
  perplexity: [1],
  tokenAccuracy: [tensor([1], { dtype: "int32" }), tensor([1], { dtype: "int32" }), {}],
  "new BytePairEncoding": null,
  "BytePairEncoding.train": [["a"], { vocabularySize: 260 }],
  "BytePairEncoding.fromJSON": [pairs.toJSON()],
  "BytePairEncoding.fromTokenizerJson": [pairs.tokenizerJson, {}],
};

const calls: readonly (readonly [string, Callable])[] = Object.entries({ ...data, ...bpe }).flatMap(([name, value]) => {
  const made = value as unknown as (new (...args: unknown[]) => unknown) & Record<string, Callable>;
  if (!/^class\b/.test(String(value))) return [[name, value as unknown as Callable]];
  const statics = Object.getOwnPropertyNames(value).filter((key) => typeof made[key] === "function");
  return [
    [`new ${name}`, (...args) => new made(...args)],
    ...statics.map((key): [string, Callable] => [`${name}.${key}`, (...args) => made[key]!(...args)]),
  ];
});

/** Plain objects that are data, not options. */
const DATA = /^(encodeIdx|cacheDir|.*\.fromJSON)$/;
const isPlain = (arg: unknown): boolean =>
  typeof arg === "object" && arg !== null && Object.getPrototypeOf(arg) === Object.prototype;
/** Whether there are options, whose names are checked. */
const takesOptions = (name: string): boolean => !DATA.test(name) && CALLS[name]!.some(isPlain);

describe("arguments", () => {
  test("every class and function is in the table", () => {
    expect(calls.map(([name]) => name).sort()).toEqual(Object.keys(CALLS).sort());
  });

  const positional = calls.filter(([name]) => CALLS[name] != null && !takesOptions(name));
  test.each(positional)("%s refuses options and any other argument too many", async (name, call) => {
    // A number after the first argument of a function may be the index that map passes.
    const index = /^[a-z]/.test(name) && !name.startsWith("new ") && CALLS[name]!.length === 1;
    for (const surplus of [{ bogus: 1 }, "bogus", ...(index ? [] : [7])]) {
      await expect((async () => await call(...CALLS[name]!, surplus))()).rejects.toThrow(
        name === "new TensorDataset"
          ? /^TensorDataset: /
          : /: takes at most \d arguments?, got \d; the first too many is/,
      );
    }
  });

  test.each(calls.filter(([name]) => CALLS[name] != null && takesOptions(name)))(
    "%s refuses an option that it does not have",
    async (name, call) => {
      const args = CALLS[name]!.map((arg) => isPlain(arg) ? { ...arg as object, bogus: 1 } : arg);
      await expect((async () => await call(...args))()).rejects.toThrow(/unknown option "bogus"/);
    },
  );
});

test("the message names what is too many", () => {
  expect(() => new data.CenterCrop(10, ...[{ bogus: 1 }] as unknown as [])).toThrow(
    new TypeError("CenterCrop: takes at most 1 argument, got 2; the first too many is an object {bogus}"),
  );
  expect(() => new data.Normalize(0, 1, ...[true] as unknown as [])).toThrow(/at most 2 arguments, got 3; .* is true$/);
});

test("functions of one argument still serve as callbacks of map", async () => {
  expect(["a b", "c"].map(data.words)).toEqual([["a", "b"], ["c"]]);
  expect(["ab"].map(data.characters)).toEqual([["a", "b"]]);
  expect(Array.from(["ab"], data.characters)).toEqual([["a", "b"]]);
  expect([Uint8Array.of(65)].map(data.decodeText as (bytes: Uint8Array) => string)).toEqual(["A"]);
  const root = await mkdtemp(join(tmpdir(), "heddle-arguments-"));
  try {
    await writeFile(join(root, "a"), "x\ny\n");
    expect(await Promise.all([join(root, "a")].map(data.readLines))).toEqual([["x", "y"]]);
  } finally {
    await rm(root, { recursive: true });
  }
});

import { grad, gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, ones, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { EmbeddingBag } from "../embedding_bag.ts";
import { embeddingBag, type EmbeddingBagOptions } from "./embedding_bag.ts";

const generator = new Generator(6);
const int32 = { dtype: "int32" } as const;
const indices = tensor([4, 1, 1, 0, 3], int32);
const offsets = tensor([0, 2, 2], int32);

describe("embeddingBag", () => {
  test.each(["sum", "mean", "max"] as const)("%s: gradients of any order", (mode) => {
    const table = randn([5, 2], { dtype: "float64", generator, requiresGrad: true });
    const bag = (table: Tensor) => embeddingBag(indices, table.mul(table), offsets, { mode, paddingIdx: 3 });
    expect(gradcheck(bag, [table])).toBe(true);
    expect(gradgradcheck(bag, [table])).toBe(true);
  });

  test("weights of samples have gradients", () => {
    const table = randn([5, 2], { dtype: "float64", generator, requiresGrad: true });
    const perSampleWeights = randn([5], { dtype: "float64", generator, requiresGrad: true });
    const bag = (table: Tensor, perSampleWeights: Tensor) =>
      embeddingBag(indices, table, offsets, { mode: "sum", perSampleWeights });
    expect(gradcheck(bag, [table, perSampleWeights])).toBe(true);
  });

  test("maxNorm shortens the rows of the table that are looked up", () => {
    const table = ones([5, 4]);
    const bags = embeddingBag(indices, table, offsets, { maxNorm: 1, mode: "max" });
    expect(bags.at(0, 0).item()).toBeCloseTo(0.5);
    expect(table.at(":", 0).toArray()).toEqual([0.5, 0.5, 1, 0.5, 0.5].map((value) => expect.closeTo(value)));
  });

  test("empty bags are zeros, of float16 sums are formed in float32", () => {
    expect(embeddingBag(indices, ones([5, 1]).half(), offsets, { mode: "sum" }).toArray()).toEqual([[2], [0], [3]]);
    const table = ones([2, 1]).mul(2048).half();
    expect(embeddingBag(tensor([[0, 1, 1]], int32), table.add(1), null, { mode: "mean" }).item()).toBe(2048);
  });

  test("a layer from a table is frozen", () => {
    const layer = EmbeddingBag.fromPretrained(ones([3, 2]), { mode: "sum" });
    expect(layer.weight.requiresGrad).toBe(false);
    expect(layer.forward(tensor([[0, 2]], int32)).toArray()).toEqual([[2, 2]]);
    expect(new EmbeddingBag(4, 2, { paddingIdx: -1 }).weight.at(3).toArray()).toEqual([0, 0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["offsets", () => embeddingBag(indices, ones([5, 1]), tensor([0, 3, 2], int32)), /offsets\[2\] is 2.*at most 5/],
    ["first offset", () => embeddingBag(indices, ones([5, 1]), tensor([1], int32)), /offsets\[0\] is 1/],
    ["rows with offsets", () => embeddingBag(indices.unsqueeze(0), ones([5, 1]), offsets), /one bag a row/],
    ["index", () => embeddingBag(indices, ones([4, 1]), offsets), /index 4 is out of range for 4 rows/],
    ["mode", () => embeddingBag(indices, ones([5, 1]), offsets, { mode: "min" as "max" }), /mode "min" is unknown/],
    [
      "weights",
      () => embeddingBag(indices, ones([5, 1]), offsets, { mode: "sum", perSampleWeights: ones([4]) }),
      /\[4\], the indices \[5\]/,
    ],
  ])("refuses a wrong %s", (_, call, message) => expect(call).toThrow(message));
});

test("arguments of another kind are named", () => {
  const bag = new EmbeddingBag(5, 2, { mode: "sum" });
  const weights = { perSampleWeights: ones([5]) } as never;
  expect(() => bag.forward(indices, weights)).toThrow("embeddingBag: expected offsets to be a tensor, got an object");
  expect(() => bag.forward(indices, offsets, weights)).toThrow(
    "embeddingBag: expected perSampleWeights to be a tensor",
  );
  expect(() => bag.forward(indices.float(), offsets)).toThrow("embeddingBag: indices are integers, got float32");
  expect(() => new EmbeddingBag(5, 2, { paddingIdx: 5 })).toThrow("EmbeddingBag: paddingIdx 5 is out of range");
});

test("scaleGradByFreq divides the gradient of each row by how often it is looked up", () => {
  const indices = tensor([[2, 0, 2], [4, 2, 1]], { dtype: "int32" });
  const weight = zeros([5, 2]).requiresGrad_();
  const gradient = (options: EmbeddingBagOptions): unknown =>
    grad(embeddingBag(indices, weight, null, options).sum(), [weight])[0]!.select(1, 0).toArray();
  expect(gradient({ mode: "sum" })).toEqual([1, 1, 3, 0, 1]);
  expect(gradient({ mode: "sum", scaleGradByFreq: true })).toEqual([1, 1, 1, 0, 1]);
  expect(gradient({ mode: "sum", scaleGradByFreq: true, paddingIdx: 2 })).toEqual([1, 1, 0, 0, 1]);
  const message = 'scaleGradByFreq is for the modes "sum" and "mean", got "max"';
  expect(() => embeddingBag(indices, weight, null, { mode: "max", scaleGradByFreq: true })).toThrow(message);
});

import { eye, fromTypedArray, ones, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Embedding } from "./embedding.ts";
import { embedding } from "./functional/embedding.ts";

const indices = (...values: number[]) => tensor(values, { dtype: "int32" });

describe("Embedding", () => {
  test("the row of padding starts at zero and gets no gradient, wherever it occurs", () => {
    const layer = new Embedding(4, 2, { paddingIdx: 1 });
    expect(layer.weight.select(0, 1).toArray()).toEqual([0, 0]);
    layer.forward(indices(0, 1, 0, 1, 3)).sum().backward();
    expect(layer.weight.grad!.toArray()).toEqual([[2, 2], [0, 0], [0, 0], [1, 1]]);
    expect(new Embedding(4, 2, { paddingIdx: -1 }).paddingIdx).toBe(3);
  });

  test("limits the norm of the rows that are looked up, as PyTorch does", () => {
    const layer = new Embedding(3, 2, { maxNorm: 1 });
    layer.loadStateDict({ weight: tensor([[3, 4], [0.3, 0.4], [6, 8]]) });
    const found = layer.forward(indices(0, 1, 0)).toTypedArray();
    [0.6, 0.8, 0.3, 0.4, 0.6, 0.8].forEach((value, i) => expect(Number(found[i])).toBeCloseTo(value, 6));
    expect(layer.weight.select(0, 2).toArray()).toEqual([6, 8]);
    layer.forward(indices(2)).sum().backward();
    expect(layer.weight.grad!.toArray()).toEqual([[0, 0], [0, 0], [1, 1]]);
  });

  test("takes a given table, frozen or not", () => {
    const layer = Embedding.fromPretrained(eye(3));
    expect(layer.weight.requiresGrad).toBe(false);
    expect(layer.forward(indices(2)).toArray()).toEqual([[0, 0, 1]]);
    expect(Embedding.fromPretrained(eye(3), { freeze: false }).weight.requiresGrad).toBe(true);
    expect(() => Embedding.fromPretrained(ones([3]))).toThrow(/expected a table \[rows, d\], got shape \[3\]/);
  });

  test("indices of other integer dtypes", () => {
    const bytes = fromTypedArray(Uint8Array.of(2, 0), [2]);
    expect(embedding(bytes, eye(3)).toArray()).toEqual([[0, 0, 1], [1, 0, 0]]);
    expect(embedding(tensor([1n]), eye(2)).toArray()).toEqual([[0, 1]]);
  });

  test("bad input", () => {
    const layer = new Embedding(10, 4);
    expect(() => layer.forward(indices(3, 10))).toThrow(
      "embedding: index 10 is out of range for 10 rows; expected 0 to 9",
    );
    expect(() => layer.forward(indices(-1))).toThrow("embedding: index -1 is out of range");
    expect(() => layer.forward(ones([2]))).toThrow(
      'embedding: indices are integers, got float32; cast with .to("int32")',
    );
    expect(() => new Embedding(4, 2, { paddingIdx: 4 })).toThrow(
      "Embedding: paddingIdx 4 is out of range for 4 rows; expected -4 to 3",
    );
    expect(() => embedding(indices(0), ones([3]))).toThrow(/the weight has shape \[3\]; expected \[rows, d\]/);
  });
});

import { describe, expect, test } from "vitest";
import { conv2d, full, ones, tensor } from "../mod.ts";
import { linear } from "../engine_mod.ts";

describe("linear", () => {
  test("adds the bias and applies the activation", () => {
    const x = tensor([[1, -2], [3, 4]]);
    const w = tensor([[1, 1], [0, 2], [-1, 0]]);
    const bias = tensor([10, 0, 0.5]);
    expect(linear(x, w).toArray()).toEqual([[-1, -4, -1], [7, 8, -3]]);
    expect(linear(x, w, { bias }).toArray()).toEqual([[9, -4, -0.5], [17, 8, -2.5]]);
    expect(linear(x, w, { bias, activation: "relu" }).toArray()).toEqual([[9, 0, 0], [17, 8, 0]]);
    expect(linear(x.at(0), w, { bias, activation: "relu" }).toArray()).toEqual([9, 0, 0]);
    expect(linear(full([2, 2], NaN), w, { activation: "relu" }).isnan().all().item()).toBe(1);
  });

  test("biases that the routine does not accept are added after the product", () => {
    const [x, w] = [ones([2, 2]).neg(), ones([3, 2])];
    const wide = linear(x, w, { bias: tensor([3, 1, 2], { dtype: "float64" }), activation: "relu" });
    expect([wide.dtype, wide.toArray()]).toEqual(["float64", [[1, 0, 0], [1, 0, 0]]]);
    expect(linear(x, w, { bias: tensor([[1], [3]]) }).toArray()).toEqual([[-1, -1, -1], [1, 1, 1]]);
    const [i, j] = [tensor([[100, 100]], { dtype: "int8" }), tensor([[1, 1], [-1, 0]], { dtype: "int8" })];
    const bias = tensor([1, 1], { dtype: "int8" });
    expect(linear(i, j, { bias, activation: "relu" }).toArray()).toEqual([[0, 0]]); // 201 wraps to −55
  });

  test("unknown activations and other dtypes throw", () => {
    const [x, w] = [ones([2, 2]), ones([3, 2])];
    const activation = "gelu" as "relu";
    expect(() => linear(x, w, { activation })).toThrow(
      'linear: activation is "gelu"; use one of "none", "relu"',
    );
    expect(() => conv2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2]), { activation })).toThrow(
      /conv2d: activation is "gelu"/,
    );
    expect(() => linear(x.double(), w)).toThrow("linear: the input is float64, the weight float32");
  });
});

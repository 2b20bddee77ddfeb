import { internals } from "@heddle/tensor/engine";
import { arange, memory, ones, scope, Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Linear } from "./linear.ts";
import { Parameter } from "./parameter.ts";

describe("Parameter", () => {
  test("is a leaf tensor that requires a gradient and shares its tensor's memory", () => {
    const data = arange(6).reshape(2, 3);
    const parameter = new Parameter(data);
    expect(parameter).toBeInstanceOf(Tensor);
    expect([parameter.requiresGrad, parameter.isLeaf, internals(parameter).kept]).toEqual([true, true, true]);
    data.fill_(7);
    expect(parameter.toArray()).toEqual([[7, 7, 7], [7, 7, 7]]);
    expect(new Parameter(data, { requiresGrad: false }).requiresGrad).toBe(false);
  });

  test("results of operations are plain tensors", () => {
    expect(new Parameter(ones([2])).mul(2)).not.toBeInstanceOf(Parameter);
  });

  test("outlives the scope it was made in", () => {
    const layer = tidy(() => ({ layer: new Linear(2, 3) })).layer;
    expect(layer.weight.isDisposed).toBe(false);
    expect(layer.forward(ones([2])).shape).toEqual([3]);
  });

  test("keeps its gradient beyond the scope, and a loop of steps leaves nothing behind", () => {
    const parameter = new Parameter(ones([3]));
    const step = () => {
      const inner = scope();
      parameter.mul(2).sum().backward();
      inner.end();
    };
    step();
    const before = memory().storages;
    for (let i = 0; i < 5; i++) step();
    expect(memory().storages).toBe(before);
    expect(parameter.grad!.toArray()).toEqual([12, 12, 12]);
  });

  test("integers are refused, unless they need no gradient", () => {
    const counts = arange(3, { dtype: "int32" });
    expect(() => new Parameter(counts)).toThrow(/Parameter: int32 has no gradients; cast/);
    expect(new Parameter(counts, { requiresGrad: false }).dtype).toBe("int32");
  });
});

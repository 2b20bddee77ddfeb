import { Generator, ones, randn } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { linear } from "./functional/linear.ts";
import { Linear } from "./linear.ts";

describe("Linear", () => {
  test("starts from the generator it is given, and again when asked", () => {
    const make = () => new Linear(3, 4, { generator: new Generator(5) });
    const layer = make();
    expect(layer.weight.toArray()).toEqual(make().weight.toArray());
    expect(layer.bias!.toArray()).toEqual(make().bias!.toArray());
    const before = layer.weight.toArray();
    layer.resetParameters();
    expect(layer.weight.toArray()).not.toEqual(before);
  });

  test("takes a dtype and a device", () => {
    const layer = new Linear(2, 2, { dtype: "float64", device: "null" });
    expect([layer.weight.dtype, layer.bias!.dtype, layer.weight.device.name]).toEqual(["float64", "float64", "null"]);
  });

  test("inputs of another size are refused with the sizes", () => {
    const layer = new Linear(20, 5);
    expect(() => layer.forward(randn([3, 4, 5]))).toThrow(
      "linear: the input of shape [3, 4, 5] should have 20 features in its last dimension, as the weight of shape [5, 20] has",
    );
    expect(() => layer.forward(ones([]))).toThrow(/linear: the input of shape \[\]/);
    expect(() => linear(ones([2]), ones([2]))).toThrow(/linear: the weight has shape \[2\]/);
  });

  test("rectifies as part of the product", () => {
    const { weight, bias } = new Linear(6, 4);
    const x = randn([5, 6]);
    const apart = linear(x, weight, bias).relu();
    expect(linear(x, weight, bias, { activation: "relu" }).equal(apart)).toBe(true);
  });

  test("sizes that are no sizes are refused", () => {
    expect(() => new Linear(2.5, 1)).toThrow("Linear: inFeatures is 2.5; expected an integer of at least 0");
    expect(() => new Linear("2" as never, 1)).toThrow('Linear: inFeatures is "2"; expected an integer of at least 0');
    expect(() => new Linear(2, -1)).toThrow("Linear: outFeatures is -1");
  });
});

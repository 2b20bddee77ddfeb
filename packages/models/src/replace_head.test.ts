import { Linear, ReLU, Sequential } from "@heddle/nn";
import { describe, expect, test } from "vitest";
import { describeState, freeModel, makeModel } from "../testing/model_state.ts";
import { replaceHead } from "./replace_head.ts";
import { type ArchitectureName, architectures } from "./vision/mod.ts";

describe("replaceHead", () => {
  test.each(
    [
      "resnet50",
      "vgg16",
      "alexnet",
      "densenet121",
      "mobilenet_v2",
      "mobilenet_v3_small",
      "efficientnet_b0",
      "vit_b_16",
    ] as const,
  )(
    "%s",
    (name: ArchitectureName) => {
      const model = makeModel(() => architectures[name].create({ device: "null" }));
      const before = describeState(model);
      const head = replaceHead(model, 7);
      const after = describeState(model);
      expect(after.slice(0, -2)).toEqual(before.slice(0, -2));
      expect(after.slice(-2).map((line) => line.split(" float32 ")[1])).toEqual([`[7, ${head.inFeatures}]`, "[7]"]);
      expect(head.weight.device.name).toBe("null");
      expect(model.modules().at(-1)).toBe(head);
      freeModel(model);
    },
  );

  test("a Sequential of layers", () => {
    const model = new Sequential(new Linear(2, 3, { bias: false, dtype: "float64" })).eval();
    const head = replaceHead(model, 5);
    expect(model.at(0)).toBe(head);
    expect([head.bias, head.training, head.outFeatures, head.weight.dtype]).toEqual([null, false, 5, "float64"]);
  });

  test("networks that end in something else are refused by name", () => {
    expect(() => replaceHead(new Sequential(new Linear(2, 3), new ReLU()), 2)).toThrow(
      /Sequential ends in 1, whose last layer is of class ReLU/,
    );
    expect(() => replaceHead(new Sequential(new Sequential()), 2)).toThrow(
      /ends in 0, whose last layer is of class Sequential/,
    );
    expect(() => replaceHead(new Linear(2, 3), 2)).toThrow(/Linear has no modules/);
  });
});

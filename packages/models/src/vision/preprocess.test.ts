import { arange, randint, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { imagenetMean, imagenetStd, preprocess } from "./preprocess.ts";

const channel = (x: Tensor, c: number): Tensor => x.select(0, c).mul(imagenetStd[c]!).add(imagenetMean[c]!);

describe("preprocess", () => {
  test("resizes, crops the middle, normalises each channel", () => {
    const image = arange(3 * 300 * 400).remainder(256).reshape([3, 300, 400]).to("uint8");
    const found = preprocess("resnet18").apply(image);
    expect([found.dtype, found.shape]).toEqual(["float32", [3, 224, 224]]);
    const plain = tensor([[[0, 0], [0, 0]], [[51, 51], [51, 51]], [[255, 255], [255, 255]]], { dtype: "uint8" });
    const normalised = preprocess("vit_b_32").apply(plain);
    [0, 0.2, 1].forEach((value, c) => {
      const all = channel(normalised, c);
      expect(all.sub(value).abs().amax().item()).toBeLessThan(1e-6);
    });
  });

  test("batches as single images", () => {
    const images = randint(0, 256, [2, 3, 40, 30]).to("uint8");
    const transform = preprocess("efficientnet_b1");
    const batch = transform.apply(images);
    expect(batch.shape).toEqual([2, 3, 240, 240]);
    expect(batch.select(0, 1).equal(transform.apply(images.select(0, 1)))).toBe(true);
  });

  test("takes other sizes and constants, and knows its architectures", () => {
    const image = randint(0, 256, [3, 40, 30]).to("uint8");
    const found = preprocess("resnet50", { resize: 24, crop: 16, mean: [0], std: [1], interpolation: "nearest" });
    expect(found.apply(image).shape).toEqual([3, 16, 16]);
    expect(found.apply(image).amin().item()).toBeGreaterThanOrEqual(0);
    expect(() => preprocess("resnet9" as "resnet18")).toThrow(/unknown architecture "resnet9"; there are resnet18, /);
    expect(() => preprocess("resnet18", { size: 3 } as object)).toThrow(/unknown option "size"/);
  });
});

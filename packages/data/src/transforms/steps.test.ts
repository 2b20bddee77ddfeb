import { Generator } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { LabelledImages } from "../images/labelled_images.ts";
import { RandAugment } from "./augment.ts";
import { Compose } from "./compose.ts";
import { RandomCrop } from "./crop.ts";
import { RandomHorizontalFlip } from "./flip.ts";
import { RandomApply } from "./random_apply.ts";
import { FiveCrop, TenCrop } from "./several_crops.ts";
import { ToTensor } from "./to_tensor.ts";
import type { Transform } from "./transform.ts";

const pictures = (imageShape: readonly number[], transform: Transform) => {
  const area = imageShape.reduce((product, size) => product * size, 1);
  const pixels = Uint8Array.from({ length: 3 * area }, (_, i) => (i * 89) % 256);
  return new LabelledImages({ pixels, labels: [0, 0, 0], imageShape, classes: ["a"], transform });
};

describe("ToTensor after other transforms", () => {
  const before: [string, () => Transform][] = [
    ["a flip", () => new RandomHorizontalFlip(1)],
    ["a crop", () => new RandomCrop(8, { padding: 0 })],
    ["RandAugment", () => new RandAugment()],
    ["RandomApply", () => new RandomApply([new RandomHorizontalFlip(1)], 1)],
    ["a composition", () => new Compose([new RandomHorizontalFlip(0), new RandomHorizontalFlip(0)])],
  ];
  const shapes: [number[], number[]][] = [[[3, 8, 8], [3, 8, 8]], [[1, 8, 8], [1, 8, 8]], [[8, 8], [1, 8, 8]]];
  test.each(before)("%s", (_, make) => {
    for (const [stored, read] of shapes) {
      const data = pictures(stored, new Compose([make(), new ToTensor()]));
      const [image] = data.get(1, new Generator(1));
      expect([image.dtype, image.shape]).toEqual(["float32", read]);
      expect(data.getBatch([0, 1, 2], new Generator(1))[0].shape).toEqual([3, ...read]);
    }
  });

  test("is the same as before them", () => {
    for (const [stored] of shapes) {
      const [first, last] = [new ToTensor(), new RandomHorizontalFlip(1)];
      const after = pictures(stored, new Compose([last, first])).getBatch([2, 0])[0];
      expect(after.equal(pictures(stored, new Compose([first, last])).getBatch([2, 0])[0])).toBe(true);
    }
  });

  test("each grey picture of a batch is augmented by itself", () => {
    const data = pictures([8, 8], new Compose([new RandomHorizontalFlip(0.5), new ToTensor()]));
    const plain = pictures([8, 8], new ToTensor()).getBatch(Array(32).fill(0))[0];
    const flipped = data.getBatch(Array(32).fill(0), new Generator(3))[0].eq(plain).all(3).all(2).sum().item();
    expect(flipped).toBeGreaterThan(4);
    expect(flipped).toBeLessThan(28);
  });

  test("crops of one sample become float32 as well", () => {
    for (const [stored, [channels]] of shapes) {
      const five = pictures(stored, new Compose([new FiveCrop(4), new ToTensor()]));
      expect(five.get(0)[0].shape).toEqual([5, channels, 4, 4]);
      const ten = pictures(stored, new Compose([new Compose([new TenCrop(4)]), new ToTensor()]));
      expect(ten.getBatch([0, 1])[0].shape).toEqual([2, 10, channels, 4, 4]);
    }
  });
});

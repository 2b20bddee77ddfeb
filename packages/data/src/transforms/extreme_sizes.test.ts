/** Sizes that no memory holds are refused by name: no hang, no "Invalid typed array length". */
import { ones } from "@heddle/tensor";
import { expect, test } from "vitest";
import { DrawnDigits } from "../drawn_digits/drawn_digits.ts";
import { makeGrid } from "../images/grid.ts";
import { RandomSampler, SubsetRandomSampler, WeightedRandomSampler } from "../samplers/index_samplers.ts";
import { RandomAffine } from "./affine.ts";
import { CenterCrop, RandomCrop } from "./crop.ts";
import { ElasticTransform } from "./elastic.ts";
import { Cutout } from "./erase.ts";
import { GaussianBlur } from "./gaussian_blur.ts";
import { Pad } from "./pad.ts";
import { RandomResizedCrop, Resize } from "./resize.ts";
import { RandAugment } from "./augment.ts";
import { FiveCrop, TenCrop } from "./several_crops.ts";

const image = ones([1, 4, 4]);

test.each([
  ["GaussianBlur", "kernelSize", () => new GaussianBlur(1e9 + 1).apply(image)],
  ["GaussianBlur", "kernelSize", () => new GaussianBlur([3, 2 ** 20 - 1]).apply(image)],
  ["ElasticTransform", "sigma", () => new ElasticTransform({ sigma: 1e9 }).apply(image)],
  ["RandomCrop", "size", () => new RandomCrop(1e9, { padding: 1e9 }).apply(image)],
  ["RandomCrop", "padding", () => new RandomCrop(4, { padding: 1e9 }).apply(image)],
  ["RandomCrop", "size", () => new RandomCrop(1e6, { padding: 1e6 }).apply(image)],
  ["CenterCrop", "size", () => new CenterCrop(1e9).apply(image)],
  ["CenterCrop", "size", () => new CenterCrop(1e6).apply(image)],
  ["RandomResizedCrop", "size", () => new RandomResizedCrop(1e9).apply(image)],
  ["RandomResizedCrop", "size", () => new RandomResizedCrop(1e6).apply(image)],
  ["Resize", "size", () => new Resize(1e9).apply(image)],
  ["Resize", "size", () => new Resize([1e6, 1e6]).apply(image)],
  ["Pad", "padding", () => new Pad(1e9).apply(image)],
  ["Pad", "padding", () => new Pad(1e6).apply(image)],
  ["FiveCrop", "size", () => new FiveCrop(1e9).apply(image)],
  ["TenCrop", "crop", () => new TenCrop(1e6).apply(image)],
  ["RandAugment", "numMagnitudeBins", () => new RandAugment({ numMagnitudeBins: 1e9 })],
  ["RandAugment", "numOps", () => new RandAugment({ numOps: 1e12 })],
  ["Cutout", "size", () => new Cutout(1e9).apply(image)],
  ["Cutout", "holes", () => new Cutout(1, { holes: 1e12 }).apply(image)],
  ["makeGrid", "padding", () => makeGrid(ones([2, 1, 4, 4]), { padding: 1e9 })],
  ["DrawnDigits", "size", () => new DrawnDigits({ size: 1e12 })],
  ["RandomSampler", "the number of samples", () => [...new RandomSampler({ length: 1e12 })]],
  ["RandomSampler", "numSamples", () => [...new RandomSampler({ length: 2 }, { numSamples: 1e12 })]],
  ["SubsetRandomSampler", "the number of indices", () => new SubsetRandomSampler({ length: 1e12 })],
  ["WeightedRandomSampler", "numSamples", () => [...new WeightedRandomSampler([1, 1], 1e12)]],
  ["WeightedRandomSampler", "the number of weights", () => new WeightedRandomSampler({ length: 1e12 }, 1)],
])("%s refuses %s that is far too large", (name, option, call) => {
  expect(call).toThrow(RangeError);
  expect(call).toThrow(new RegExp(`^${name}: .*${option}`));
});

test("what is extreme without memory does not hang", () => {
  const far = [
    new ElasticTransform({ alpha: 1e300, sigma: 10_000 }),
    new RandomAffine(1e15, { scale: [1e15, 1e15], shear: 1e15, center: [1e15, -1e15] }),
    new RandomAffine(0, { scale: [1e-6, 1e-6] }),
  ];
  for (const transform of far) expect(transform.apply(image).shape).toEqual([1, 4, 4]);
});

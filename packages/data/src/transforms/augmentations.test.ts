/** Tones, perspective, crops and automatic augmentation, against what torchvision computed (conformance/fixtures/augmentations.json). */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromTypedArray, Generator, ones, rand, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { LabelledImages } from "../images/labelled_images.ts";
import { AugMix, type AugMixOptions } from "./aug_mix.ts";
import { AutoAugment, RandAugment, TrivialAugmentWide } from "./augment.ts";
import { Augmenter, type AugmentOperation, type Magnitudes } from "./augment_operations.ts";
import { type AutoAugmentPolicy, POLICIES } from "./augment_policies.ts";
import { Compose } from "./compose.ts";
import { GaussianBlur } from "./gaussian_blur.ts";
import { Normalize } from "./normalize.ts";
import { RandomPerspective } from "./perspective.ts";
import { onPictures } from "./pictures.ts";
import {
  RandomAdjustSharpness,
  RandomAutocontrast,
  RandomEqualize,
  RandomInvert,
  RandomPosterize,
  RandomSolarize,
} from "./random_tones.ts";
import type { Interpolation } from "./resample.ts";
import { FiveCrop, TenCrop } from "./several_crops.ts";
import { ToTensor } from "./to_tensor.ts";
import type { Transform } from "./transform.ts";
import { perspectivePlaces, type Quad, Warp } from "./warp.ts";

interface Recorded {
  shape: number[];
  dtype: string;
  data: string;
}
interface Case {
  name: string;
  call: string;
  inputs: Recorded[];
  args: unknown[];
  outputs: Recorded[];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures");
const { cases } = JSON.parse(readFileSync(join(folder, "augmentations.json"), "utf8")) as { cases: Case[] };
const of = (...calls: string[]): Case[] => cases.filter((each) => calls.includes(each.call));
function decode({ shape, dtype, data }: Recorded): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return fromTypedArray(dtype === "uint8" ? bytes : new Float32Array(bytes.buffer), shape);
}

/** uint8 is to agree to the bit unless it was interpolated, float32 to within rounding. */
function expectSame(actual: Tensor, expected: Recorded, interpolated = false): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const [got, wanted] = [actual.toTypedArray(), decode(expected).toTypedArray()] as [Uint8Array, Uint8Array];
  if (expected.dtype === "uint8" && !interpolated) return expect(Array.from(got)).toEqual(Array.from(wanted));
  // torchvision interpolates in float32, so halves may be rounded the other way.
  const most = interpolated && expected.dtype === "uint8" ? 1 : 5e-6;
  got.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(most));
}

const tones: Record<string, (...args: number[]) => Transform> = {
  invert: () => new RandomInvert(1),
  solarize: (threshold) => new RandomSolarize(threshold!, 1),
  posterize: (bits) => new RandomPosterize(bits!, 1),
  equalize: () => new RandomEqualize(1),
  autocontrast: () => new RandomAutocontrast(1),
  sharpness: (factor) => new RandomAdjustSharpness(factor!, 1),
};

describe("tones", () => {
  test.each(of(...Object.keys(tones)))("$name", ({ call, inputs, args, outputs }) => {
    expectSame(tones[call]!(...args as number[]).apply(decode(inputs[0]!)), outputs[0]!);
  });

  test("ToTensor may come before or after", () => {
    const image = rand([3, 20, 24], { generator: new Generator(1) }).mul(200).to("uint8");
    const toTensor = new ToTensor({ layout: "CHW" });
    for (const transform of [new RandomPosterize(3, 1), new RandomEqualize(1), new RandomInvert(1)]) {
      const before = transform.apply(toTensor.apply(image));
      expect(before.sub(toTensor.apply(transform.apply(image))).abs().amax().item()).toBeLessThan(1e-7);
    }
    // Values that are no pictures' are clamped.
    const odd = tensor([[[NaN, -1, Infinity, 0.5]]]);
    expect(new RandomPosterize(8, 1).apply(odd).toArray()).toEqual([[[0, 0, 1, Math.fround(127 / 255)]]]);
  });

  test("bad arguments are refused", () => {
    expect(() => new RandomPosterize(9)).toThrow(/RandomPosterize: bits must be an integer from 0 to 8, got 9/);
    expect(() => new RandomAdjustSharpness(-1)).toThrow(/sharpnessFactor must be a finite number from 0, got -1/);
    expect(() => new RandomSolarize(NaN)).toThrow(/threshold must be a finite number, got NaN/);
    expect(() => new RandomSolarize(128).apply(ones([1, 2, 2]))).toThrow(/threshold 128 is beyond.*0 to 1/);
    expect(() => new RandomSolarize(256).apply(zeros([1, 2, 2], { dtype: "uint8" }))).toThrow(/0 to 255/);
    expect(() => new RandomInvert(2)).toThrow(/RandomInvert: p must be a probability/);
  });
});

describe("perspective", () => {
  test.each(of("perspective"))("$name", ({ inputs, args, outputs }) => {
    const [corners, interpolation, fill] = args as [Quad, Interpolation, number];
    const actual = onPictures("perspective", decode(inputs[0]!), (pictures) => {
      const warp = new Warp(pictures, interpolation, fill);
      perspectivePlaces(corners, pictures.height, pictures.width, warp.places);
      warp.picture(pictures, 0);
      return pictures;
    });
    expectSame(actual, outputs[0]!);
  });

  test("corners may meet, and a side may have one pixel", () => {
    for (const [height, width] of [[2, 2], [3, 2], [8, 8], [1, 5], [5, 1]] as const) {
      const batch = ones([200, 1, height, width]);
      const out = new RandomPerspective(1, 1, { fill: 0.5 }).apply(batch, new Generator(0));
      expect(Array.from(out.toTypedArray() as Float32Array).every(Number.isFinite)).toBe(true);
      if (height === 1 || width === 1) expect(out.equal(batch)).toBe(true);
    }
  });

  test("bad arguments are refused", () => {
    expect(() => new RandomPerspective(1.5)).toThrow(/distortionScale must be from 0 to 1, got 1.5/);
    expect(() => new RandomPerspective(0.5, 0.5, { interpolation: "cubic" as never })).toThrow(/interpolation must be/);
  });
});

describe("several crops", () => {
  test.each(of("fiveCrop", "tenCrop"))("$name", ({ call, inputs, args, outputs }) => {
    const [size, options] = args as [number | [number, number], { verticalFlip?: boolean }?];
    const transform = call === "fiveCrop" ? new FiveCrop(size) : new TenCrop(size, options);
    expectSame(transform.apply(decode(inputs[0]!)), outputs[0]!);
  });

  test("a data set applies what follows to the crops", () => {
    const transform = new Compose([new ToTensor(), new FiveCrop(2), new Normalize(0, 2)]);
    const pixels = Uint8Array.from({ length: 32 }, (_, i) => i);
    const set = new LabelledImages({ pixels, labels: [0, 0], imageShape: [4, 4], classes: ["a"], transform });
    expect(set.getBatch([0, 1])[0].shape).toEqual([2, 5, 1, 2, 2]);
    expect(set.get(1)[0].at(4, 0, 0, 0).item()).toBeCloseTo(21 / 510, 6);
  });

  test("pictures smaller than the crops are refused", () => {
    expect(() => new FiveCrop(5).apply(ones([1, 4, 6]))).toThrow(/FiveCrop: a crop of 5×5 is larger.*4×6/);
    expect(() => new TenCrop([2, 7]).apply(ones([1, 4, 6]))).toThrow(/TenCrop: a crop of 2×7 is larger/);
    expect(() => new TenCrop(2).apply(ones([4, 6]))).toThrow(/TenCrop: expected a tensor of shape/);
  });
});

describe("the operations of automatic augmentation", () => {
  test.each(of("operation"))("$name", ({ inputs, args, outputs }) => {
    const [name, magnitude, interpolation] = args as [AugmentOperation, number, Interpolation];
    const actual = onPictures("operation", decode(inputs[0]!), (pictures) => {
      new Augmenter("operation", pictures, interpolation, 0).apply(0, name, magnitude);
      return pictures;
    });
    expectSame(actual, outputs[0]!, interpolation === "bilinear" && /^(Shear|Rotate)/.test(name));
  });

  test.each(of("policy"))("$name", ({ args }) => {
    const [name, pairs] = args as [AutoAugmentPolicy, unknown];
    expect(POLICIES[name]).toEqual(pairs);
  });

  test.each(of("space"))("$name", ({ args, outputs }) => {
    const [name, height, width, bins, recorded] = args as [string, number, number, number, [string, boolean, number][]];
    const pictures = { data: new Float32Array(0), count: 0, channels: 3, height, width };
    const numMagnitudeBins = bins;
    const spaces: Record<string, () => Map<AugmentOperation, Magnitudes>> = {
      RandAugment: () => new RandAugment({ numMagnitudeBins, magnitude: 0 })["space"](pictures),
      TrivialAugmentWide: () => new TrivialAugmentWide({ numMagnitudeBins })["space"](),
      AugMix: () => new AugMix()["space"](pictures),
      "AugMix without colours": () => new AugMix({ allOps: false })["space"](pictures),
      AutoAugment: () => new AutoAugment()["space"](pictures),
    };
    // AutoAugment's policies use ten.
    if (name === "AutoAugment" && bins !== 10) return;
    const space = spaces[name]!();
    if (name === "AutoAugment") space.delete("Identity");
    expect([...space.keys()].sort()).toEqual(recorded.map(([key]) => key).sort());
    recorded.forEach(([key, signed, ndim], i) => {
      const found = space.get(key as AugmentOperation)!;
      expect([key, found.signed, found.values === null]).toEqual([key, signed, ndim === 0]);
      found.values?.forEach((value, bin) => {
        const wanted = Number((decode(outputs[i]!).toTypedArray() as Float32Array)[bin]);
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * Math.abs(wanted));
        expect(Math.trunc(value)).toBe(Math.trunc(wanted));
      });
    });
  });
});

describe("automatic augmentation", () => {
  const batch = (count: number): Tensor =>
    rand([1, 3, 16, 16], { generator: new Generator(3) }).expand([count, 3, 16, 16]);

  test("RandAugment does as many operations as asked for, all of one magnitude", () => {
    const image = batch(1);
    expect(new RandAugment({ numOps: 0 }).apply(image).equal(image)).toBe(true);
    // Without a magnitude only Solarize, AutoContrast and Equalize change anything.
    const still = new RandAugment({ numOps: 1, magnitude: 0, interpolation: "bilinear" }).apply(
      batch(300),
      new Generator(0),
    );
    const kinds = new Set(
      still.unbind(0).map((each) => Array.from(each.toTypedArray() as Float32Array, (v) => v.toFixed(3)).join()),
    );
    expect(kinds.size).toBeLessThan(7);
    const strong = new RandAugment({ numOps: 1, magnitude: 30 }).apply(batch(300), new Generator(0));
    expect(new Set(strong.unbind(0).map((each) => each.toTypedArray().join())).size).toBeGreaterThan(18);
  });

  test("TrivialAugmentWide draws magnitudes", () => {
    const out = new TrivialAugmentWide().apply(batch(300), new Generator(0));
    expect(new Set(out.unbind(0).map((each) => each.toTypedArray().join())).size).toBeGreaterThan(100);
  });

  test.each(of("augMix"))("$name: pixels have torchvision's means and deviations", ({ inputs, args, outputs }) => {
    const [options, count] = args as [AugMixOptions, number];
    const picture = decode(inputs[0]!);
    const many = picture.unsqueeze(0).expand([count, ...picture.shape]).contiguous();
    const mixed = new AugMix(options).apply(many, new Generator(2)).float();
    const [means, deviations] = [mixed.mean(0), mixed.std(0)].map((x) => x.toTypedArray("float32"));
    const [wanted, spread] = outputs.map((each) => decode(each).toTypedArray() as Float32Array);
    // In units of the error of a difference of two means of so many numbers.
    const errors = Array.from(wanted!, (mean, i) => (means![i]! - mean) / (spread![i]! * Math.sqrt(2 / count)));
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(5);
    expect(Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)).toBeLessThan(1.5);
    const ratios = Array.from(spread!, (deviation, i) => deviations![i]! / deviation);
    // Few far values decide deviations: those of torchvision's own runs differ by 5 percent, those of single pixels by 20.
    expect(Math.abs(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length - 1)).toBeLessThan(0.1);
    expect(Math.min(...ratios)).toBeGreaterThan(0.75);
    expect(Math.max(...ratios)).toBeLessThan(1.33);
  });

  test("AugMix stays between what it mixes", () => {
    const out = new AugMix({ severity: 1, chainDepth: 1, allOps: false }).apply(batch(20), new Generator(0));
    expect(out.amin().item()).toBeGreaterThanOrEqual(0);
    expect(out.amax().item()).toBeLessThanOrEqual(1 + 1e-6);
    const white = zeros([30, 3, 8, 8], { dtype: "uint8" }).add(255).to("uint8");
    // Only the edges that a distortion brings in, and inverted pictures, are darker.
    const mixed = new AugMix({ alpha: 1e-3 }).apply(white, new Generator(0));
    expect(mixed.dtype).toBe("uint8");
    expect(mixed.float().mean().item()).toBeGreaterThan(100);
  });

  test("pictures that are a view, of no pictures, and of other channels", () => {
    for (const transform of [new AutoAugment(), new RandAugment(), new TrivialAugmentWide(), new AugMix()]) {
      expect(transform.apply(zeros([0, 3, 4, 4])).shape).toEqual([0, 3, 4, 4]);
      expect(transform.apply(ones([1, 1, 1])).shape).toEqual([1, 1, 1]);
      expect(() => transform.apply(ones([2, 4, 4]))).toThrow(/expected pictures of 1 or 3 channels, got 2/);
    }
  });

  test("bad arguments are refused", () => {
    expect(() => new AutoAugment({ policy: "svhn" } as never)).toThrow('svhn, got {"policy":"svhn"}');
    expect(() => new RandomPerspective({ p: 1 } as never)).toThrow('distortionScale must be from 0 to 1, got {"p":1}');
    expect(() => new RandomEqualize("0.5" as never)).toThrow('p must be a probability from 0 to 1, got "0.5"');
    expect(() => new FiveCrop({ size: 3 } as never)).toThrow('positive integers of at most 1048576, got {"size":3}');
    expect(() => new FiveCrop(undefined as never)).toThrow("got undefined");
    expect(() => new GaussianBlur(3, { sigma: null as never })).toThrow(/sigma .*got null/);
    expect(() => new AutoAugment("cifar" as never)).toThrow(/policy must be imagenet, cifar10, svhn, got "cifar"/);
    expect(() => new RandAugment({ magnitude: 31 })).toThrow(/magnitude must be an integer from 0 to 30, got 31/);
    expect(() => new RandAugment({ ops: 2 } as object)).toThrow(/unknown option "ops"/);
    expect(() => new TrivialAugmentWide({ numMagnitudeBins: 1 })).toThrow(/numMagnitudeBins must be an integer from 2/);
    expect(() => new AugMix({ severity: 11 })).toThrow(/severity must be an integer from 1 to 10, got 11/);
    expect(() => new AugMix({ alpha: 0 })).toThrow(/alpha must be positive, got 0/);
    expect(() => new AugMix({ interpolation: "cubic" as never })).toThrow(/interpolation must be/);
  });
});

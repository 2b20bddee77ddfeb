/** What holds for all transforms of pictures. */
import { Generator, rand, stack, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { RandomAffine, RandomRotation } from "./affine.ts";
import { AugMix } from "./aug_mix.ts";
import { AutoAugment, RandAugment, TrivialAugmentWide } from "./augment.ts";
import { ColorJitter } from "./color_jitter.ts";
import { ColorShift } from "./color_shift.ts";
import { Compose } from "./compose.ts";
import { RandomContrast } from "./contrast.ts";
import { CenterCrop, RandomCrop } from "./crop.ts";
import { Draws } from "./random_draws.ts";
import { ElasticTransform } from "./elastic.ts";
import { Cutout, RandomErasing } from "./erase.ts";
import { RandomHorizontalFlip, RandomVerticalFlip } from "./flip.ts";
import { GaussianBlur } from "./gaussian_blur.ts";
import { GaussianNoise } from "./gaussian_noise.ts";
import { Grayscale, RandomGrayscale } from "./grayscale.ts";
import { Lambda } from "./lambda.ts";
import { Normalize } from "./normalize.ts";
import { Pad } from "./pad.ts";
import { RandomPerspective } from "./perspective.ts";
import { RandomApply, RandomChoice, RandomOrder } from "./random_apply.ts";
import {
  RandomAdjustSharpness,
  RandomAutocontrast,
  RandomEqualize,
  RandomInvert,
  RandomPosterize,
  RandomSolarize,
} from "./random_tones.ts";
import { RandomResizedCrop, Resize } from "./resize.ts";
import { type Transform, worksOnHost } from "./transform.ts";

/** Those that draw, in a form in which sixteen pictures do not all come out alike. */
const random: Record<string, Transform> = {
  RandomHorizontalFlip: new RandomHorizontalFlip(),
  RandomVerticalFlip: new RandomVerticalFlip(),
  RandomCrop: new RandomCrop([8, 6], { padding: 2 }),
  RandomResizedCrop: new RandomResizedCrop([8, 6]),
  RandomRotation: new RandomRotation(90),
  RandomAffine: new RandomAffine(20, { translate: [0.2, 0.2], scale: [0.8, 1.2], shear: [-5, 5, -5, 5] }),
  ElasticTransform: new ElasticTransform({ alpha: 8, sigma: 2 }),
  ColorJitter: new ColorJitter({ brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 }),
  ColorShift: new ColorShift(0.3),
  RandomContrast: new RandomContrast(0.9, 1),
  RandomAutocontrast: new RandomAutocontrast(),
  RandomInvert: new RandomInvert(),
  RandomSolarize: new RandomSolarize(0.5),
  RandomPosterize: new RandomPosterize(2),
  RandomAdjustSharpness: new RandomAdjustSharpness(2),
  RandomPerspective: new RandomPerspective(),
  AutoAugment: new AutoAugment(),
  RandAugment: new RandAugment(),
  TrivialAugmentWide: new TrivialAugmentWide(),
  AugMix: new AugMix(),
  RandomGrayscale: new RandomGrayscale(0.5),
  GaussianNoise: new GaussianNoise(),
  GaussianBlur: new GaussianBlur(3),
  RandomErasing: new RandomErasing(),
  Cutout: new Cutout(3),
  RandomApply: new RandomApply(new RandomErasing(1)),
  RandomOrder: new RandomOrder([new RandomSolarize(0.5, 1), new RandomPosterize(2, 1), new GaussianBlur(3)]),
  RandomChoice: new RandomChoice([new Cutout(3), new RandomHorizontalFlip(1)]),
};
const fixed: Record<string, Transform> = {
  CenterCrop: new CenterCrop([6, 4]),
  RandomEqualize: new RandomEqualize(1),
  Resize: new Resize([5, 7]),
  Grayscale: new Grayscale(),
  Normalize: new Normalize([0.1, 0.2, 0.3], [2, 3, 4]),
  Pad: new Pad(2),
};
const all = { ...random, ...fixed };
const picture = (): Tensor => rand([3, 8, 6], { generator: new Generator(3) });
const different = (count: number): Tensor => rand([count, 3, 8, 6], { generator: new Generator(4) });
const asText = (x: Tensor): string => x.toTypedArray().join();

describe.each(Object.entries(random))("%s", (_, transform) => {
  const batch = (): Tensor => stack(Array(16).fill(picture()));

  test("each picture of a batch is drawn for on its own", () => {
    const out = transform.apply(batch(), new Generator(0));
    expect(out.shape[0]).toBe(16);
    expect(new Set(out.unbind(0).map(asText)).size).toBeGreaterThan(1);
  });

  test("the same generator gives the same pictures, and goes on", () => {
    const generator = new Generator(1);
    const state = generator.getState();
    const first = asText(transform.apply(batch(), generator));
    expect(asText(transform.apply(batch(), generator))).not.toBe(first);
    generator.setState(state);
    expect(asText(transform.apply(batch(), generator))).toBe(first);
    // What the transform did before has left no trace in it.
    transform.apply(different(3), new Generator(9));
    expect(asText(transform.apply(batch(), new Generator(1)))).toBe(first);
  });

  test("without a generator it draws from the default one", () => {
    const outs = Array.from({ length: 12 }, () => asText(transform.apply(picture())));
    expect(new Set(outs).size).toBeGreaterThan(1);
  });
});

describe.each(Object.entries(all))("%s", (name, transform) => {
  test("takes a sample or a batch, and leaves it as it is", () => {
    const input = different(4);
    const before = asText(input);
    transform.apply(input, new Generator(0));
    expect(asText(input)).toBe(before);
    const one = transform.apply(picture(), new Generator(7));
    const many = transform.apply(picture().unsqueeze(0), new Generator(7));
    expect([one.ndim, many.ndim, one.dtype]).toEqual([3, 4, "float32"]);
    expect(asText(many.select(0, 0))).toBe(asText(one));
  });

  test("pictures that are a view are read as they are seen", () => {
    const view = rand([6, 8, 3], { generator: new Generator(3) }).transpose(0, 2);
    expect(asText(transform.apply(view, new Generator(2)))).toBe(
      asText(transform.apply(view.clone().contiguous(), new Generator(2))),
    );
  });

  test("in a composition it does what it does alone", () => {
    expect(transform.batched && worksOnHost(transform)).toBe(true);
    const composed = new Compose([new Pad(1), transform, new RandomHorizontalFlip(1)]);
    const alone = transform.apply(new Pad(1).apply(different(5)), new Generator(5));
    expect(asText(composed.apply(different(5), new Generator(5)))).toBe(asText(alone.flip([-1])));
  });

  test("what is no picture is refused", () => {
    expect(() => transform.apply(zeros([4]))).toThrow(
      new RegExp(name === "Pad" ? "Pad" : `${name}: expected a tensor`),
    );
    if (name === "Pad") return;
    expect(() => transform.apply(zeros([3, 8, 6], { dtype: "int32" }))).toThrow(
      new RegExp(`${name}: expected .*got int32`),
    );
  });
});

test("on the host, Pad and Normalize give the bits that they give on tensors", () => {
  const input = different(3).mul(3).sub(1);
  const still = new RandomHorizontalFlip(0);
  for (
    const transform of [
      new Normalize([0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]),
      new Normalize(0.1307, 0.3081),
      new Pad([1, 2, 3, 0]),
      new Pad(2, { mode: "reflect" }),
      new Pad(5, { mode: "circular" }),
      new Pad([9, 2], { mode: "replicate" }),
      new Pad(1, { fill: 0.3 }),
    ]
  ) {
    const onHost = new Compose([transform, still]).apply(input);
    expect(onHost.shape).toEqual(transform.apply(input).shape);
    expect(asText(onHost)).toBe(asText(transform.apply(input)));
  }
  expect(() => new Compose([new Normalize([1, 2], [1, 2]), still]).apply(input)).toThrow(/2 means for 3 channels/);
  expect(() => new Compose([new Normalize(0, 1), still]).apply(input.to("uint8"))).toThrow(/expected a float tensor/);
});

test("a composition with transforms of one's own between", () => {
  const double = new Lambda((x) => x.mul(2), { batched: true });
  const mixed = new Compose([new RandomHorizontalFlip(1), new Pad(1), double, new CenterCrop([8, 6]), new Cutout(2)]);
  expect([mixed.batched, worksOnHost(mixed)]).toEqual([true, false]);
  const generator = new Generator(6);
  const expected = new Cutout(2).apply(new RandomHorizontalFlip(1).apply(picture(), generator).mul(2), generator);
  expect(asText(mixed.apply(picture(), new Generator(6)))).toBe(asText(expected));
});

test("RandomOrder applies all of its transforms, each order as often", () => {
  const [double, addOne] = [new Lambda((x) => x.mul(2)), new Lambda((x) => x.add(1))];
  const triple = new Lambda((x) => x.mul(3));
  const order = new RandomOrder([double, addOne, triple]);
  expect([order.batched, worksOnHost(order)]).toEqual([false, false]);
  const generator = new Generator(0);
  const counts = new Map<number, number>();
  for (let i = 0; i < 600; i++) {
    const value = Number(order.apply(tensor([1]), generator).item());
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  // Of six orders, two pairs agree: what is doubled and tripled before one is added, or after.
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([7, 8, 9, 12]);
  for (const [value, count] of counts) {
    const share = value === 7 || value === 12 ? 200 : 100;
    expect(Math.abs(count - share)).toBeLessThan(50);
  }
  expect(() => new RandomOrder([new Pad(1), 5 as never])).toThrow(/element 1 \(number\) is not a transform/);
  expect(asText(new RandomOrder([]).apply(picture()))).toBe(asText(picture()));
});

test("uint8 pictures stay uint8, where colours are not computed", () => {
  const grey = tensor([[[0, 100, 200], [50, 150, 250]]], { dtype: "uint8" });
  const bytes = (transform: Transform): unknown => {
    const out = transform.apply(grey, new Generator(0));
    expect(out.dtype).toBe("uint8");
    return out.toArray();
  };
  expect(bytes(new RandomHorizontalFlip(1))).toEqual([[[200, 100, 0], [250, 150, 50]]]);
  expect(bytes(new RandomCrop([2, 3]))).toEqual(grey.toArray());
  expect(bytes(new Resize([1, 3]))).toEqual([[[25, 125, 225]]]);
  expect(bytes(new RandomAffine(0, { interpolation: "bilinear" }))).toEqual(grey.toArray());
  expect(bytes(new GaussianBlur([1, 3], { sigma: 1e6 }))).toEqual([[[67, 100, 133], [117, 150, 183]]]);
  expect(bytes(new RandomErasing(1, { scale: [1, 1], value: 9 }))).toEqual(grey.toArray()); // never fits
  expect(bytes(new ElasticTransform({ alpha: 0 }))).toEqual(grey.toArray());
  expect(bytes(new RandomInvert(1))).toEqual([[[255, 155, 55], [205, 105, 5]]]);
  expect(bytes(new RandomSolarize(128, 1))).toEqual([[[0, 100, 55], [50, 105, 5]]]);
  expect(bytes(new RandomPosterize(1, 1))).toEqual([[[0, 0, 128], [0, 128, 128]]]);
  expect(bytes(new RandomPerspective(0, 1))).toEqual(grey.toArray());
  for (const transform of [new AutoAugment("svhn"), new RandAugment(), new TrivialAugmentWide(), new AugMix()]) {
    bytes(transform);
  }
  for (
    const transform of [new ColorJitter(), new ColorShift(), new GaussianNoise(), new Grayscale(), new RandomContrast()]
  ) {
    expect(() => transform.apply(grey)).toThrow(/expected a float tensor, got uint8\. Put ToTensor before it/);
  }
});

test("draws are the same taken few or many at a time", () => {
  const run = (ahead: number): number[] => {
    const draws = new Draws(new Generator(5), ahead);
    return Array.from({ length: 1000 }, () => draws.uniform());
  };
  expect(run(2)).toEqual(run(100));
  expect(run(500)).toEqual(run(100));
  const draws = new Draws(new Generator(0), 1000);
  const normal = Array.from({ length: 20_000 }, () => draws.normal());
  const mean = normal.reduce((a, b) => a + b) / normal.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(normal.reduce((a, b) => a + (b - mean) ** 2, 0) / normal.length).toBeCloseTo(1, 1);
});

/** The transforms of the gallery, each with its code. */
import {
  AugMix,
  AutoAugment,
  CenterCrop,
  ColorJitter,
  ColorShift,
  Compose,
  CutMix,
  Cutout,
  ElasticTransform,
  FiveCrop,
  GaussianBlur,
  GaussianNoise,
  Grayscale,
  MixUp,
  Normalize,
  Pad,
  RandAugment,
  RandomAdjustSharpness,
  RandomAffine,
  RandomApply,
  RandomAutocontrast,
  RandomChoice,
  RandomContrast,
  RandomCrop,
  RandomEqualize,
  RandomErasing,
  RandomGrayscale,
  RandomHorizontalFlip,
  RandomInvert,
  RandomOrder,
  RandomPerspective,
  RandomPosterize,
  RandomResizedCrop,
  RandomRotation,
  RandomSolarize,
  RandomVerticalFlip,
  Resize,
  TenCrop,
  type Transform,
  TrivialAugmentWide,
} from "@heddle/data";
import type { Generator, Tensor } from "@heddle/tensor";

/** A transform, as code and as a function of a batch of images and labels. */
export interface Exhibit {
  /** The name of its file. */
  readonly name: string;
  readonly code: string;
  /** What kind of transform it is, where a new kind begins. */
  readonly kind?: string;
  readonly apply: (images: Tensor, labels: Tensor, generator: Generator) => Tensor;
}

function exhibit(code: string, transform: Transform): Exhibit {
  const name = /^new (\w+)/.exec(code)![1]!;
  return { name, code, apply: (images, _, generator) => transform.apply(images, generator) };
}

/** Transforms of a kind; the first of them has its name. */
function kind(name: string, [first, ...others]: readonly Exhibit[]): Exhibit[] {
  return [{ ...first!, kind: name }, ...others];
}

/** The crops of the first image. */
function crops(code: string, transform: Transform): Exhibit {
  return { ...exhibit(code, transform), apply: (images) => transform.apply(images.select(0, 0)) };
}

/** Every transform of `@heddle/data`, by kind. */
export function gallery(numClasses: number): Exhibit[] {
  const mixUp = new MixUp({ numClasses, alpha: 8 });
  const cutMix = new CutMix({ numClasses });
  return [
    ...kind("Flips, turns and warps", [
      exhibit("new RandomHorizontalFlip()", new RandomHorizontalFlip()),
      exhibit("new RandomVerticalFlip()", new RandomVerticalFlip()),
      exhibit(
        'new RandomRotation(20, { interpolation: "bilinear" })',
        new RandomRotation(20, { interpolation: "bilinear" }),
      ),
      exhibit(
        "new RandomAffine(15, { translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10 })",
        new RandomAffine(15, { translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10 }),
      ),
      exhibit("new RandomPerspective(0.5, 1)", new RandomPerspective(0.5, 1)),
      exhibit("new ElasticTransform()", new ElasticTransform()),
    ]),
    ...kind("Crops and sizes", [
      exhibit("new RandomCrop(32, { padding: 4 })", new RandomCrop(32, { padding: 4 })),
      exhibit("new RandomResizedCrop(32)", new RandomResizedCrop(32)),
      exhibit("new CenterCrop(24)", new CenterCrop(24)),
      exhibit("new Resize(16)", new Resize(16)),
      exhibit('new Pad(4, { mode: "reflect" })', new Pad(4, { mode: "reflect" })),
      crops("new FiveCrop(20)", new FiveCrop(20)),
      crops("new TenCrop(20)", new TenCrop(20)),
    ]),
    ...kind("Colours", [
      exhibit(
        "new ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 })",
        new ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
      ),
      exhibit("new ColorShift(0.2)", new ColorShift(0.2)),
      exhibit("new RandomContrast(0.8, 1)", new RandomContrast(0.8, 1)),
      exhibit("new RandomAutocontrast(1)", new RandomAutocontrast(1)),
      exhibit("new RandomEqualize(1)", new RandomEqualize(1)),
      exhibit("new RandomInvert(0.5)", new RandomInvert(0.5)),
      exhibit("new RandomSolarize(0.5, 1)", new RandomSolarize(0.5, 1)),
      exhibit("new RandomPosterize(2, 1)", new RandomPosterize(2, 1)),
      exhibit("new RandomAdjustSharpness(3, 1)", new RandomAdjustSharpness(3, 1)),
      exhibit("new Grayscale(3)", new Grayscale(3)),
      exhibit("new RandomGrayscale(0.5)", new RandomGrayscale(0.5)),
      exhibit("new Normalize(0.5, 0.5)", new Normalize(0.5, 0.5)),
    ]),
    ...kind("Blur, noise and erased parts", [
      exhibit("new GaussianBlur(5)", new GaussianBlur(5)),
      exhibit("new GaussianNoise({ sigma: 0.1 })", new GaussianNoise({ sigma: 0.1 })),
      exhibit('new RandomErasing(1, { value: "random" })', new RandomErasing(1, { value: "random" })),
      exhibit("new Cutout(12)", new Cutout(12)),
    ]),
    ...kind("Policies: several transforms, chosen at random", [
      exhibit('new AutoAugment("cifar10")', new AutoAugment("cifar10")),
      exhibit("new RandAugment()", new RandAugment()),
      exhibit("new TrivialAugmentWide()", new TrivialAugmentWide()),
      exhibit("new AugMix({ severity: 10 })", new AugMix({ severity: 10 })),
    ]),
    ...kind("Combinations", [
      exhibit(
        "new RandomApply(new GaussianBlur(7, { sigma: 2 }), 0.5)",
        new RandomApply(new GaussianBlur(7, { sigma: 2 }), 0.5),
      ),
      exhibit(
        "new RandomChoice([new Cutout(12), new Grayscale(3)])",
        new RandomChoice([new Cutout(12), new Grayscale(3)]),
      ),
      exhibit(
        "new RandomOrder([new RandomPosterize(2, 1), new GaussianBlur(5)])",
        new RandomOrder([new RandomPosterize(2, 1), new GaussianBlur(5)]),
      ),
      exhibit(
        "new Compose([new RandomCrop(32, { padding: 4 }), new ColorJitter({ hue: 0.3 }), new Cutout(8)])",
        new Compose([new RandomCrop(32, { padding: 4 }), new ColorJitter({ hue: 0.3 }), new Cutout(8)]),
      ),
    ]),
    ...kind("Two images mixed, and their labels", [
      {
        name: "MixUp",
        code: "new MixUp({ numClasses, alpha: 8 })",
        apply: (images, labels, generator) => mixUp.apply(images, labels, generator)[0],
      },
      {
        name: "CutMix",
        code: "new CutMix({ numClasses })",
        apply: (images, labels, generator) => cutMix.apply(images, labels, generator)[0],
      },
    ]),
  ];
}

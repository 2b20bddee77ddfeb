/** The augmentations of training images, by name. */
import {
  ColorJitter,
  CutMix,
  Cutout,
  MixUp,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  RandomRotation,
  type Transform,
} from "@heddle/data";
import { SIDE } from "../colour_images/colour_images.ts";
import type { Option } from "../runner/options.ts";

/** Applied to one image at a time. */
type TransformName = "crop" | "flip" | "rotate" | "jitter" | "erase" | "cutout";

const TRANSFORMS: Readonly<Record<TransformName, Transform>> = {
  crop: new RandomCrop(SIDE, { padding: 4 }),
  flip: new RandomHorizontalFlip(),
  rotate: new RandomRotation(15),
  jitter: new ColorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2 }),
  erase: new RandomErasing(),
  cutout: new Cutout(16),
};

/** Applied to a batch, with its labels. */
type MixName = "mixup" | "cutmix";

const MIXES: Readonly<Record<MixName, (classes: number) => MixUp | CutMix>> = {
  mixup: (classes) => new MixUp({ numClasses: classes }),
  cutmix: (classes) => new CutMix({ numClasses: classes }),
};

/** What `--augment` takes. */
export type AugmentationName = TransformName | MixName;

/** All of them. */
export const AUGMENTATIONS: readonly AugmentationName[] = [
  ...Object.keys(TRANSFORMS) as TransformName[],
  ...Object.keys(MIXES) as MixName[],
];

/** The transforms among them, in the given order. */
export function transformsOf(names: readonly AugmentationName[]): Transform[] {
  return names.flatMap((name) => name in TRANSFORMS ? [TRANSFORMS[name as TransformName]] : []);
}

/** The one that mixes the images of a batch, or null. */
export function mixOf(names: readonly AugmentationName[], classes: number): MixUp | CutMix | null {
  const name = names.find((name) => name in MIXES);
  return name === undefined ? null : MIXES[name as MixName](classes);
}

/** `crop+flip`, or `none`. */
export function augmentName(names: readonly AugmentationName[]): string {
  return names.length === 0 ? "none" : names.join("+");
}

/** An option of names joined by commas, or `none`; null if it is optional and absent. */
export function augmentOption<D extends readonly AugmentationName[] | null>(
  wording: { help: string; default: D },
): Option<readonly AugmentationName[] | D> {
  return {
    help: wording.help,
    value: "LIST",
    fallback: wording.default,
    expected: `none, or names among ${
      AUGMENTATIONS.join(", ")
    }, joined by commas, with at most one of mixup and cutmix`,
    ...(wording.default === null ? {} : { shown: augmentName(wording.default) }),
    parse(text) {
      const names = text === "none" ? [] : text.split(",") as AugmentationName[];
      const known = names.every((name) => AUGMENTATIONS.includes(name)) && new Set(names).size === names.length;
      return known && names.filter((name) => name in MIXES).length <= 1 ? names : undefined;
    },
  };
}

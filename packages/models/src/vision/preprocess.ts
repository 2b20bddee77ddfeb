/** How images are prepared for networks trained on ImageNet. */
import {
  CenterCrop,
  Compose,
  Normalize,
  Resize,
  type ResizeInterpolation,
  ToTensor,
  type Transform,
} from "@heddle/data";
import { checkOptions } from "@heddle/tensor/engine";
import { type ArchitectureName, architectures } from "./architectures.ts";

/** Means of ImageNet's red, green and blue, which all of torchvision's weights expect. */
export const imagenetMean: readonly [number, number, number] = [0.485, 0.456, 0.406];
/** Deviations of ImageNet's red, green and blue. */
export const imagenetStd: readonly [number, number, number] = [0.229, 0.224, 0.225];

/** Options of {@link preprocess}, for weights that were trained on other images than the first ones published. */
export interface PreprocessOptions {
  /** Length to which the shorter side is resized; 256 by default, except for EfficientNet. */
  readonly resize?: number;
  /** Height and width of the part cropped from the middle; 224 by default, except for EfficientNet. */
  readonly crop?: number;
  /** "bilinear" by default, for EfficientNet "bicubic". */
  readonly interpolation?: ResizeInterpolation;
  /** Subtracted from each channel. */
  readonly mean?: readonly number[];
  /** Each channel is divided by it. */
  readonly std?: readonly number[];
}

/**
 * The transform from a picture `[3, H, W]`, of bytes or of numbers from 0 to 1, to the input of an architecture: resizes the shorter side,
 * crops the middle, and normalises the channels. It takes batches `[N, 3, H, W]` too. torchvision: `weights.transforms()` of
 * `IMAGENET1K_V1`; Pillow, which torchvision uses there, rounds between rows and columns, so that single bytes differ by one. The second
 * weights of the residual networks (`IMAGENET1K_V2`) expect `{ resize: 232 }`.
 *
 * @throws RangeError for an unknown architecture.
 *
 * @example
 * ```ts
 * import { preprocess } from "@heddle/models";
 * import { zeros } from "@heddle/tensor";
 * preprocess("resnet18").apply(zeros([3, 300, 400], { dtype: "uint8" })).shape; // [3, 224, 224]
 * ```
 */
export function preprocess(name: ArchitectureName, options: PreprocessOptions = {}): Transform {
  checkOptions("preprocess", options, ["crop", "interpolation", "mean", "resize", "std"]);
  if (!Object.hasOwn(architectures, name)) {
    throw new RangeError(
      `preprocess: unknown architecture "${name}"; there are ${Object.keys(architectures).join(", ")}`,
    );
  }
  const known = architectures[name];
  const { resize = known.resize, crop = known.crop, interpolation = known.interpolation } = options;
  const { mean = imagenetMean, std = imagenetStd } = options;
  return new Compose([
    new Resize(resize, { interpolation }),
    new CenterCrop(crop),
    new ToTensor({ layout: "CHW" }),
    new Normalize(mean, std),
  ]);
}

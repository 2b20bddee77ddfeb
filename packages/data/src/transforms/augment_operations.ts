/** The operations that automatic augmentation chooses from, and their magnitudes, as in torchvision's `autoaugment.py`. */
import { brighten, checkColours, contrast, placeOf, saturate } from "./colour.ts";
import type { Draws } from "./random_draws.ts";
import type { Pictures } from "./pictures.ts";
import { planeLike } from "./random_tones.ts";
import { checkInterpolation, type Interpolation, roundHalfEven } from "./resample.ts";
import { equalize, invert, posterize, sharpen, solarize, stretch } from "./tones.ts";
import { type AffineParts, affinePlaces, inverseAffine, Warp } from "./warp.ts";
import { show } from "./parameters.ts";

/** Options of all automatic augmentations. */
export interface AugmentOptions {
  /** How values between pixels are interpolated (default "nearest"; "bilinear" for `AugMix`). */
  interpolation?: Interpolation;
  /** The value outside a distorted picture (default 0). */
  fill?: number;
}

/** The operations' names. */
export type AugmentOperation =
  | "Identity"
  | "ShearX"
  | "ShearY"
  | "TranslateX"
  | "TranslateY"
  | "Rotate"
  | "Brightness"
  | "Color"
  | "Contrast"
  | "Sharpness"
  | "Posterize"
  | "Solarize"
  | "AutoContrast"
  | "Equalize"
  | "Invert";

const degrees = (radians: number): number => radians * 180 / Math.PI;
const STILL: AffineParts = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0], centre: [0, 0] };

/** Applies operations to single pictures, in place. */
export class Augmenter {
  private readonly pictures: Pictures;
  private readonly warp: Warp;
  private readonly plane: Float32Array | Uint8Array;
  private readonly corner: readonly [x: number, y: number];

  /** @throws unless pictures have one or three channels */
  constructor(where: string, pictures: Pictures, interpolation: Interpolation, fill: number) {
    checkColours(where, pictures.channels);
    this.pictures = pictures;
    this.warp = new Warp(pictures, interpolation, fill);
    this.plane = planeLike(pictures);
    this.corner = [-pictures.width / 2, -pictures.height / 2];
  }

  /** Changes picture `i`. Magnitudes are torchvision's; that of "Solarize" counts from 0 to 255 for float pictures too. */
  apply(i: number, operation: AugmentOperation, magnitude: number): void {
    const place = placeOf(this.pictures, i);
    switch (operation) {
      case "Identity":
        return;
      case "ShearX":
        return this.distort(i, { shear: [degrees(Math.atan(magnitude)), 0], centre: this.corner });
      case "ShearY":
        return this.distort(i, { shear: [0, degrees(Math.atan(magnitude))], centre: this.corner });
      case "TranslateX":
        return this.distort(i, { translate: [Math.trunc(magnitude), 0] });
      case "TranslateY":
        return this.distort(i, { translate: [0, Math.trunc(magnitude)] });
      case "Rotate":
        return this.distort(i, { angle: -magnitude });
      case "Brightness":
        return brighten(place, 1 + magnitude);
      case "Color":
        return saturate(place, 1 + magnitude);
      case "Contrast":
        return contrast(place, 1 + magnitude);
      case "Sharpness":
        return sharpen(place, 1 + magnitude, this.plane);
      case "Posterize":
        return posterize(place, magnitude);
      case "Solarize":
        return solarize(place, magnitude * place.bound / 255);
      case "AutoContrast":
        return stretch(place);
      case "Equalize":
        return equalize(place);
      case "Invert":
        return invert(place);
    }
  }

  private distort(i: number, parts: Partial<AffineParts>): void {
    const { height, width } = this.pictures;
    affinePlaces(inverseAffine({ ...STILL, ...parts }), height, width, this.warp.places);
    this.warp.picture(this.pictures, i);
  }
}

/** The magnitudes of an operation. */
export interface Magnitudes {
  /** One for each bin; null for an operation without a magnitude. */
  readonly values: readonly number[] | null;
  /** Whether half of them are to be negative. */
  readonly signed: boolean;
}

/** The largest magnitudes; the smallest are 0. */
export interface Strengths {
  readonly shear: number;
  readonly translateX: number;
  readonly translateY: number;
  readonly rotate: number;
  /** Of brightness, colour, contrast and sharpness. */
  readonly colour: number;
  /** Bits that are kept at the smallest and at the largest magnitude. */
  readonly bits: readonly [most: number, least: number];
}

/** The operations and their magnitudes, in torchvision's order. */
export function augmentationSpace(strengths: Strengths, bins: number): Map<AugmentOperation, Magnitudes> {
  const { shear, translateX, translateY, rotate, colour, bits: [most, least] } = strengths;
  const upTo = (end: number): Magnitudes => ({ values: linspace(0, end, bins), signed: true });
  const without: Magnitudes = { values: null, signed: false };
  const bits = Array.from({ length: bins }, (_, i) => most - roundHalfEven(i / ((bins - 1) / (most - least))));
  return new Map<AugmentOperation, Magnitudes>([
    ["Identity", without],
    ["ShearX", upTo(shear)],
    ["ShearY", upTo(shear)],
    ["TranslateX", upTo(translateX)],
    ["TranslateY", upTo(translateY)],
    ["Rotate", upTo(rotate)],
    ["Brightness", upTo(colour)],
    ["Color", upTo(colour)],
    ["Contrast", upTo(colour)],
    ["Sharpness", upTo(colour)],
    ["Posterize", { values: bits, signed: false }],
    ["Solarize", { values: linspace(255, 0, bins), signed: false }],
    ["AutoContrast", without],
    ["Equalize", without],
    ["Invert", without],
  ]);
}

/** PyTorch's `linspace` in float32, which decides how many pixels a translation is cut off to. */
function linspace(start: number, end: number, steps: number): number[] {
  const { fround } = Math;
  const [first, last] = [fround(start), fround(end)];
  const step = fround(fround(last - first) / (steps - 1));
  return Array.from({ length: steps }, (_, i) => {
    return i < steps / 2 ? fround(first + fround(step * i)) : fround(last - fround(step * (steps - i - 1)));
  });
}

/** The strengths of AutoAugment and RandAugment: translations as their papers have them on pictures of 331 pixels. */
export function paperStrengths(height: number, width: number): Strengths {
  return {
    shear: 0.3,
    translateX: 150 / 331 * width,
    translateY: 150 / 331 * height,
    rotate: 30,
    colour: 0.9,
    bits: [8, 4],
  };
}

/** The magnitude of a bin, its sign drawn if it has one; `bin` draws the bin if need be. */
export function drawMagnitude({ values, signed }: Magnitudes, bin: () => number, draws: Draws): number {
  if (values === null) return 0;
  const magnitude = values[bin()]!;
  return signed && draws.chance(0.5) ? -magnitude : magnitude;
}

/** Checked common options. @throws for an unknown interpolation */
export function augmentOptions(
  where: string,
  { interpolation = "nearest", fill = 0 }: AugmentOptions,
): Required<AugmentOptions> {
  return { interpolation: checkInterpolation(where, interpolation), fill };
}

/** @throws unless a value is an integer within the limits */
export function checkInteger(where: string, name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${where}: ${name} must be an integer from ${least} to ${most}, got ${show(value)}.`);
}

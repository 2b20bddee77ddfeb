/**
 * Changes of colour on one picture of three planes (red, green, blue) or one (grey), float32 from 0 to 1 or uint8 from 0
 * to 255.
 *
 * On uint8 pictures they give torchvision's bits: it computes in float32 and cuts off fractions. Storing a number in a
 * Uint8Array cuts them off as well.
 */
import type { Draws } from "./random_draws.ts";
import type { Pictures } from "./pictures.ts";

const { fround } = Math;

// ITU-R BT.601's weights in torchvision's rounding.
const RED = 0.2989;
const GREEN = 0.587;
const BLUE = 0.114;

/**
 * A value clamped to 0 to `bound`. Without a branch: pictures are noisy, so the processor would often mispredict it,
 * which took three times as long.
 */
export function clamped(value: number, bound: number = 1): number {
  return 0.5 * (Math.abs(value) - Math.abs(value - bound) + bound);
}

/** Where a picture lies. */
export interface Place {
  readonly data: Float32Array | Uint8Array;
  /** Start of its first plane. */
  readonly at: number;
  readonly channels: number;
  /** Values in a plane, and in a row. */
  readonly area: number;
  readonly width: number;
  /** The value of white: 1, or 255 for uint8. */
  readonly bound: number;
}

/** Where picture `i` lies. */
export function placeOf({ data, channels, height, width }: Pictures, i: number): Place {
  const area = height * width;
  return { data, at: i * channels * area, channels, area, width, bound: data instanceof Uint8Array ? 255 : 1 };
}

/** Changes each picture with a probability. */
export function changeSome(pictures: Pictures, draws: Draws, p: number, change: (place: Place) => void): Pictures {
  for (let i = 0; i < pictures.count; i++) {
    if (draws.chance(p)) change(placeOf(pictures, i));
  }
  return pictures;
}

/** Blends a value of uint8 with another, in the proportion `factor` to `1 − factor`. */
export function blendedByte(value: number, other: number, factor: number): number {
  return clamped(fround(fround(fround(factor) * value) + fround(fround(1 - factor) * other)), 255);
}

/** Blends every value of a uint8 picture with another one, which depends on the pixel's place in the first plane. */
function blendBytes({ data, at, channels, area }: Place, factor: number, other: (p: number) => number): void {
  for (let p = at; p < at + area; p++) {
    const value = other(p);
    for (let c = 0; c < channels; c++) data[p + c * area] = blendedByte(data[p + c * area]!, value, factor);
  }
}

/** The grey of a uint8 pixel, a whole number. */
function greyByte({ data, channels, area }: Place, p: number): number {
  if (channels === 1) return data[p]!;
  const [r, g, b] = [fround(RED) * data[p]!, fround(GREEN) * data[p + area]!, fround(BLUE) * data[p + 2 * area]!];
  return Math.floor(fround(fround(fround(r) + fround(g)) + fround(b)));
}

/** @throws unless pictures have one or three channels */
export function checkColours(where: string, channels: number): void {
  if (channels === 1 || channels === 3) return;
  throw new Error(`${where}: expected pictures of 1 or 3 channels, got ${channels}.`);
}

/** Multiplies by a factor. */
export function brighten(place: Place, factor: number): void {
  const { data, at, channels, area, bound } = place;
  if (bound !== 1) return blendBytes(place, factor, () => 0);
  const end = at + channels * area;
  for (let p = at; p < end; p++) data[p] = clamped(factor * data[p]!);
}

/** Moves values away from the mean of the picture's grey (factor above 1) or towards it. */
export function contrast(place: Place, factor: number): void {
  const { data, at, channels, area, bound } = place;
  const mean = meanGrey(place);
  if (bound !== 1) return blendBytes(place, factor, () => fround(mean));
  const rest = (1 - factor) * mean;
  const end = at + channels * area;
  for (let p = at; p < end; p++) data[p] = clamped(factor * data[p]! + rest);
}

function meanGrey(place: Place): number {
  const { data, at, channels, area, bound } = place;
  let sum = 0;
  if (bound !== 1) { for (let p = at; p < at + area; p++) sum += greyByte(place, p); }
  else if (channels === 1) { for (let p = at; p < at + area; p++) sum += data[p]!; }
  else {
    let red = 0, green = 0, blue = 0;
    for (let p = at; p < at + area; p++) {
      red += data[p]!;
      green += data[p + area]!;
      blue += data[p + 2 * area]!;
    }
    sum = RED * red + GREEN * green + BLUE * blue;
  }
  return sum / area;
}

/** Moves colours away from the pixel's grey (factor above 1) or towards it. Grey pictures have none. */
export function saturate(place: Place, factor: number): void {
  const { data, at, channels, area, bound } = place;
  if (channels === 1) return;
  if (bound !== 1) return blendBytes(place, factor, (p) => greyByte(place, p));
  const end = at + area;
  for (let p = at; p < end; p++) {
    const r = data[p]!, g = data[p + area]!, b = data[p + 2 * area]!;
    const rest = (1 - factor) * (RED * r + GREEN * g + BLUE * b);
    data[p] = clamped(factor * r + rest);
    data[p + area] = clamped(factor * g + rest);
    data[p + 2 * area] = clamped(factor * b + rest);
  }
}

/**
 * Turns the hue of every pixel by a part of the circle, from −0.5 to 0.5. Grey pictures have none.
 *
 * This equals changing the hue in HSV, which keeps value and saturation: the largest and the smallest value stay, but
 * move to other channels. Written without branches, as {@link clamped} is.
 */
export function turnHue({ data, at, channels, area }: Place, part: number): void {
  if (channels === 1) return;
  // The circle of hues has a length of 6: red at 0, green at 2, blue at −2.
  const turn = 6 * part;
  const end = at + area;
  for (let p = at; p < end; p++) {
    const r = data[p]!, g = data[p + area]!, b = data[p + 2 * area]!;
    const apart = Math.abs(g - b);
    const most = larger(r, 0.5 * (g + b + apart));
    const least = -larger(-r, -0.5 * (g + b - apart));
    const chroma = most - least;
    // How far from red, from 0 to 3; on the side of green or of blue.
    const distance = 1 + (g + b - r - least) / (chroma + TINY);
    const hue = (g - b + TINY) / (apart + TINY) * distance + turn;
    data[p] = least + chroma * clamped(2 - aroundCircle(hue));
    data[p + area] = least + chroma * clamped(2 - aroundCircle(hue - 2));
    data[p + 2 * area] = least + chroma * clamped(2 - aroundCircle(hue + 2));
  }
}

/** Prevents NaN from 0 / 0; far below any difference of float32 values near 1. */
const TINY = 1e-30;

function larger(a: number, b: number): number {
  return 0.5 * (a + b + Math.abs(a - b));
}

/** Distance of a place between −9 and 9 from the nearest multiple of 6. */
function aroundCircle(place: number): number {
  return Math.abs(3 - Math.abs(Math.abs(place) - 3));
}

/** The grey of each pixel of a float picture, into the plane at `to`. */
export function greyOf(source: Place, target: Float32Array, to: number): void {
  const { data, at, channels, area } = source;
  for (let p = 0; p < area; p++) {
    const q = at + p;
    target[to + p] = channels === 1 ? data[q]! : RED * data[q]! + GREEN * data[q + area]! + BLUE * data[q + 2 * area]!;
  }
}

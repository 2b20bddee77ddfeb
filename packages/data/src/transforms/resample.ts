import type { Window } from "./border.ts";
import type { Pictures } from "./pictures.ts";

/** How values between pixels are interpolated. */
export type Interpolation = "nearest" | "bilinear";

/** @throws for an unknown interpolation */
export function checkInterpolation(where: string, interpolation: Interpolation): Interpolation {
  if (interpolation === "nearest" || interpolation === "bilinear") return interpolation;
  throw new Error(`${where}: interpolation must be "nearest" or "bilinear", got "${interpolation}".`);
}

/** How values between pixels are interpolated where pictures are resized. */
export type ResizeInterpolation = Interpolation | "bicubic";

/** The weight of a pixel by its distance, in pixels of the smaller picture, and the distance from which on it is 0. */
const kernels: Readonly<Record<"bilinear" | "bicubic", { reach: number; weight(distance: number): number }>> = {
  bilinear: { reach: 1, weight: (d) => Math.max(0, 1 - d) },
  // Keys (1981) with a = -1/2, as in Pillow, and in PyTorch with antialiasing.
  bicubic: {
    reach: 2,
    weight: (d) => d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((2.5 - 0.5 * d) * d - 4) * d + 2 : 0,
  },
};

/** @throws for an unknown interpolation, and for "bicubic" without antialiasing */
export function checkResizeInterpolation(
  where: string,
  interpolation: ResizeInterpolation,
  antialias: boolean,
): ResizeInterpolation {
  if (interpolation !== "nearest" && !Object.hasOwn(kernels, interpolation)) {
    throw new Error(`${where}: interpolation must be "nearest", "bilinear" or "bicubic", got "${interpolation}".`);
  }
  if (interpolation === "bicubic" && !antialias) {
    throw new Error(`${where}: "bicubic" is always antialiased; leave out { antialias: false }.`);
  }
  return interpolation;
}

/** For each position of the result: where its taps begin in the source, and their weights, `taps` of them each. */
interface Taps {
  readonly starts: Int32Array;
  readonly weights: Float64Array;
  readonly taps: number;
}

/**
 * Weights along one dimension, from `length` pixels at `start` to `size`. Except for "nearest": a kernel over the pixel's centre
 * as in PyTorch's `interpolate` with `align_corners=False`; with `antialias` it widens as the picture shrinks, so that every
 * source pixel counts.
 */
function tapsOf(start: number, length: number, size: number, how: ResizeInterpolation, antialias: boolean): Taps {
  const scale = length / size;
  if (how === "nearest") {
    const starts = Int32Array.from({ length: size }, (_, i) => start + Math.min(length - 1, Math.floor(i * scale)));
    return { starts, weights: new Float64Array(size).fill(1), taps: 1 };
  }
  const kernel = kernels[how];
  const stretch = antialias ? Math.max(scale, 1) : 1;
  const reach = kernel.reach * stretch;
  const taps = Math.min(length, Math.ceil(reach) * 2 + 1);
  const starts = new Int32Array(size);
  const weights = new Float64Array(size * taps);
  for (let i = 0; i < size; i++) {
    const centre = (i + 0.5) * scale;
    // The first pixel whose centre lies within reach; rows end where the picture does.
    const first = Math.min(Math.max(0, Math.floor(centre - reach + 0.5)), length - taps);
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const weight = kernel.weight(Math.abs(first + t + 0.5 - centre) / stretch);
      weights[i * taps + t] = weight;
      sum += weight;
    }
    for (let t = 0; t < taps; t++) weights[i * taps + t]! /= sum;
    starts[i] = start + first;
  }
  return { starts, weights, taps };
}

/** Brings parts of pictures to the size of the result: along the rows first, then along the columns. */
export class Resampler {
  private readonly interpolation: ResizeInterpolation;
  private readonly antialias: boolean;
  private rows: Float64Array = new Float64Array(0);

  constructor(interpolation: ResizeInterpolation, antialias: boolean) {
    this.interpolation = interpolation;
    this.antialias = antialias;
  }

  /** All channels of picture `i`. */
  resample(source: Pictures, i: number, box: Window, target: Pictures): void {
    const across = tapsOf(box.left, box.width, target.width, this.interpolation, this.antialias);
    const down = tapsOf(box.top, box.height, target.height, this.interpolation, this.antialias);
    for (let c = 0; c < source.channels; c++) {
      const plane = i * source.channels + c;
      this.plane(source, plane * source.height * source.width, box, across, down, target, plane);
    }
  }

  private plane(
    source: Pictures,
    from: number,
    box: Window,
    across: Taps,
    down: Taps,
    target: Pictures,
    plane: number,
  ): void {
    const { height, width, data } = target;
    const length = box.height * width;
    if (this.rows.length < length + width) this.rows = new Float64Array(length + width);
    const rows = this.rows;
    const values = source.data;
    const { starts, weights, taps } = across;
    for (let y = 0; y < box.height; y++) {
      const row = from + (box.top + y) * source.width;
      for (let x = 0; x < width; x++) {
        const start = row + starts[x]!;
        let sum = 0;
        for (let t = 0; t < taps; t++) sum += weights[x * taps + t]! * values[start + t]!;
        rows[y * width + x] = sum;
      }
    }
    // Integers are rounded, halves to even, as in PyTorch; floats are not.
    const whole = data instanceof Uint8Array;
    for (let y = 0; y < height; y++) {
      const start = (down.starts[y]! - box.top) * width;
      // A row of sums, after the rows themselves.
      rows.fill(0, length, length + width);
      for (let t = 0; t < down.taps; t++) {
        const weight = down.weights[y * down.taps + t]!;
        if (weight === 0) continue;
        for (let x = 0; x < width; x++) rows[length + x]! += weight * rows[start + t * width + x]!;
      }
      const to = (plane * height + y) * width;
      for (let x = 0; x < width; x++) data[to + x] = whole ? toByte(rows[length + x]!) : rows[length + x]!;
    }
  }
}

/** The nearest whole number from 0 to 255; "bicubic" overshoots at edges. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, roundHalfEven(value)));
}

/** The nearest integer, with halves rounded to even. */
export function roundHalfEven(value: number): number {
  const rounded = Math.floor(value + 0.5);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

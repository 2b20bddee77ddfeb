/** Where each element of a resized dimension is read from, and with which weights. Computed on the host, from sizes alone. */

/** How coordinates and weights are found. */
export interface ResizeRule {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** One dimension that is resized. */
export interface ResizedAxis {
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  /** The part of the input that the output covers, for `tf_crop_and_resize`. */
  readonly start: number;
  readonly end: number;
}

/** For each element of the result, the elements that it is a sum of and their weights; `outside` ones are beyond the input. */
export interface Taps {
  readonly places: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly outside: readonly boolean[];
}

/** The coordinate in the input of an element of the result, by `coordinate_transformation_mode`. */
const transforms: Readonly<Record<string, (x: number, axis: ResizedAxis) => number>> = {
  half_pixel: (x, { scale }) => (x + 0.5) / scale - 0.5,
  half_pixel_symmetric: (x, { scale, size, out }) => {
    const adjustment = out / (scale * size);
    const centre = size / 2;
    return centre * (1 - adjustment) + (x + 0.5) / scale - 0.5;
  },
  pytorch_half_pixel: (x, { scale, size, out }) => (scale * size > 1 && out > 1) ? (x + 0.5) / scale - 0.5 : 0,
  align_corners: (x, { size, out }) => out === 1 ? 0 : x * (size - 1) / (out - 1),
  asymmetric: (x, { scale }) => x / scale,
  tf_half_pixel_for_nn: (x, { scale }) => (x + 0.5) / scale,
  tf_crop_and_resize: (x, { size, out, start, end }) =>
    out > 1 ? start * (size - 1) + x * (end - start) * (size - 1) / (out - 1) : 0.5 * (start + end) * (size - 1),
};

/** The names of the transformations. */
export const coordinateModes: readonly string[] = Object.keys(transforms);

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The names of the roundings to the nearest element. */
export const nearestModes: readonly string[] = Object.keys(roundings);

/** Keys's cubic convolution (1981) at a distance. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/** The taps of a dimension. */
export function tapsOf(axis: ResizedAxis, rule: ResizeRule): Taps {
  const transform = transforms[rule.coordinates]!;
  const { size, out } = axis;
  const places: number[][] = [];
  const weights: number[][] = [];
  const outside: boolean[] = [];
  const within = (at: number): number => Math.max(0, Math.min(size - 1, at));
  for (let i = 0; i < out; i++) {
    // Rounding errors of the division must not decide between neighbours.
    const exact = transform(i, axis);
    const x = Math.abs(exact - Math.round(exact * 2) / 2) < 1e-6 ? Math.round(exact * 2) / 2 : exact;
    outside.push(rule.coordinates === "tf_crop_and_resize" && (x < 0 || x > size - 1));
    if (rule.mode === "nearest") {
      places.push([within(roundings[rule.nearest]!(x))]);
      weights.push([1]);
      continue;
    }
    // Antialiasing widens the kernel when sizes shrink.
    const widen = rule.antialias ? Math.max(1, 1 / axis.scale) : 1;
    const radius = (rule.mode === "linear" ? 1 : 2) * widen;
    const [first, last] = widen > 1
      ? [Math.ceil(x - radius), Math.floor(x + radius)]
      : [Math.floor(x) - radius + 1, Math.floor(x) + radius];
    const at: number[] = [];
    const by: number[] = [];
    for (let k = first; k <= last; k++) {
      const distance = (k - x) / widen;
      let weight = rule.mode === "linear" ? Math.max(0, 1 - Math.abs(distance)) : cubic(distance, rule.cubicA);
      if (rule.excludeOutside && (k < 0 || k >= size)) weight = 0;
      if (weight === 0 && widen > 1) continue;
      at.push(within(k));
      by.push(weight);
    }
    const total = rule.excludeOutside || widen > 1 ? by.reduce((a, b) => a + b, 0) : 1;
    places.push(at);
    weights.push(by.map((weight) => weight / total));
  }
  return { places, weights, outside };
}

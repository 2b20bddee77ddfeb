/** Resizes lines, images and volumes. */
import { adaptiveAvgPool1d, adaptiveAvgPool2d, type OutputSize, type Tensor, tensor } from "@heddle/tensor";
import {
  checkHostSize,
  checkOptions,
  composite,
  type CompositeAttrs,
  hasHalfGradient,
  inFloat32,
  isHalf,
} from "@heddle/tensor/engine";
import { showSizes, type Sizes } from "../sizes.ts";
import { adaptiveAvgPool3d } from "./pooling.ts";

/** How to interpolate: nearest pixel, linear, cubic, or means over areas. */
export type InterpolationMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "trilinear"
  | "bicubic"
  | "area";

/** Options of {@link interpolate}: either `size` or `scaleFactor`. */
export interface InterpolateOptions {
  /** The new size, one number for all dimensions or one each. */
  readonly size?: Sizes | null;
  /** What the size is multiplied by (and rounded down). */
  readonly scaleFactor?: number | readonly number[] | null;
  /** "nearest" by default; "linear" is for `[N, C, L]`, "bilinear" and "bicubic" for `[N, C, H, W]`, "trilinear" for `[N, C, D, H, W]`. */
  readonly mode?: InterpolationMode;
  /** Whether the corner pixels' centres are aligned, rather than their outer edges; linear and cubic modes only. */
  readonly alignCorners?: boolean;
  /** Whether distances follow from the rounded sizes rather than the exact `scaleFactor`; false by default. */
  readonly recomputeScaleFactor?: boolean;
}

/** Along one dimension: the input elements for each output element, with their weights; no weights where there is only one. */
interface Taps {
  readonly indices: readonly number[][];
  readonly weights: readonly number[][] | null;
}

/** The number of dimensions that a mode is for; 0 for all. */
const dimsOf: { readonly [M in InterpolationMode]: number } = {
  "nearest": 0,
  "nearest-exact": 0,
  "area": 0,
  "linear": 1,
  "bilinear": 2,
  "bicubic": 2,
  "trilinear": 3,
};

/** Cubic convolution of Keys, 1981, with the a of PyTorch and most others. */
const cubicA = -0.75;

function cubicWeight(distance: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((cubicA + 2) * x - (cubicA + 3)) * x * x + 1;
  return ((cubicA * x - 5 * cubicA) * x + 8 * cubicA) * x - 4 * cubicA;
}

/** The most elements of a dimension whose positions are computed on the host. */
const mostPlaces = 2 ** 24;

/** Positions of output elements among the input's. A pixel's centre is at half a pixel, unless the corners are aligned. */
function taps(mode: InterpolationMode, size: number, out: number, factor: number | null, alignCorners: boolean): Taps {
  const scale = factor === null ? size / out : 1 / factor;
  const within = (index: number): number => Math.min(Math.max(index, 0), size - 1);
  if (out > mostPlaces) {
    throw new RangeError(
      `interpolate: a dimension of ${out} elements is too large; at most ${mostPlaces} are computed`,
    );
  }
  const places = [...Array(out).keys()];
  if (mode.startsWith("nearest")) {
    // Products close to an integer are rounded as in PyTorch, which multiplies in float32.
    const [step, shift] = [Math.fround(scale), mode === "nearest" ? 0 : 0.5];
    return { indices: [places.map((i) => within(Math.floor(Math.fround((i + shift) * step))))], weights: null };
  }
  const steps = alignCorners ? (out > 1 ? (size - 1) / (out - 1) : 0) : scale;
  const sources = places.map((i) => alignCorners ? i * steps : (i + 0.5) * steps - 0.5);
  if (mode === "bicubic") {
    const offsets = [-1, 0, 1, 2];
    return {
      indices: offsets.map((offset) => sources.map((x) => within(Math.floor(x) + offset))),
      weights: offsets.map((offset) => sources.map((x) => cubicWeight(x - Math.floor(x) - offset))),
    };
  }
  const clamped = sources.map((x) => Math.max(x, 0));
  const low = clamped.map((x) => within(Math.floor(x)));
  return {
    indices: [low, low.map((index) => within(index + 1))],
    weights: [clamped.map((x, i) => 1 - Math.min(x - low[i]!, 1)), clamped.map((x, i) => Math.min(x - low[i]!, 1))],
  };
}

/** Resizes one dimension. */
function resample(x: Tensor, dim: number, { indices, weights }: Taps): Tensor {
  const placement = { device: x.device };
  const columns = x.shape.map((_, d) => d === dim ? -1 : 1);
  const parts = indices.map((list, i) => {
    const picked = x.indexSelect(dim, tensor(list, { ...placement, dtype: "int32" }));
    return weights === null
      ? picked
      : picked.mul(tensor(weights[i]!, { ...placement, dtype: x.dtype }).reshape(columns));
  });
  return parts.reduce((sum, part) => sum.add(part));
}

/** Repeats each element of one dimension: a view, whose gradient is a sum. */
function repeated(x: Tensor, dim: number, times: number): Tensor {
  const wide = x.unsqueeze(dim + 1);
  const shape = wide.shape.map((size, d) => d === dim + 1 ? times : size);
  return wide.expand(shape).flatten(dim, dim + 1);
}

interface Target {
  readonly sizes: number[];
  readonly factors: (number | null)[];
}

/** The new sizes, and the factors where they determine the distances. */
function target(input: Tensor, dims: number, options: InterpolateOptions): Target {
  const { size = null, scaleFactor = null, recomputeScaleFactor = false } = options;
  if ((size === null) === (scaleFactor === null)) {
    throw new TypeError(`interpolate: give either size or scaleFactor, got ${size === null ? "neither" : "both"}`);
  }
  const given = (size ?? scaleFactor)!;
  const list = typeof given === "number" ? Array<number>(dims).fill(given) : [...given];
  const name = size === null ? "scaleFactor" : "size";
  if (list.length !== dims) {
    throw new RangeError(
      `interpolate: ${name} ${showSizes(list)} has ${list.length} entries; an input of shape ${
        showSizes(input.shape)
      } wants one ` +
        `number, or ${dims}`,
    );
  }
  const sizes = size === null ? list.map((factor, i) => Math.floor(input.shape[i + 2]! * factor)) : list;
  if (sizes.some((n) => !Number.isInteger(n) || n < 1) || input.shape.slice(2).some((n) => n === 0)) {
    throw new RangeError(
      `interpolate: an input of shape ${showSizes(input.shape)} cannot become ${showSizes(sizes)} (${name} ${
        showSizes(list)
      }); sizes must be positive integers`,
    );
  }
  for (const n of sizes) checkHostSize("interpolate", [n], 2 ** 26);
  checkHostSize("interpolate", [...input.shape.slice(0, 2), ...sizes]);
  return { sizes, factors: list.map((factor) => size === null && !recomputeScaleFactor ? factor : null) };
}

/**
 * `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]` resized, each dimension by itself. PyTorch: `torch.nn.functional.interpolate`; there
 * is no `antialias`.
 *
 * @throws TypeError unless one of `size` and `scaleFactor` is given. RangeError for a mode that does not suit the number of dimensions,
 * for `alignCorners` in a mode without it, and for sizes that are not positive.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[[0, 1]]]);
 * F.interpolate(x, { scaleFactor: 2 }).toArray(); // [[[0, 0, 1, 1]]]
 * F.interpolate(x, { size: 3, mode: "linear", alignCorners: true }).toArray(); // [[[0, 0.5, 1]]]
 * ```
 */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor {
  checkOptions("interpolate", options, ["alignCorners", "mode", "recomputeScaleFactor", "scaleFactor", "size"]);
  const { mode = "nearest", alignCorners } = options;
  const dims = input.ndim - 2;
  if (!Object.hasOwn(dimsOf, mode)) {
    const names = Object.keys(dimsOf).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`interpolate: mode ${JSON.stringify(mode)} is unknown; use one of ${names}`);
  }
  if (dims < 1 || dims > 3 || (dimsOf[mode] !== 0 && dimsOf[mode] !== dims)) {
    const wanted = ["[N, C, L], [N, C, H, W] or [N, C, D, H, W]", "[N, C, L]", "[N, C, H, W]", "[N, C, D, H, W]"];
    throw new RangeError(
      `interpolate: got an input of shape ${showSizes(input.shape)}; mode "${mode}" wants ${wanted[dimsOf[mode]]}`,
    );
  }
  if (alignCorners !== undefined && dimsOf[mode] === 0) {
    throw new RangeError(
      `interpolate: alignCorners has no meaning in mode "${mode}"; leave it out, or use a linear mode`,
    );
  }
  const { sizes, factors } = target(input, dims, options);
  if (mode.startsWith("nearest") ? hasHalfGradient(input) : isHalf(input)) {
    return inFloat32([input], (x) => interpolate(x, options));
  }
  if (mode === "area") return area(input, sizes);
  const attrs = { mode, sizes, factors, alignCorners: alignCorners ?? false };
  return composite("interpolate", [input], attrs, () => [resampled(input, attrs)])[0]!;
}

function resampled(input: Tensor, { mode, sizes, factors, alignCorners }: CompositeAttrs["interpolate"]): Tensor {
  let result = input;
  for (const [i, out] of sizes.entries()) {
    const [dim, size, factor] = [i + 2, input.shape[i + 2]!, factors[i]!];
    const whole = out % size === 0 && (factor === null || factor === out / size);
    // As in PyTorch, a dimension whose size stays the same is not interpolated, whatever its factor.
    if (out === size && (whole || mode.endsWith("linear"))) continue;
    if (whole && mode.startsWith("nearest")) result = repeated(result, dim, out / size);
    else result = resample(result, dim, taps(mode as InterpolationMode, size, out, factor, alignCorners));
  }
  return result === input ? input.clone() : result;
}

function area(input: Tensor, sizes: OutputSize & readonly number[]): Tensor {
  if (sizes.length === 1) return adaptiveAvgPool1d(input, sizes);
  return sizes.length === 2 ? adaptiveAvgPool2d(input, sizes) : adaptiveAvgPool3d(input, sizes);
}

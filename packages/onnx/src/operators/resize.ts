/** Resizing, one dimension after the other, and sampling at given positions. */
import { functional as F } from "@heddle/nn";
import { fromTypedArray, type Tensor, where } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { floats, int, ints, type Operator, type Operators, string } from "./operator.ts";
import { coordinateModes, nearestModes, type ResizeRule, type Taps, tapsOf } from "./resize_taps.ts";

/** More taps than this are a product with a matrix. */
const mostTaps = 4;

/** Reads a dimension by its taps. */
function readTaps(x: Tensor, d: number, { places, weights }: Taps): Tensor {
  const count = Math.max(...places.map((at) => at.length));
  const Floats = x.dtype === "float64" ? Float64Array : Float32Array;
  const vector = (values: number[]): Tensor => {
    const shape = Array.from({ length: x.ndim }, (_, e) => e === d ? values.length : 1);
    return fromTypedArray(Floats.from(values), shape, { device: x.device }).to(x.dtype);
  };
  if (count > mostTaps) {
    const [size, out] = [x.shape[d]!, places.length];
    const matrix = new Floats(size * out);
    places.forEach((at, i) => at.forEach((place, k) => matrix[place * out + i]! += weights[i]![k]!));
    const factor = fromTypedArray(matrix, [size, out], { device: x.device }).to(x.dtype);
    return x.movedim(d, -1).matmul(factor).movedim(-1, d);
  }
  const times = places.length / x.shape[d]!;
  if (Number.isInteger(times) && places.every((at, i) => at.length === 1 && at[0] === Math.floor(i / times))) {
    return x.repeatInterleave(times, d);
  }
  let y: Tensor | null = null;
  for (let k = 0; k < count; k++) {
    const index = Int32Array.from(places, (at) => at[k] ?? 0);
    const part = x.indexSelect(d, fromTypedArray(index, [index.length], { device: x.device }));
    if (count === 1) return part;
    const weighted = part.mul(vector(weights.map((each) => each[k] ?? 0)));
    y = y === null ? weighted : y.add(weighted);
  }
  return y!;
}

interface Wanted {
  readonly scales: readonly number[] | undefined;
  readonly sizes: readonly number[] | undefined;
  readonly roi: readonly number[] | undefined;
}

/** Resizes the axes to scales, or to sizes. */
function resize(c: Call, rule: ResizeRule, { scales, sizes, roi }: Wanted, given?: readonly number[]): Tensor {
  let x = c.tensor(0);
  const axes = (given ?? x.shape.map((_, d) => d)).map((axis) => c.axis(axis, x.ndim));
  const chosen = sizes ?? scales;
  if (chosen === undefined || chosen.length !== axes.length) {
    c.fail(
      `${sizes === undefined ? "scales" : "sizes"} [${chosen?.join(", ") ?? ""}] do not fit ${axes.length} dimensions`,
    );
  }
  const policy = c.hasAttribute("keep_aspect_ratio_policy") ? c.text("keep_aspect_ratio_policy") : "stretch";
  let common: number | null = null;
  if (sizes !== undefined && policy !== "stretch") {
    const ratios = axes.map((d, i) => sizes[i]! / x.shape[d]!);
    common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  }
  const targets = axes.map((d, i) => {
    const size = x.shape[d]!;
    if (common !== null) return { size, out: Math.floor(common * size + 0.5), scale: common };
    if (sizes !== undefined) return { size, out: sizes[i]!, scale: sizes[i]! / size };
    return { size, out: Math.floor(size * scales![i]! + 1e-6), scale: scales![i]! };
  });
  const shape = [...x.shape];
  axes.forEach((d, i) => shape[d] = targets[i]!.out);
  c.place(shape);
  x = c.here(x);
  const { dtype } = x;
  if (rule.mode !== "nearest" && !dtype.startsWith("float")) x = x.to("float32");
  let outside: Tensor | null = null;
  axes.forEach((d, i) => {
    const [start, end] = roi !== undefined && roi.length === 2 * axes.length
      ? [roi[i]!, roi[i + axes.length]!]
      : [0, 1];
    const target = targets[i]!;
    if (target.out === target.size && target.scale === 1 && start === 0 && end === 1) return;
    const taps = tapsOf({ ...target, start, end }, rule);
    if (taps.places.length > 0 && target.size > 0) x = readTaps(x, d, taps);
    if (taps.outside.includes(true)) {
      const mask = fromTypedArray(Uint8Array.from(taps.outside, Number), [target.out], {
        dtype: "bool",
        device: x.device,
      })
        .reshape(Array.from({ length: x.ndim }, (_, e) => e === d ? target.out : 1));
      outside = outside === null ? mask : (outside as Tensor).logicalOr(mask);
    }
  });
  if (outside !== null) x = where(outside, c.num("extrapolation_value"), x);
  return x.to(dtype);
}

function ruleOf(c: Call): ResizeRule {
  const flag = (name: string): boolean => c.hasAttribute(name) && c.num(name) === 1;
  return {
    mode: c.text("mode") as ResizeRule["mode"],
    coordinates: c.text("coordinate_transformation_mode"),
    nearest: c.text("nearest_mode"),
    cubicA: c.num("cubic_coeff_a"),
    excludeOutside: flag("exclude_outside"),
    antialias: flag("antialias"),
  };
}

/** An input that is left out may be an empty list as well. */
const filled = (c: Call, i: number): readonly number[] | undefined => {
  const values = c.maybeNumbers(i);
  return values?.length === 0 ? undefined : values;
};

/** Upsample and the first Resize: coordinates are multiples of the inverse scale, the nearest is the one before. */
const before = (c: Call): ResizeRule => ({
  mode: c.text("mode") as ResizeRule["mode"],
  coordinates: "asymmetric",
  nearest: "floor",
  cubicA: -0.75,
  excludeOutside: false,
  antialias: false,
});

const upsampleModes = { mode: string("nearest", ["nearest", "linear"]) };
const attributes = {
  coordinate_transformation_mode: string("half_pixel", coordinateModes),
  cubic_coeff_a: { kind: "float", default: -0.75 },
  exclude_outside: int(0),
  extrapolation_value: { kind: "float", default: 0 },
  mode: string("nearest", ["nearest", "linear", "cubic"]),
  nearest_mode: string("round_prefer_floor", nearestModes),
} as const satisfies Operator["attributes"];

const resizeSince = (more: Operator["attributes"]): Operator => ({
  inputs: [1, 4],
  numbers: [1, 2, 3],
  attributes: { ...attributes, ...more },
  run: (c) => resize(c, ruleOf(c), { roi: filled(c, 1), scales: filled(c, 2), sizes: filled(c, 3) }, c.list("axes")),
});

const sampling = (modes: Readonly<Record<string, "bilinear" | "nearest" | "bicubic">>, initial: string): Operator => ({
  inputs: [2, 2],
  attributes: {
    align_corners: int(0),
    mode: string(initial, Object.keys(modes)),
    padding_mode: string("zeros", ["zeros", "border", "reflection"]),
  },
  run: (c) =>
    F.gridSample(c.tensor(0), c.tensor(1), {
      mode: modes[c.text("mode")]!,
      paddingMode: c.text("padding_mode") as "zeros",
      alignCorners: c.num("align_corners") === 1,
    }),
});

/** The operators that resize. */
export const resizing: Operators = {
  Resize: {
    10: {
      inputs: [2, 2],
      numbers: [1],
      attributes: upsampleModes,
      run: (c) => resize(c, before(c), { scales: c.numbers(1), sizes: undefined, roi: undefined }),
    },
    11: resizeSince({}),
    18: resizeSince({
      antialias: int(0),
      axes: ints(),
      keep_aspect_ratio_policy: string("stretch", ["stretch", "not_larger", "not_smaller"]),
    }),
  },
  Upsample: {
    7: {
      inputs: [1, 1],
      attributes: { ...upsampleModes, scales: { ...floats(), required: true } },
      run: (c) => resize(c, before(c), { scales: c.list("scales"), sizes: undefined, roi: undefined }),
    },
    9: {
      inputs: [2, 2],
      numbers: [1],
      attributes: upsampleModes,
      run: (c) => resize(c, before(c), { scales: c.numbers(1), sizes: undefined, roi: undefined }),
    },
  },
  GridSample: {
    16: sampling({ bilinear: "bilinear", nearest: "nearest", bicubic: "bicubic" }, "bilinear"),
    20: sampling({ linear: "bilinear", nearest: "nearest", cubic: "bicubic" }, "linear"),
  },
  AffineGrid: {
    20: {
      inputs: [2, 2],
      numbers: [1],
      attributes: { align_corners: int(0) },
      run: (c) => F.affineGrid(c.tensor(0), c.numbers(1), { alignCorners: c.num("align_corners") === 1 }),
    },
  },
};

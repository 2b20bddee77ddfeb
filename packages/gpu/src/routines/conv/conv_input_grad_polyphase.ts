/**
 * The gradient of a convolution's input as convolutions with stride 1. Elements of the image that are one stride apart
 * meet the same taps of the filter. Each such set of elements is a phase, and one contraction computes it.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { numbered } from "../shared/params.ts";
import { type BareContraction, dims, each, geometryOf, imageAndPosition, selectInside } from "./conv_params.ts";

type InputGrad = Attrs["convInputGrad"];

/** The contractions, one for each phase. */
export function polyphaseContractions(
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
): BareContraction[] {
  const phases = cartesianProduct(attrs.stride.map((_, d) => phasesOf(d, w.shape[d + 2]!, attrs)));
  return phases.map((phase) => contractionOf(g, w, out, attrs, phase));
}

/** The Cartesian product of lists. */
function cartesianProduct<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}

/** A phase along one dimension: the elements `start + stride · q`, and the taps `tap + tapStep · t` that they meet. */
interface Phase {
  readonly start: number;
  readonly count: number;
  readonly tap: number;
  readonly tapStep: number;
  readonly taps: number;
  /**
   * The window that meets element 0 with tap 0. The window that meets it with the next tap is `back` windows earlier.
   */
  readonly window: number;
  readonly back: number;
}

const gcd = (a: number, b: number): number => b === 0 ? a : gcd(b, a % b);

function phasesOf(d: number, kernel: number, { stride, padding, dilation, inputSize }: InputGrad): Phase[] {
  const [s, p, step, size] = [stride[d]!, padding[d]!, dilation[d]!, inputSize[d]!];
  const common = gcd(step, s);
  const tapStep = s / common;
  return Array.from({ length: Math.min(s, size) }, (_, start) => {
    let tap = 0;
    while (tap < tapStep && (start + p - tap * step) % s !== 0) tap++;
    const none = tap === tapStep || tap >= kernel;
    return {
      ...{ start, count: Math.ceil((size - start) / s), tapStep, back: step / common },
      tap: none ? 0 : tap,
      taps: none ? 0 : Math.ceil((kernel - tap) / tapStep),
      window: none ? 0 : (start + p - tap * step) / s,
    };
  });
}

function contractionOf(
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
  phases: readonly Phase[],
): BareContraction {
  const rank = g.shape.length - 2;
  const last = rank - 1;
  const [all, rows] = [dims(rank), dims(last)];
  const filters = w.shape[0]! / attrs.groups;
  const of = (field: keyof Phase): number[] => phases.map((phase) => phase[field]);
  const taps = of("taps");
  // A phase with one tap sums over the filters only.
  const single = sizeOf(taps) === 1;
  const places = sizeOf(of("count"));
  const wAt = phases.reduce((at, { tap }, d) => at + tap * w.strides[d + 2]!, w.offset);
  const outAt = phases.reduce((at, { start }, d) => at + start * out.strides[d + 2]!, out.offset);
  const checks = (v: string, of: readonly number[]): string[] => of.map((d) => `${v}y${d} < p.gSize${d + 2}`);
  return {
    key: `conv input gradient ${rank}${single ? " single" : ""}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: w.shape[1]!,
    n: g.shape[0]! * places,
    outer: single ? 1 : filters * sizeOf(taps.slice(0, -1)),
    inner: single ? filters : taps[last]!,
    nested: !single,
    left: w,
    right: g,
    out,
    params: {
      ...geometryOf({ g, w, out }),
      ...{ wAt, outAt, places, filters },
      ...numbered("count", of("count")),
      ...numbered("taps", taps),
      ...numbered("tapStride", phases.map(({ tapStep }, d) => tapStep * w.strides[d + 2]!)),
      ...numbered("window", of("window")),
      ...numbered("back", of("back")),
      ...numbered("apart", attrs.stride.map((s, d) => s * out.strides[d + 2]!)),
    },
    batchCode: "",
    rowCode: coordinates("r", "r", ["p.filters", ...paramNames("taps", last)]),
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + z * p.filters * p.wStride0 + ${index} * p.wStride1;\n`,
      enter: (v) =>
        single ? "" : `let ${v}k = ${v} + r0 * p.wStride0${each(rows, (d) => ` + r${d + 1} * p.tapStride${d}`)};\n`,
      element: (v, t) => single ? `left_get(${v} + ${t} * p.wStride0)` : `left_get(${v}k + ${t} * p.tapStride${last})`,
    },
    columns: {
      lane: (v, index) =>
        imageAndPosition(v, index, "p.places", paramNames("count", rank)) +
        each(all, (d) => `let ${v}${single ? "y" : "h"}${d} = ${v}q${d} + p.window${d};\n`) +
        (single ? `let ${v}in = ${checks(v, all).join(" && ")};\n` : "") +
        `let ${v} = p.gAt + ${v}n * p.gStride0 + z * p.filters * p.gStride1${
          each(single ? all : [], (d) => ` + ${v}y${d} * p.gStride${d + 2}`)
        };\n`,
      enter: (v) =>
        single ? "" : each(rows, (d) => `let ${v}y${d} = ${v}h${d} - r${d + 1} * p.back${d};\n`) +
          `let ${v}in = ${checks(v, rows).join(" && ") || "true"};\n` +
          `let ${v}k = ${v} + r0 * p.gStride1${each(rows, (d) => ` + ${v}y${d} * p.gStride${d + 2}`)};\n`,
      element: (v, t) => {
        if (single) return selectInside([`${v}in`], `right_get(${v} + ${t} * p.gStride1)`, g);
        const at = `(${v}h${last} - ${t} * p.back${last})`;
        return selectInside(
          [`${v}in`, `${at} < p.gSize${last + 2}`],
          `right_get(${v}k + ${at} * p.gStride${last + 2})`,
          g,
        );
      },
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.outStride1;\n`,
    outColumn: (v, index) =>
      imageAndPosition(v, index, "p.places", paramNames("count", rank)) +
      `let ${v} = ${v}n * p.outStride0${each(all, (d) => ` + ${v}q${d} * p.apart${d}`)};\n`,
    leftAlongSum: false,
    rightAlongSum: false,
  };
}

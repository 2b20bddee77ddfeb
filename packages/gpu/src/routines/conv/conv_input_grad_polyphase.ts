/**
 * The gradient of a convolution's input as convolutions with stride 1. Elements of the image that are one stride apart
 * meet the same taps of the filter. Each such set of elements is a phase, and one contraction computes it.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { paramNames } from "../../render/index_math.ts";
import type { BareContraction } from "../contraction/contraction.ts";
import { numbered } from "../shared/params.ts";
import { constantTaps, dims, each, fewTaps, geometryOf, imageAndPosition } from "./conv_params.ts";

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
  const all = dims(rank);
  const filters = w.shape[0]! / attrs.groups;
  const of = (field: keyof Phase): number[] => phases.map((phase) => phase[field]);
  const taps = of("taps");
  // A phase with one tap sums over the filters only.
  const single = sizeOf(taps) === 1;
  const places = sizeOf(of("count"));
  const wAt = phases.reduce((at, { tap }, d) => at + tap * w.strides[d + 2]!, w.offset);
  const outAt = phases.reduce((at, { start }, d) => at + start * out.strides[d + 2]!, out.offset);
  return {
    key: `conv input gradient ${rank}${single ? " single" : ""}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: w.shape[1]!,
    n: g.shape[0]! * places,
    outer: single ? 1 : filters * sizeOf(taps.slice(0, -1)),
    inner: single ? filters : taps[rank - 1]!,
    digits: single ? ["p.filters"] : ["p.filters", ...paramNames("taps", rank)],
    constants: single ? {} : constantTaps(taps),
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
      ...numbered("back", of("back").map((back) => -back)),
      ...numbered("move", of("back").map((back, d) => -back * g.strides[d + 2]!)),
      ...numbered("apart", attrs.stride.map((s, d) => s * out.strides[d + 2]!)),
    },
    batchCode: "",
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + z * p.filters * p.wStride0 + ${index} * p.wStride1;\n`,
      strides: single ? ["p.wStride0"] : ["p.wStride0", ...paramNames("tapStride", rank)],
      bounds: [],
      taps: null,
      linear: single,
      alongSum: false,
      quads: null,
    },
    columns: {
      lane: (v, index) =>
        imageAndPosition(v, index, "p.places", paramNames("count", rank)) +
        each(all, (d) => `let ${v}h${d} = ${v}q${d} + p.window${d};\n`) +
        `let ${v} = p.gAt + ${v}n * p.gStride0 + z * p.filters * p.gStride1${
          each(single ? all : [], (d) => ` + ${v}h${d} * p.gStride${d + 2}`)
        };\n`,
      strides: single ? ["p.gStride1"] : ["p.gStride1", ...paramNames("move", rank)],
      bounds: all.map((d) => ({
        digit: single ? null : d + 1,
        step: `p.back${d}`,
        size: `p.gSize${d + 2}`,
        unit: `p.gStride${d + 2}`,
      })),
      taps: single ? null : fewTaps(taps),
      linear: single,
      alongSum: false,
      quads: null,
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.outStride1;\n`,
    outColumn: (v, index) =>
      imageAndPosition(v, index, "p.places", paramNames("count", rank)) +
      `let ${v} = ${v}n * p.outStride0${each(all, (d) => ` + ${v}q${d} * p.apart${d}`)};\n`,
  };
}

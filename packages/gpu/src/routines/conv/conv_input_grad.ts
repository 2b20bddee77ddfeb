/**
 * The gradient of a convolution's input. Either directly: elements of the image that are a stride apart meet the same taps, and for
 * each such set the gradient is itself a convolution, with stride 1. Or by columns: a product of matrices gives what each window
 * hands to each of its taps, and every element then adds up its own. The second does fewer multiplications where much of what the
 * first meets is padding.
 */
import { type DType, isFloat } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { type KernelConfigName, softwareConfig } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import { type BareContraction, dims, each, geometryOf, selectInside } from "./conv_params.ts";
import { depthwiseInputGrad, isDepthwise } from "./depthwise.ts";
import { dispatch } from "../shared/dispatch.ts";
import { numbered } from "../shared/params.ts";
import { windowCode } from "../shared/windows.ts";
import { sizeOf } from "../../strides.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";

type InputGrad = Attrs["convInputGrad"];

/** Columns are made for so many images at a time as give this many bytes. */
const columnBytes = 2 ** 26;

/** See the module's comment. */
export function convInputGrad(
  gpu: GpuContext,
  [g, w]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: InputGrad,
  name?: KernelConfigName,
): void {
  if (sizeOf(out!.shape) === 0) return;
  if (name === undefined && isDepthwise(gpu, w!.shape, attrs, true)) {
    return depthwiseInputGrad(gpu, [g!, w!], out!, attrs);
  }
  if (prefersColumns(gpu, g!, w!, attrs)) return gradientByColumns(gpu, g!, w!, out!, attrs, name);
  for (const phase of cartesianProduct(attrs.stride.map((_, d) => phasesOf(d, w!.shape[d + 2]!, attrs)))) {
    runContraction(gpu, { ...polyphase(g!, w!, out!, attrs, phase), bias: null, relu: false }, name);
  }
}

/** On a processor by the times of loads and multiplications (see `softwareCost`); on a GPU by the number of launches. */
function prefersColumns(
  gpu: GpuContext,
  g: GpuOperand,
  w: GpuOperand,
  { stride, inputSize, groups }: InputGrad,
): boolean {
  if (sizeOf(g.shape) === 0 || sizeOf(w.shape) === 0) return false;
  const [kernel, windows] = [w.shape.slice(2), g.shape.slice(2)];
  const bytes = 4 * w.shape[1]! * groups * sizeOf(kernel) * sizeOf(windows);
  if (bytes > gpu.limits.maxStorageBufferBindingSize) return false;
  if (!gpu.software) return sizeOf(stride) > 9;
  const filters = w.shape[0]! / groups;
  const channels = w.shape[1]!;
  const images = g.shape[0]!;
  const cost = (m: number, n: number, terms: number): number =>
    softwareConfig({ m, n, terms, batch: groups, leftAlongSum: false, rightAlongSum: false }).cost;
  // Taps of every element, those that meet no window included.
  const around = kernel.reduce((n, size, d) => n * Math.ceil(size / stride[d]!), 1);
  const elements = images * sizeOf(inputSize);
  const directly = cost(channels, elements, filters * around);
  const multiplied = cost(channels * sizeOf(kernel), images * sizeOf(windows), filters);
  // To write a column and to read it for an element cost some two loads.
  const moved = channels * groups * (14 * images * sizeOf(windows) * sizeOf(kernel) + 30 * elements * around);
  return multiplied + moved < directly;
}

/** Every combination of one of each list. */
function cartesianProduct<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}

/** Elements `start + stride · q` along one dimension, and the taps `tap + tapStep · t` that windows meet them with. */
interface Phase {
  readonly start: number;
  readonly count: number;
  readonly tap: number;
  readonly tapStep: number;
  readonly taps: number;
  /** The window that meets element 0 with tap 0; with the next tap it is `back` windows before. */
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

function polyphase(
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
  // Of a single tap, only the filters are summed over.
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
        `let ${v}n = ${index} / p.places; let ${v}q = ${index} % p.places;\n` +
        coordinates(`${v}q`, `${v}q`, paramNames("count", rank)) +
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
      `let ${v}n = ${index} / p.places; let ${v}q = ${index} % p.places;\n` +
      coordinates(`${v}q`, `${v}q`, paramNames("count", rank)) +
      `let ${v} = ${v}n * p.outStride0${each(all, (d) => ` + ${v}q${d} * p.apart${d}`)};\n`,
    leftAlongSum: false,
    rightAlongSum: false,
  };
}

function gradientByColumns(
  gpu: GpuContext,
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
  name: KernelConfigName | undefined,
): void {
  const [images, channels] = [out.shape[0]!, out.shape[1]!];
  const [windows, taps] = [sizeOf(g.shape.slice(2)), sizeOf(w.shape.slice(2))];
  const perImage = 4 * channels * taps * windows;
  const most = Math.min(columnBytes, gpu.limits.maxStorageBufferBindingSize);
  const together = Math.max(1, Math.min(images, Math.floor(most / perImage)));
  const buffer = gpu.scratch(perImage * together);
  const dtype: DType = isFloat(out.dtype) ? "float32" : "int32";
  for (let first = 0; first < images; first += together) {
    const some = (x: GpuOperand): GpuOperand => ({
      ...x,
      shape: [Math.min(together, images - first), ...x.shape.slice(1)],
      offset: x.offset + first * x.strides[0]!,
    });
    const part = some(g);
    const columns = { dtype, buffer, shape: [channels * taps, part.shape[0]! * windows], strides: [], offset: 0 };
    runContraction(gpu, { ...columnSums(part, w, columns, attrs.groups), bias: null, relu: false }, name);
    foldColumns(gpu, columns, part, w, some(out), attrs);
  }
  gpu.release(buffer);
}

/** `columns[c · taps + k, n · windows + o] = Σ w[f, c, k] · g[n, f, o]` over the filters of the channel's group. */
function columnSums(g: GpuOperand, w: GpuOperand, columns: GpuOperand, groups: number): BareContraction {
  const rank = g.shape.length - 2;
  const all = dims(rank);
  const filters = w.shape[0]! / groups;
  return {
    key: `conv columns ${rank} ${g.dtype}`,
    dtype: g.dtype,
    batch: groups,
    m: columns.shape[0]! / groups,
    n: columns.shape[1]!,
    outer: 1,
    inner: filters,
    nested: false,
    left: w,
    right: g,
    out: columns,
    params: { ...geometryOf({ g, w }), filters, windows: sizeOf(g.shape.slice(2)) },
    batchCode: "",
    rowCode: "",
    rows: {
      lane: (v, index) =>
        coordinates(`${v}i`, index, paramNames("wSize", rank + 2, 1)) +
        `let ${v} = p.wAt + z * p.filters * p.wStride0${
          each([0, ...all.map((d) => d + 1)], (d) => ` + ${v}i${d} * p.wStride${d + 1}`)
        };\n`,
      enter: () => "",
      element: (v, t) => `left_get(${v} + ${t} * p.wStride0)`,
    },
    columns: {
      lane: (v, index) =>
        `let ${v}n = ${index} / p.windows; let ${v}q = ${index} % p.windows;\n` +
        coordinates(`${v}q`, `${v}q`, paramNames("gSize", rank + 2, 2)) +
        `let ${v} = p.gAt + ${v}n * p.gStride0 + z * p.filters * p.gStride1${
          each(all, (d) => ` + ${v}q${d} * p.gStride${d + 2}`)
        };\n`,
      enter: () => "",
      element: (v, t) => `right_get(${v} + ${t} * p.gStride1)`,
    },
    outRow: (v, index) => `let ${v} = (z * p.m + ${index}) * p.n;\n`,
    outColumn: (v, index) => `let ${v} = ${index};\n`,
    leftAlongSum: false,
    rightAlongSum: false,
  };
}

/** A thread an element of the image: what its windows hand to it. */
function foldColumns(
  gpu: GpuContext,
  columns: GpuOperand,
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
): void {
  const kernel = w.shape.slice(2);
  const windows = windowCode(gpu, "convInputGrad", { ...attrs, kernel }, { x: out, g }, "x", "g");
  const all = dims(kernel.length);
  const image = windows.lead === 1
    ? "let image = c0 / p.channels; let channel = c0 % p.channels;"
    : "let image = c0; let channel = c1;";
  const tap = (d: number): string =>
    `let away${d} = padded${d} - o${d} * ${windows.attr("stride", d)}; let k${d} = away${d} / ${
      windows.attr("dilation", d)
    };`;
  const exact = all.filter((d) => attrs.dilation[d] !== 1).map((d) =>
    `k${d} * ${windows.attr("dilation", d)} == away${d}`
  );
  const place = (of: string, sizes: string): string =>
    all.slice(1).reduce((at, d) => `(${at}) * p.${sizes}${d} + ${of}${d}`, `${of}0`);
  dispatch(gpu, {
    key: `conv fold ${windows.key} ${exact.length > 0 ? attrs.dilation.map((d) => d !== 1) : ""}`,
    reads: { columns },
    writes: { out },
    params: {
      ...windows.params,
      ...{ channels: out.shape[1]!, taps: sizeOf(kernel), windows: sizeOf(g.shape.slice(2)), pitch: columns.shape[1]! },
      ...numbered("tapSize", kernel),
      ...numbered("windowSize", g.shape.slice(2)),
    },
    threads: sizeOf(out.shape),
    body: () =>
      `${windows.coordinates("x")}
${image}
var sum = ${computeType(out.dtype)}(0);
${
        windows.forEachWindow(
          "g",
          `${each(all, tap)}
${exact.length > 0 ? `if (${exact.join(" && ")}) {` : "{"}
sum += columns_get((channel * p.taps + ${place("k", "tapSize")}) * p.pitch + image * p.windows + ${
            place("o", "windowSize")
          });
}`,
        )
      }
out_set(p.xOffset + thread, sum);
`,
  });
}

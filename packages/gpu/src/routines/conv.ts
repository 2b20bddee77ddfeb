/**
 * Convolutions and their two gradients as contractions whose factors find their elements in the images: nothing is unfolded in
 * memory. A group is an entry of the batch; filters (channels) are rows, positions and images (kernel taps and channels, for the
 * weight gradient) are columns.
 */
import type { Attrs } from "@heddle/tensor";
import type { Gpu, GpuOperand } from "../gpu.ts";
import type { ConfigurationName } from "./configurations.ts";
import { contractBest, type Contraction } from "./contraction.ts";
import { sizeOf } from "./geometry.ts";
import { decode, numbered, type Params } from "./params.ts";

type Parts = Omit<Contraction, "bias" | "rectified">;

/** Names of the dimensions' sizes (strides, …) among the params. */
const names = (name: string, count: number): string[] => Array.from({ length: count }, (_, d) => `p.${name}${d}`);

const dims = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d);

const lines = (code: readonly string[]): string => code.join("");

/** The params that all three have in common: how windows lie, and how the operands do. */
function common(
  { stride, padding, dilation, groups }: Attrs["conv"],
  operands: Readonly<Record<string, GpuOperand>>,
): Params {
  const params: Record<string, number> = { groups };
  for (const [name, { shape, strides, offset }] of Object.entries(operands)) {
    Object.assign(
      params,
      { [`${name}At`]: offset },
      numbered(`${name}Stride`, strides),
      numbered(`${name}Size`, shape),
    );
  }
  return {
    ...params,
    ...numbered("stride", stride),
    ...numbered("padding", padding),
    ...numbered("dilation", dilation),
  };
}

/** An element that counts only under a condition. */
const where = (condition: string, element: string, zero: string): string => `select(${zero}, ${element}, ${condition})`;

const zeroOf = ({ dtype }: GpuOperand): string => dtype.startsWith("float") ? "0f" : "0";

/** `[N, C, …]` with `[O, C / groups, …]`; a third input is added to every filter's outputs. */
export function conv(
  gpu: Gpu,
  [x, w, bias]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["conv"],
  name?: ConfigurationName,
): void {
  const parts = forward(x!, w!, out!, attrs);
  contractBest(gpu, {
    ...parts,
    bias: bias === undefined ? null : { operand: bias, along: "row" },
    rectified: attrs.activation === "relu",
  }, name);
}

function forward(x: GpuOperand, w: GpuOperand, out: GpuOperand, attrs: Attrs["conv"]): Parts {
  const rank = x.shape.length - 2;
  const last = rank - 1;
  const all = dims(rank);
  const zero = zeroOf(x);
  const positions = sizeOf(out.shape.slice(2));
  return {
    key: `conv ${rank}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: w.shape[0]! / attrs.groups,
    n: x.shape[0]! * positions,
    outer: w.shape[1]! * sizeOf(w.shape.slice(2, -1)),
    inner: w.shape.at(-1)!,
    nested: true,
    left: w,
    right: x,
    out,
    params: { ...common(attrs, { x, w, out }), positions },
    batchCode: "",
    rowCode: decode("r", "r", ["p.wSize1", ...names("wSize", rank + 2).slice(2, -1)]),
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + (z * p.m + ${index}) * p.wStride0;\n`,
      enter: (v) =>
        `let ${v}k = ${v} + r0 * p.wStride1${
          all.slice(0, -1).map((d) => ` + r${d + 1} * p.wStride${d + 2}`).join("")
        };\n`,
      element: (v, t) => `left_get(${v}k + ${t} * p.wStride${last + 2})`,
    },
    columns: {
      lane: (v, index) =>
        `let ${v}n = ${index} / p.positions; let ${v}q = ${index} % p.positions;\n` +
        decode(`${v}q`, `${v}q`, names("outSize", rank + 2).slice(2)) +
        `let ${v} = p.xAt + ${v}n * p.xStride0 + z * p.wSize1 * p.xStride1;\n` +
        lines(all.map((d) => `let ${v}h${d} = ${v}q${d} * p.stride${d} - p.padding${d};\n`)),
      enter: (v) =>
        lines(all.slice(0, -1).map((d) => `let ${v}y${d} = ${v}h${d} + r${d + 1} * p.dilation${d};\n`)) +
        `let ${v}in = ${all.slice(0, -1).map((d) => `${v}y${d} < p.xSize${d + 2}`).join(" && ") || "true"};\n` +
        `let ${v}k = ${v} + r0 * p.xStride1${
          all.slice(0, -1).map((d) => ` + ${v}y${d} * p.xStride${d + 2}`).join("")
        };\n`,
      element: (v, t) => {
        const at = `(${v}h${last} + ${t} * p.dilation${last})`;
        return where(`${v}in && ${at} < p.xSize${last + 2}`, `right_get(${v}k + ${at} * p.xStride${last + 2})`, zero);
      },
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.positions;\n`,
    outColumn: (v, index) =>
      `let ${v} = (${index} / p.positions) * (p.outSize1 * p.positions) + ${index} % p.positions;\n`,
    leftAlongSum: true,
    rightAlongSum: false,
  };
}

/** The gradient of a convolution's input: which windows an element was in, and with which tap. */
export function convInputGrad(
  gpu: Gpu,
  [g, w]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["convInputGrad"],
  name?: ConfigurationName,
): void {
  contractBest(gpu, { ...inputGradient(g!, w!, out!, attrs), bias: null, rectified: false }, name);
}

function inputGradient(g: GpuOperand, w: GpuOperand, out: GpuOperand, attrs: Attrs["convInputGrad"]): Parts {
  const rank = g.shape.length - 2;
  const last = rank - 1;
  const all = dims(rank);
  const zero = zeroOf(g);
  const places = sizeOf(attrs.inputSize);
  const filters = w.shape[0]! / attrs.groups;
  /** Whether a distance from the windows' origin is a window's, and where that is. */
  const window = (distance: string, d: number): { inside: string; at: string } => ({
    inside: `${distance} % p.stride${d} == 0u && ${distance} / p.stride${d} < p.gSize${
      d + 2
    } && ${distance} < 0x80000000u`,
    at: `(${distance} / p.stride${d})`,
  });
  return {
    key: `conv input gradient ${rank}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: w.shape[1]!,
    n: g.shape[0]! * places,
    outer: filters * sizeOf(w.shape.slice(2, -1)),
    inner: w.shape.at(-1)!,
    nested: true,
    left: w,
    right: g,
    out,
    params: { ...common(attrs, { g, w, out }), places, filters },
    batchCode: "",
    rowCode: decode("r", "r", ["p.filters", ...names("wSize", rank + 2).slice(2, -1)]),
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + z * p.filters * p.wStride0 + ${index} * p.wStride1;\n`,
      enter: (v) =>
        `let ${v}k = ${v} + r0 * p.wStride0${
          all.slice(0, -1).map((d) => ` + r${d + 1} * p.wStride${d + 2}`).join("")
        };\n`,
      element: (v, t) => `left_get(${v}k + ${t} * p.wStride${last + 2})`,
    },
    columns: {
      lane: (v, index) =>
        `let ${v}n = ${index} / p.places; let ${v}q = ${index} % p.places;\n` +
        decode(`${v}q`, `${v}q`, names("outSize", rank + 2).slice(2)) +
        `let ${v} = p.gAt + ${v}n * p.gStride0 + z * p.filters * p.gStride1;\n` +
        lines(all.map((d) => `let ${v}h${d} = ${v}q${d} + p.padding${d};\n`)),
      enter: (v) => {
        const windows = all.slice(0, -1).map((d) => window(`${v}y${d}`, d));
        return lines(all.slice(0, -1).map((d) => `let ${v}y${d} = ${v}h${d} - r${d + 1} * p.dilation${d};\n`)) +
          `let ${v}in = ${windows.map(({ inside }) => inside).join(" && ") || "true"};\n` +
          `let ${v}k = ${v} + r0 * p.gStride1${windows.map(({ at }, d) => ` + ${at} * p.gStride${d + 2}`).join("")};\n`;
      },
      element: (v, t) => {
        const { inside, at } = window(`(${v}h${last} - ${t} * p.dilation${last})`, last);
        return where(`${v}in && ${inside}`, `right_get(${v}k + ${at} * p.gStride${last + 2})`, zero);
      },
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.places;\n`,
    outColumn: (v, index) => `let ${v} = (${index} / p.places) * (p.outSize1 * p.places) + ${index} % p.places;\n`,
    leftAlongSum: false,
    rightAlongSum: false,
  };
}

/** The gradient of a convolution's weight: a sum over all images and positions, split where outputs are few. */
export function convWeightGrad(
  gpu: Gpu,
  [g, x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["convWeightGrad"],
  name?: ConfigurationName,
): void {
  contractBest(gpu, { ...weightGradient(g!, x!, out!, attrs), bias: null, rectified: false }, name);
}

function weightGradient(g: GpuOperand, x: GpuOperand, out: GpuOperand, attrs: Attrs["convWeightGrad"]): Parts {
  const rank = g.shape.length - 2;
  const last = rank - 1;
  const all = dims(rank);
  const zero = zeroOf(x);
  const taps = sizeOf(attrs.kernelSize);
  return {
    key: `conv weight gradient ${rank}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: g.shape[1]! / attrs.groups,
    n: out.shape[1]! * taps,
    outer: g.shape[0]! * sizeOf(g.shape.slice(2, -1)),
    inner: g.shape.at(-1)!,
    nested: true,
    left: g,
    right: x,
    out,
    params: { ...common(attrs, { g, x, out }), taps },
    batchCode: "",
    rowCode: decode("r", "r", ["p.gSize0", ...names("gSize", rank + 2).slice(2, -1)]),
    rows: {
      lane: (v, index) => `let ${v} = p.gAt + (z * p.m + ${index}) * p.gStride1;\n`,
      enter: (v) =>
        `let ${v}k = ${v} + r0 * p.gStride0${
          all.slice(0, -1).map((d) => ` + r${d + 1} * p.gStride${d + 2}`).join("")
        };\n`,
      element: (v, t) => `left_get(${v}k + ${t} * p.gStride${last + 2})`,
    },
    columns: {
      lane: (v, index) =>
        `let ${v}c = ${index} / p.taps; let ${v}q = ${index} % p.taps;\n` +
        decode(`${v}q`, `${v}q`, names("outSize", rank + 2).slice(2)) +
        `let ${v} = p.xAt + (z * p.outSize1 + ${v}c) * p.xStride1;\n` +
        lines(all.map((d) => `let ${v}h${d} = ${v}q${d} * p.dilation${d} - p.padding${d};\n`)),
      enter: (v) =>
        lines(all.slice(0, -1).map((d) => `let ${v}y${d} = ${v}h${d} + r${d + 1} * p.stride${d};\n`)) +
        `let ${v}in = ${all.slice(0, -1).map((d) => `${v}y${d} < p.xSize${d + 2}`).join(" && ") || "true"};\n` +
        `let ${v}k = ${v} + r0 * p.xStride0${
          all.slice(0, -1).map((d) => ` + ${v}y${d} * p.xStride${d + 2}`).join("")
        };\n`,
      element: (v, t) => {
        const at = `(${v}h${last} + ${t} * p.stride${last})`;
        return where(`${v}in && ${at} < p.xSize${last + 2}`, `right_get(${v}k + ${at} * p.xStride${last + 2})`, zero);
      },
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * (p.outSize1 * p.taps);\n`,
    outColumn: (v, index) => `let ${v} = ${index};\n`,
    leftAlongSum: true,
    rightAlongSum: false,
  };
}

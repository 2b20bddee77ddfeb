/** Code shared by convolutions and their gradients: params for each dimension, and WGSL that uses them. */
import { isFloat } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates } from "../../render/index_math.ts";
import type { Contraction, Factor } from "../contraction/contraction.ts";
import { numbered, type Params } from "../shared/params.ts";

/** A contraction without bias and activation. */
export type BareContraction = Omit<Contraction, "bias" | "relu">;

/** The numbers of the spatial dimensions. */
export const dims = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d);

/** Concatenates the code for each of some dimensions. */
export const each = (of: readonly number[], code: (d: number) => string): string => of.map(code).join("");

/** Offset, strides and sizes of operands, as `NAMEAt`, `NAMEStride0` …, `NAMESize0` …. */
export function geometryOf(operands: Readonly<Record<string, GpuOperand>>): Params {
  const params: Record<string, number> = {};
  for (const [name, { shape, strides, offset }] of Object.entries(operands)) {
    params[`${name}At`] = offset;
    Object.assign(params, numbered(`${name}Stride`, strides), numbered(`${name}Size`, shape));
  }
  return params;
}

/** Stride, padding and dilation of the windows. */
export function windowParams({ stride, padding, dilation }: Attrs["conv"]): Params {
  return { ...numbered("stride", stride), ...numbered("padding", padding), ...numbered("dilation", dilation) };
}

/** An element, or zero if one of the conditions is false. */
export function selectInside(conditions: readonly string[], element: string, { dtype }: GpuOperand): string {
  const zero = isFloat(dtype) ? "0f" : "0";
  return conditions.length === 0 ? element : `select(${zero}, ${element}, ${conditions.join(" && ")})`;
}

/**
 * How the columns of a convolution, or of its weight's gradient, find elements of the image `x`. The inner summed index
 * is the last spatial one. The outer summed index has `r0`, whose stride is `p.xStrideFIRST`, and the other spatial
 * indices, `r1`, …. Spatial index `d` moves by `stride` or `dilation` elements from position `Vhd`, which `lane`
 * declares.
 */
export function imageElements(
  x: GpuOperand,
  { first, step, inside }: { first: 0 | 1; step: "stride" | "dilation"; inside: boolean },
): Pick<Factor, "enter" | "element"> {
  const last = x.shape.length - 3;
  const rows = dims(last);
  return {
    enter: (v) =>
      each(rows, (d) => `let ${v}y${d} = ${v}h${d} + r${d + 1} * p.${step}${d};\n`) +
      (inside ? "" : `let ${v}in = ${rows.map((d) => `${v}y${d} < p.xSize${d + 2}`).join(" && ") || "true"};\n`) +
      `let ${v}k = ${v} + r0 * p.xStride${first}${each(rows, (d) => ` + ${v}y${d} * p.xStride${d + 2}`)};\n`,
    element: (v, t) => {
      const at = `(${v}h${last} + ${t} * p.${step}${last})`;
      const checks = inside ? [] : [`${v}in`, `${at} < p.xSize${last + 2}`];
      return selectInside(checks, `right_get(${v}k + ${at} * p.xStride${last + 2})`, x);
    },
  };
}

/**
 * Statements that split the column `index` into the image `Vn` and the position in it, `Vq`, with its coordinates
 * `Vq0`, ….
 */
export function imageAndPosition(v: string, index: string, positions: string, sizes: readonly string[]): string {
  return `let ${v}n = ${index} / ${positions}; let ${v}q = ${index} % ${positions};\n` +
    coordinates(`${v}q`, `${v}q`, sizes);
}

/** Whether all taps of all windows are inside the image, so that no bounds have to be checked. */
export function hasNoPadding({ padding }: Attrs["conv"]): boolean {
  return padding.every((p) => p === 0);
}

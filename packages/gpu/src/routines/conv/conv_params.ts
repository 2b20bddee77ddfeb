/** What convolutions and their gradients have in common: params by dimension, and WGSL that names them. */
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates } from "../../render/index_math.ts";
import type { Contraction, Factor } from "../contraction/contraction.ts";
import { numbered, type Params } from "../shared/params.ts";

/** A contraction without what comes after its sums. */
export type BareContraction = Omit<Contraction, "bias" | "relu">;

/** Names of the dimensions' sizes (strides, …) among the params. */
export const names = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, d) => `p.${name}${d}`);

/** The spatial dimensions. */
export const dims = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d);

/** Code for each of some dimensions, one after the other. */
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

/** How windows lie. */
export function windowParams({ stride, padding, dilation }: Attrs["conv"]): Params {
  return { ...numbered("stride", stride), ...numbered("padding", padding), ...numbered("dilation", dilation) };
}

/** An element that counts as zero unless all conditions hold. */
export function selectInside(conditions: readonly string[], element: string, { dtype }: GpuOperand): string {
  const zero = dtype.startsWith("float") ? "0f" : "0";
  return conditions.length === 0 ? element : `select(${zero}, ${element}, ${conditions.join(" && ")})`;
}

/**
 * How the columns of a convolution, or of its weight's gradient, find elements of the image `x`. The outer summed index is
 * `r0`, which `p.xStrideFIRST` belongs to, and the spatial indices but the last, `r1`, …; the inner one is the last. A step of a
 * spatial index moves by `stride` or `dilation` elements from the position `Vh0`, `Vh1`, … that `lane` has declared.
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

/** Statements that split the column `index` into an image, `Vn`, and a position in it, `Vq` and by dimension `Vq0`, …. */
export function imageAndPosition(v: string, index: string, positions: string, sizes: readonly string[]): string {
  return `let ${v}n = ${index} / ${positions}; let ${v}q = ${index} % ${positions};\n` +
    coordinates(`${v}q`, `${v}q`, sizes);
}

/** Whether every tap of every window is inside the image, so that nothing is to be checked. */
export function hasNoPadding({ padding }: Attrs["conv"]): boolean {
  return padding.every((p) => p === 0);
}

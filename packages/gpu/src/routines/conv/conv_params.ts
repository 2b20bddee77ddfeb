/** What convolutions and their gradients have in common: params by dimension, and WGSL that names them. */
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import type { Contraction } from "../contraction/contraction.ts";
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

/** Whether every tap of every window is inside the image, so that nothing is to be checked. */
export function hasNoPadding({ padding }: Attrs["conv"]): boolean {
  return padding.every((p) => p === 0);
}

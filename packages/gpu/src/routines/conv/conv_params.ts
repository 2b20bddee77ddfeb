/** Code shared by convolutions and their gradients: params for each dimension, and WGSL that uses them. */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates } from "../../render/index_math.ts";
import type { Factor } from "../contraction/factor.ts";
import { numbered, type Params } from "../shared/params.ts";

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

/**
 * How the columns of a convolution, or of its weight's gradient, find elements of the image `x`. Each spatial index
 * moves by `step` elements for each value of its digit of the summed index, from the position whose coordinates `lane`
 * declares. The first digit has the stride `p.xStrideFIRST`.
 */
export function imageFactor(
  x: GpuOperand,
  { first, step, inside, taps }: { first: 0 | 1; step: "stride" | "dilation"; inside: boolean; taps: number | null },
): Pick<Factor, "strides" | "bounds" | "taps" | "linear" | "quads"> {
  const all = dims(x.shape.length - 2);
  return {
    strides: [`p.xStride${first}`, ...all.map((d) => `p.move${d}`)],
    bounds: inside
      ? []
      : all.map((d) => ({ digit: d + 1, step: `p.${step}${d}`, size: `p.xSize${d + 2}`, unit: `p.xStride${d + 2}` })),
    taps: inside ? null : taps,
    linear: false,
    quads: null,
  };
}

/** The number of taps if there are at most 32, for `Factor.taps`. */
export function fewTaps(taps: readonly number[]): number | null {
  const count = sizeOf(taps);
  return count > 0 && count <= 32 ? count : null;
}

/** The params `move0`, …: how far a step in each spatial dimension of the image moves in memory. */
export function imageMoves(x: GpuOperand, steps: readonly number[]): Params {
  return numbered("move", steps.map((step, d) => step * x.strides[d + 2]!));
}

/**
 * The digits that are constants on GPUs, which divide by them faster: the taps of 3×3 and 5×5. Other sizes are params,
 * so that they share a shader.
 */
export function constantTaps(taps: readonly number[]): Record<number, number> {
  const square = taps.length === 2 && taps[0] === taps[1] && (taps[0] === 3 || taps[0] === 5);
  return square ? { 1: taps[0]!, 2: taps[1]! } : {};
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

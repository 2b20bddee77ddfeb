/**
 * Where the elements of a contraction's factors are. The position of an element is the sum of one part that depends on
 * the row (column), and of one that depends on the summed index. So both are computed once: the first by each
 * invocation, the second for a whole workgroup.
 */
import { isFloat } from "@heddle/tensor";
import type { GpuOperand } from "../../gpu_context.ts";

/** A factor's elements. Positions are u32 and wrap. */
export interface Factor {
  /**
   * Statements declaring, for the row (column) `index`, the position `V` of the element at summed index 0, and the
   * coordinates `Vh0`, `Vh1`, … that `bounds` checks.
   */
  readonly lane: (v: string, index: string) => string;
  /** How far each digit of the summed index moves in memory, as WGSL. */
  readonly strides: readonly string[];
  /** The checked coordinates. Elements outside are zero. */
  readonly bounds: readonly Bound[];
  /**
   * Number of combinations of the digits that `bounds` checks, if kernels may keep for each row (column) one bit for
   * each of them; null if there are too many for that.
   */
  readonly taps: number | null;
  /** Whether all digits together step evenly, so that the last stride is that of the whole summed index. */
  readonly linear: boolean;
  /** Whether elements adjacent in memory are adjacent along the summed index, rather than along rows or columns. */
  readonly alongSum: boolean;
  /** The direction in which four elements, starting at a multiple of four, are one aligned vector in memory. */
  readonly quads: "sum" | "lanes" | null;
}

/** The coordinate `Vh…` of the same number in the list, plus `step` times the digit, is inside if it is below `size`. */
export interface Bound {
  /** null if the coordinate does not depend on the summed index. */
  readonly digit: number | null;
  readonly step: string;
  readonly size: string;
}

/** Sizes and strides of some dimensions of an operand, in elements. */
export interface Axes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** Whether the dimensions step evenly, as if they were one. */
export function isLinear({ sizes, strides }: Axes): boolean {
  return sizes.every((size, d) =>
    d === sizes.length - 1 || size === 1 || strides[d] === strides[d + 1]! * sizes[d + 1]!
  );
}

/**
 * The direction of `Factor.quads` for an operand whose rows (columns) and summed index have the given axes. `bases` are
 * its offset and the strides of its batches.
 */
export function quadsOf(lanes: Axes, sum: Axes, bases: readonly number[]): Factor["quads"] {
  const aligned = (stride: number): boolean => stride % 4 === 0;
  if (!bases.every(aligned)) return null;
  const evenly = ({ sizes, strides }: Axes): boolean => strides.every((stride, d) => sizes[d] === 1 || aligned(stride));
  if (isInFours(sum) && evenly(lanes)) return "sum";
  return isInFours(lanes) && evenly(sum) ? "lanes" : null;
}

/** Whether the last dimensions are contiguous with a number of elements divisible by four, and the others aligned. */
function isInFours({ sizes, strides }: Axes): boolean {
  let run = 1;
  let d = sizes.length - 1;
  for (; d >= 0 && (sizes[d] === 1 || strides[d] === run); d--) run *= sizes[d]!;
  return run % 4 === 0 && strides.slice(0, d + 1).every((stride) => stride % 4 === 0);
}

/** {@link Factor.lane}, and the checks that depend on the row (column) alone as `Vin`. */
export function laneCode({ lane, bounds }: Factor, v: string, index: string): string {
  const checks = bounds.flatMap(({ digit, size }, d) => digit === null ? [`${v}h${d} < ${size}`] : []);
  return lane(v, index) + (checks.length > 0 ? `let ${v}in = ${checks.join(" && ")};\n` : "");
}

const isNested = ({ strides }: Factor): boolean => strides.length > 1;

/**
 * Statements declaring the variables `V…` that depend on all digits but the last, `r0`, `r1`, …. They come after
 * {@link laneCode}.
 */
export function outerCode(factor: Factor, v: string): string {
  if (!isNested(factor)) return "";
  const { strides, bounds } = factor;
  const last = strides.length - 1;
  const checks = bounds.flatMap(({ digit, step, size }, d) =>
    digit === null || digit === last ? [] : [`(${v}h${d} + r${digit} * ${step}) < ${size}`]
  );
  return (checks.length > 0 ? `let ${v}near = ${checks.join(" && ")};\n` : "") +
    `let ${v}k = ${v}${strides.slice(0, -1).map((stride, d) => ` + r${d} * ${stride}`).join("")};\n`;
}

/** The element at the last digit `t`, of the operand NAME. It comes after {@link outerCode}. */
export function elementAt(factor: Factor, name: string, operand: GpuOperand, v: string, t: string): string {
  const { strides, bounds } = factor;
  const last = strides.length - 1;
  const checks = bounds.filter(({ digit }) => digit === null).length > 0 ? [`${v}in`] : [];
  if (bounds.some(({ digit }) => digit !== null && digit < last)) checks.push(`${v}near`);
  bounds.forEach(({ digit, step, size }, d) => {
    if (digit === last) checks.push(`(${v}h${d} + ${t} * ${step}) < ${size}`);
  });
  return ifInside(checks, `${name}_get(${isNested(factor) ? `${v}k` : v} + ${t} * ${strides[last]})`, operand);
}

/** An element, or zero if one of the conditions is false. */
export function ifInside(conditions: readonly string[], element: string, { dtype }: GpuOperand): string {
  const zero = isFloat(dtype) ? "0f" : "0";
  return conditions.length === 0 ? element : `select(${zero}, ${element}, ${conditions.join(" && ")})`;
}

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
   * Statements declaring, for the row (column) `index`, the coordinates `Vh0`, `Vh1`, … that `bounds` checks, and `V`,
   * the position of the element at summed index 0 without what the coordinates that move with a digit add to it.
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
  /** How far the coordinate moves in memory. */
  readonly unit: string;
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

/** The number of the coordinate that moves with a digit, or -1. */
function coordinateOf({ bounds }: Factor, digit: number): number {
  return bounds.findIndex((bound) => bound.digit === digit);
}

/** The position at summed index 0, after {@link laneCode}. */
export function positionCode({ bounds }: Factor, v: string): string {
  return v + bounds.map(({ digit, unit }, d) => digit === null ? "" : ` + ${v}h${d} * ${unit}`).join("");
}

/**
 * Statements declaring the variables `V…` that depend on all digits but the last, `r0`, `r1`, …. They come after
 * {@link laneCode}. Coordinates are multiplied with their strides, not digits: so LLVM makes the faster loops.
 */
export function outerCode(factor: Factor, v: string): string {
  const { strides, bounds } = factor;
  const outer = strides.slice(0, -1);
  if (outer.length === 0) return "";
  const moved = outer.flatMap((_, digit) => {
    const d = coordinateOf(factor, digit);
    return d < 0 ? [] : [{ ...bounds[d]!, digit, d }];
  });
  return moved.map(({ d, digit, step }) => `let ${v}y${d} = ${v}h${d} + r${digit} * ${step};\n`).join("") +
    (moved.length > 0 ? `let ${v}near = ${moved.map(({ d, size }) => `${v}y${d} < ${size}`).join(" && ")};\n` : "") +
    `let ${v}k = ${v}${
      outer.map((stride, digit) => {
        const d = coordinateOf(factor, digit);
        return d < 0 ? ` + r${digit} * ${stride}` : ` + ${v}y${d} * ${bounds[d]!.unit}`;
      }).join("")
    };\n`;
}

/** The element at the last digit `t`, of the operand NAME. It comes after {@link outerCode}. */
export function elementAt(factor: Factor, name: string, operand: GpuOperand, v: string, t: string): string {
  const { strides, bounds } = factor;
  const last = strides.length - 1;
  const base = last > 0 ? `${v}k` : v;
  const checks = bounds.some(({ digit }) => digit === null) ? [`${v}in`] : [];
  if (bounds.some(({ digit }) => digit !== null && digit < last)) checks.push(`${v}near`);
  const d = coordinateOf(factor, last);
  if (d < 0) return ifInside(checks, `${name}_get(${base} + ${t} * ${strides[last]})`, operand);
  const { step, size, unit } = bounds[d]!;
  const at = `(${v}h${d} + ${t} * ${step})`;
  return ifInside([...checks, `${at} < ${size}`], `${name}_get(${base} + ${at} * ${unit})`, operand);
}

/** An element, or zero if one of the conditions is false. */
export function ifInside(conditions: readonly string[], element: string, { dtype }: GpuOperand): string {
  const zero = isFloat(dtype) ? "0f" : "0";
  return conditions.length === 0 ? element : `select(${zero}, ${element}, ${conditions.join(" && ")})`;
}

/** Which form of loop a kernel gets, and the key under which the compiled form is kept. */
import { type DType, itemSize } from "../../../dtype.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { analyze, type ExprAnalysis, lanesOf } from "./expression_analysis.ts";
import { laneKind, type Step } from "./lanes.ts";

/** The loops of a kernel: vectors along the output, along what is reduced, or across it. */
export type Form = "map" | "along" | "across";

/** Everything that generated code depends on; sizes, strides and addresses come with the dispatch. */
export interface Plan {
  readonly kernel: Kernel;
  readonly form: Form;
  readonly lanes: 2 | 4;
  /** Dimensions that are kept, and that are reduced. */
  readonly kept: number;
  readonly reduced: number;
  /** How each input, and last the output, steps along the dimension of the vectors. */
  readonly steps: readonly Step[];
  /** Rough cost of one element in additions. */
  readonly weight: number;
  readonly key: string;
}

/** Whether the whole kernel has a vector form; what has none runs in plain loops. */
function renderable(kernel: Kernel, analysis: ExprAnalysis): boolean {
  if (kernel.reduce && (kernel.reduce.op === "argmax" || kernel.reduce.op === "argmin")) return false;
  // Reductions of 64-bit integers, of which comparisons and products are slow in lanes, are rare.
  if (kernel.reduce && laneKind(kernel.expr.dtype) === "i64") return false;
  return analysis.vectorizable && laneKind(kernel.output.dtype) !== null;
}

/** How an operand with this stride steps. */
export const stepOf: (stride: number) => Step = (stride) => stride === 0 ? "zero" : stride === 1 ? "unit" : "strided";

/** The plan of a kernel, or null when it is not for vectors. */
export function planOf(kernel: Kernel): Plan | null {
  const analysis = analyze(kernel.expr);
  if (!renderable(kernel, analysis)) return null;
  const rank = kernel.shape.length;
  const reduced = kernel.reduce?.dims ?? 0;
  const kept = rank - reduced;
  const at = (strides: readonly number[], dim: number): Step => dim < 0 ? "unit" : stepOf(strides[dim] ?? 0);
  let form: Form = "map";
  if (reduced > 0) {
    const neighbours = kernel.inputs.every(({ strides }) => strides[kept - 1] === 0 || strides[kept - 1] === 1) &&
      kernel.inputs.some(({ strides }) => strides[kept - 1] === 1) &&
      kernel.inputs.some(({ strides }) => (strides[rank - 1] ?? 0) > 1);
    // Sums of a few elements each (windows of a pooling) are not worth a vector of their own.
    const short = kernel.shape[rank - 1]! < 8;
    const across = kept > 0 && kernel.output.strides[kept - 1] === 1 && (neighbours || short);
    form = across ? "across" : "along";
  }
  const dim = form === "along" ? rank - 1 : kept - 1;
  const steps = [...kernel.inputs.map(({ strides }) => at(strides, dim)), at(kernel.output.strides, kept - 1)];
  const lanes = lanesOf([kernel.expr]);
  const reduction = kernel.reduce === null ? "" : kernel.reduce.op;
  const key = `${form}|${kept}+${reduced}|${steps.join()}|${reduction}|${analysis.id}`;
  return { kernel, form, lanes, kept, reduced, steps, weight: analysis.weight, key };
}

/** The sizes, strides (in bytes), addresses and scalars of a dispatch lie in memory in this order, as 32-bit words. */
export interface Layout {
  /** Word of the size of each dimension. */
  readonly size: (dim: number) => number;
  /** Word of the address of an operand: an input, or last the output. */
  readonly address: (operand: number) => number;
  /** Word of its stride along a dimension. */
  readonly stride: (operand: number, dim: number) => number;
  /** Word of a scalar (two words each). */
  readonly scalar: (index: number) => number;
  /** Word of the number of segments that a row is cut into, and of a segment's length. */
  readonly segments: number;
  readonly segment: number;
  /** All words, with so many scalars. */
  readonly words: (scalars: number) => number;
}

/** See {@link Layout}. */
export function layoutOf(rank: number, operands: number): Layout {
  const first = 2 + rank;
  const record = 1 + rank;
  const scalars = Math.ceil((first + operands * record) / 2) * 2;
  return {
    segments: 0,
    segment: 1,
    size: (dim) => 2 + dim,
    address: (operand) => first + operand * record,
    stride: (operand, dim) => first + operand * record + 1 + dim,
    scalar: (index) => scalars + 2 * index,
    words: (count) => scalars + 2 * count,
  };
}

/** Bytes of an element, which is the step of neighbours. */
export const elementBytes: (dtype: DType) => number = itemSize;

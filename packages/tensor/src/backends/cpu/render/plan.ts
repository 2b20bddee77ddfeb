/** Chooses the form of a kernel's loops, and the cache key of its code. */
import { type DType, itemSize } from "../../../dtype.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { analyze, type ExprAnalysis, type ScalarExpr } from "./expression_analysis.ts";
import { isMaskable, laneKind, type Step } from "./lanes.ts";

/** The loops of a kernel: vectors along the output, along the reduced dimension, or across it. */
export type Form = "map" | "along" | "across";

/** Everything that generated code depends on. Sizes, strides and addresses are parameters of the dispatch. */
export interface Plan {
  readonly kernel: Kernel;
  readonly form: Form;
  /** Whether something has 64 bits, so that lanes do. */
  readonly wide: boolean;
  /** The number of kept and of reduced dimensions. */
  readonly kept: number;
  readonly reduced: number;
  /** How each input, and last the output, steps along the vector dimension. */
  readonly steps: readonly Step[];
  /** The rough cost of one element in additions. */
  readonly weight: number;
  /** The scalars that the expression reads. */
  readonly scalars: readonly ScalarExpr[];
  readonly key: string;
}

/** Whether the whole kernel has a vector form. Other kernels run as JavaScript loops. */
function renderable(kernel: Kernel, analysis: ExprAnalysis): boolean {
  if (kernel.reduce && (kernel.reduce.op === "argmax" || kernel.reduce.op === "argmin")) return false;
  // Reductions of 64-bit integers are rare, and vector comparisons and products of these are slow.
  if (kernel.reduce && laneKind(kernel.expr.dtype) === "i64") return false;
  return analysis.vectorizable && laneKind(kernel.output.dtype) !== null;
}

/** The access pattern of a stride. */
export const stepOf: (stride: number) => Step = (stride) => stride === 0 ? "zero" : stride === 1 ? "unit" : "strided";

/** The plan of a kernel, or null if it has no vector form. */
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
    // Sums of a few elements each (such as pooling windows) are not worth vectors along the reduced dimension.
    const short = kernel.shape[rank - 1]! < 8;
    const across = kept > 0 && kernel.output.strides[kept - 1] === 1 && (neighbours || short);
    form = across ? "across" : "along";
  }
  const dim = form === "along" ? rank - 1 : kept - 1;
  const steps = [...kernel.inputs.map(({ strides }) => at(strides, dim)), at(kernel.output.strides, kept - 1)];
  // Totals are converted to the dtype of the output.
  const reduction = kernel.reduce === null ? "" : `${kernel.reduce.op}>${kernel.output.dtype}`;
  const key = `${form}|${kept}+${reduced}|${steps.join()}|${reduction}|${analysis.id}`;
  return {
    kernel,
    form,
    wide: analysis.wide,
    kept,
    reduced,
    steps,
    weight: analysis.weight,
    scalars: analysis.scalars,
    key,
  };
}

/**
 * Whether incomplete vectors of the operands can be loaded and stored at once: their elements are adjacent (or the same) and have at
 * least 32 bits.
 */
export function hasMaskedTails(steps: readonly Step[], dtypes: readonly DType[]): boolean {
  return steps.every((step, i) => step === "zero" || (step === "unit" && isMaskable(dtypes[i]!)));
}

/** The parameter block of a dispatch: sizes, strides (in bytes), addresses and scalars, in this order, as 32-bit words. */
export interface Layout {
  /** The word with the size of a dimension. */
  readonly size: (dim: number) => number;
  /** The word with the address of an operand: an input, or last the output. */
  readonly address: (operand: number) => number;
  /** The word with the stride of an operand along a dimension. */
  readonly stride: (operand: number, dim: number) => number;
  /** The first word of a scalar (two words each). */
  readonly scalar: (index: number) => number;
  /** The word with the number of segments per row; the next has the length of a segment. */
  readonly segments: number;
  readonly segment: number;
  /** The total number of words, for a number of scalars. */
  readonly words: (scalars: number) => number;
}

/** Layouts by rank and number of operands: each is made once. */
const layouts: Layout[][] = [];

/** The layout of the parameter block for a number of dimensions and operands. */
export function layoutOf(rank: number, operands: number): Layout {
  return (layouts[rank] ??= [])[operands] ??= newLayout(rank, operands);
}

function newLayout(rank: number, operands: number): Layout {
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

/** The bytes of an element, which is the step between adjacent ones. */
export const elementBytes: (dtype: DType) => number = itemSize;

/**
 * Row kernels: several passes over the same row of elements, as normalisation and softmax need. A reduction in one pass gives a
 * value of the row that later passes read, so that one kernel replaces up to five over all elements.
 */
import { type Access, type Expr, type Kernel, type Routine, showExpr } from "./kernel.ts";

/** What an `input` of an expression refers to in a row kernel. */
export type RowSource =
  /** An element of an input, or one value for the row if the input has stride 0 along it. */
  | { readonly from: "input"; readonly operand: number }
  /** An element of an output that an earlier step wrote. */
  | { readonly from: "output"; readonly operand: number }
  /** The n-th value of the row: results of reductions and `value` steps, in order. */
  | { readonly from: "row"; readonly value: number }
  /** The element's position in the row, as int32. Only for rows of one dimension. */
  | { readonly from: "column" };

/** Reductions over a row. */
export type RowReduction = "sum" | "amax" | "amin";

/** One step of a row kernel. */
export type RowStep =
  /** One pass over the elements of the row: each reduction gives a value of the row, each write an element of an output. */
  | {
    readonly kind: "walk";
    readonly reduce: readonly { readonly op: RowReduction; readonly expr: Expr }[];
    readonly write: readonly { readonly output: number; readonly expr: Expr }[];
  }
  /** A value of the row, computed from earlier ones. */
  | { readonly kind: "value"; readonly expr: Expr }
  /** Writes a value of the row to an output with one element per row. */
  | { readonly kind: "store"; readonly output: number; readonly expr: Expr };

/** The last `inner` dimensions of `shape` are the row. */
export interface RowKernel {
  readonly kind: "rows";
  readonly shape: readonly number[];
  readonly inner: number;
  readonly inputs: readonly Access[];
  readonly outputs: readonly Access[];
  readonly sources: readonly RowSource[];
  readonly steps: readonly RowStep[];
  /**
   * The number of successive rows that run in order, one after the other. An output that repeats over them can hold a sum, which each row
   * reads and writes. Only for backends with `sumsRows`.
   */
  readonly inOrder?: number;
}

/** All kinds of work that a backend runs. */
export type Work = Kernel | Routine | RowKernel;

/** The expressions of a step. */
export function stepExpressions(step: RowStep): readonly Expr[] {
  return step.kind === "walk" ? [...step.reduce, ...step.write].map(({ expr }) => expr) : [step.expr];
}

/** A row kernel as text, for cache keys and `HEDDLE_DEBUG`. */
export function showRows(
  { inputs, outputs, sources, steps }: Pick<RowKernel, "inputs" | "outputs" | "sources" | "steps">,
): string {
  const source = (s: RowSource): string =>
    s.from === "row" ? `r${s.value}` : s.from === "column" ? "c" : `${s.from[0]}${s.operand}`;
  const step = (s: RowStep): string =>
    s.kind === "walk"
      ? `${s.reduce.map(({ op, expr }) => `${op} ${showExpr(expr)}`).join("+")}>${
        s.write.map(({ output, expr }) => `${output}=${showExpr(expr)}`).join("+")
      }`
      : `${s.kind === "store" ? `${s.output}:` : ""}${showExpr(s.expr)}`;
  return `${inputs.map(({ dtype }) => dtype)}|${outputs.map(({ dtype }) => dtype)}|${sources.map(source)}|${
    steps.map(step).join(";")
  }`;
}

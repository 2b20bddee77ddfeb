/**
 * Row kernels: several walks over the same row of elements, one after the other, as normalisations and softmax are. What a walk
 * reduces is a value of the row that later expressions read, so that one kernel does what would be five over all elements.
 */
import { type Access, type Expr, type Kernel, type Routine, showExpr } from "./kernel.ts";

/** What an expression's `input` of an index means in a row kernel. */
export type RowSource =
  /** An element of an input; its value for the row where it has no stride along it. */
  | { readonly from: "input"; readonly operand: number }
  /** An element of an output that was written before. */
  | { readonly from: "output"; readonly operand: number }
  /** The n-th value of the row: the results of reductions and of `value` steps in their order. */
  | { readonly from: "row"; readonly value: number }
  /** The element's place in the row, as int32; only for rows of one dimension. */
  | { readonly from: "column" };

/** Reductions that rows have. */
export type RowReduction = "sum" | "amax" | "amin";

/** One step of a row kernel. */
export type RowStep =
  /** Over the elements of the row: each reduction makes a value of the row, each write an element of an output. */
  | {
    readonly kind: "walk";
    readonly reduce: readonly { readonly op: RowReduction; readonly expr: Expr }[];
    readonly write: readonly { readonly output: number; readonly expr: Expr }[];
  }
  /** A further value of the row, from earlier ones. */
  | { readonly kind: "value"; readonly expr: Expr }
  /** A value of the row into an output that has one element a row. */
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
}

/** All that a backend can be given to do. */
export type Work = Kernel | Routine | RowKernel;

/** The expressions of a step. */
export function stepExpressions(step: RowStep): readonly Expr[] {
  return step.kind === "walk" ? [...step.reduce, ...step.write].map(({ expr }) => expr) : [step.expr];
}

/** What a row kernel does, as text: for cache keys and `HEDDLE_DEBUG`. */
export function showRows({ inputs, outputs, sources, steps }: RowKernel): string {
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

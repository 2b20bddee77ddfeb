/**
 * The kernel IR: one fused expression over strided inputs, optionally reduced. Backends render it to JavaScript, WebAssembly or
 * WGSL. Work that is not such an expression is a {@link Routine}.
 */
import { type DType, isHalfDType } from "../dtype.ts";
import type { Attrs, ElementwisePrim, ReducePrim, RoutinePrim } from "../prims/attrs.ts";

/** A node of an expression. `dtype` is the type of its value. All operands of an operation have the type it computes in. */
export type Expr =
  | { readonly op: "input"; readonly index: number; readonly dtype: DType }
  | { readonly op: "scalar"; readonly index: number; readonly dtype: DType }
  | { readonly op: ElementwisePrim; readonly args: readonly Expr[]; readonly dtype: DType };

/** An expression in another dtype. */
export const cast = (expr: Expr, dtype: DType): Expr =>
  expr.dtype === dtype ? expr : { op: "cast", args: [expr], dtype };

/** An expression that goes on in float32 where it is float16 or bfloat16. */
export const widen = (expr: Expr): Expr => isHalfDType(expr.dtype) ? cast(expr, "float32") : expr;

/** How the iteration space accesses an operand: one stride per dimension, 0 where the operand is repeated. */
export interface Access {
  readonly dtype: DType;
  readonly strides: readonly number[];
}

/**
 * `output[i] = expr(inputs[i])`, or its reduction over the last `reduce.dims` dimensions of `shape`. Inputs have a stride for every
 * dimension, the output for those that remain. Offsets, buffers and scalars are arguments of the dispatch.
 */
export interface Kernel {
  readonly kind: "kernel";
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly expr: Expr;
  readonly reduce: { readonly op: ReducePrim; readonly dims: number } | null;
  readonly output: Access;
}

/** Shape, strides and dtype of a routine's operand. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Work that is not an expression. A backend implements it by the name of its primitive. */
export interface Routine<P extends RoutinePrim = RoutinePrim> {
  readonly kind: "routine";
  readonly name: P;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attrs: Attrs[P];
}

/** An expression as text, for cache keys and `HEDDLE_DEBUG`. */
export function showExpr(expr: Expr): string {
  if (expr.op === "input") return `i${expr.index}:${expr.dtype}`;
  if (expr.op === "scalar") return `s${expr.index}:${expr.dtype}`;
  return `${expr.op}:${expr.dtype}(${expr.args.map(showExpr).join(",")})`;
}

/** A key that is equal for kernels that differ only in sizes and strides. */
export function structuralKey(kernel: Kernel): string {
  const reduce = kernel.reduce === null ? "" : `${kernel.reduce.op}/${kernel.reduce.dims}`;
  const inputs = kernel.inputs.map((input) => input.dtype).join(",");
  return `${kernel.shape.length}|${inputs}|${showExpr(kernel.expr)}|${reduce}|${kernel.output.dtype}`;
}

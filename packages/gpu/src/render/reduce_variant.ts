/** What the shader of a reduction depends on. */
import { type DType, isFloat } from "@heddle/tensor";
import type { Kernel, ReducePrim } from "@heddle/tensor/backend";
import type { Expr, ScalarSlot } from "./expression.ts";

/** Threads of a workgroup. */
export const groupSize = 64;

/** How an input's elements are read where four are taken at once: in a vector, one for all four, or one by one. */
export type InputAccess = "vector" | "constant" | "single";

/** See the module's comment. */
export interface ReduceVariant {
  readonly op: ReducePrim;
  readonly expr: Expr;
  /** dtype of the reduction's result, before it is cast to the output's. */
  readonly result: DType;
  readonly inputs: Kernel["inputs"];
  readonly access: readonly InputAccess[];
  readonly output: DType;
  readonly scalars: readonly ScalarSlot[];
  readonly outer: number;
  readonly inner: number;
  /** Threads that share one part: 1, or a workgroup. */
  readonly together: number;
  /** Four elements at once along the reduced dimensions, four outputs side by side, or neither. */
  readonly quads: "along" | "across" | null;
  readonly toParts: boolean;
  /** Input 0 holds results of parts, and a further one their indices. */
  readonly fromParts: boolean;
}

/** Whether the result is an index. */
export const isIndexed = (op: ReducePrim): boolean => op === "argmax" || op === "argmin";

/** dtype of sums, maxima, and (whole numbers in the order of the floats) of what argmax and argmin compare. */
export function accumulator(op: ReducePrim, dtype: DType): DType {
  return !isIndexed(op) && isFloat(dtype) ? "float32" : "int32";
}

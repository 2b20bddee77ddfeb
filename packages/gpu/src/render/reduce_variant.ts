/** The variants of a reduction's shader. */
import { type DType, isFloat } from "@heddle/tensor";
import type { Kernel, ReducePrim } from "@heddle/tensor/backend";
import type { Expr, ScalarSlot } from "./expression.ts";

/** Threads of a workgroup. */
export const groupSize = 64;

/**
 * How an input is read when a thread takes four elements at once: as a vector, as one element for all four, or one by
 * one.
 */
export type InputAccess = "vector" | "constant" | "single";

/** All that the source of a reduction's shader depends on. */
export interface ReduceVariant {
  readonly op: ReducePrim;
  readonly expr: Expr;
  /** dtype of the result before it is cast to the output's dtype. */
  readonly result: DType;
  readonly inputs: Kernel["inputs"];
  readonly access: readonly InputAccess[];
  readonly output: DType;
  readonly scalars: readonly ScalarSlot[];
  readonly outer: number;
  readonly inner: number;
  /** Number of threads that share a part: 1, or a workgroup. */
  readonly together: number;
  /** The smallest number of threads that exchange values by subgroup operations; 1 without these. */
  readonly subgroup: number;
  /** Whether a thread takes four elements along the reduced dimensions, four adjacent outputs, or single elements. */
  readonly quads: "along" | "across" | null;
  readonly toParts: boolean;
  /** Whether the input holds partial results; for argmax and argmin a second input holds their indices. */
  readonly fromParts: boolean;
}

/** Whether the result is an index. */
export const isIndexed = (op: ReducePrim): boolean => op === "argmax" || op === "argmin";

/** dtype of the accumulator: that of sums and maxima, or of the integers that argmax and argmin compare. */
export function accumulator(op: ReducePrim, dtype: DType): DType {
  return !isIndexed(op) && isFloat(dtype) ? "float32" : "int32";
}

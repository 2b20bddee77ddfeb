/**
 * Products of two factors summed over a common index: what matrix products, convolutions and their gradients are. The factors say
 * in WGSL where their elements are; contract.ts runs them, with a kernel in one of several forms.
 */
import { type DType, isFloat } from "@heddle/tensor";
import type { GpuOperand } from "../../gpu_context.ts";
import type { Params } from "../shared/params.ts";

/** Where a factor's elements are. All positions are u32 and wrap. */
export interface Factor {
  /** Statements declaring `V…` for the row (column) `index`: what does not depend on the summed index. */
  readonly lane: (v: string, index: string) => string;
  /** Statements declaring more of `V…` for the outer summed index, after `rowCode`. */
  readonly enter: (v: string) => string;
  /** The element at the inner summed index `t`. */
  readonly element: (v: string, t: string) => string;
}

/** `out[z, i, j] = Σ left[z, i, k] · right[z, k, j]`, with `k` the pair of an outer and an inner index where it is nested. */
export interface Contraction {
  /** What the code depends on besides the dtype. */
  readonly key: string;
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  /** Values of the outer summed index (1 where it is not nested) and of the inner one. */
  readonly outer: number;
  readonly inner: number;
  readonly nested: boolean;
  readonly left: GpuOperand;
  readonly right: GpuOperand;
  readonly out: GpuOperand;
  readonly params: Params;
  /** Statements from the batch's index `z`. */
  readonly batchCode: string;
  /** Statements from the outer summed index `r`. */
  readonly rowCode: string;
  readonly rows: Factor;
  readonly columns: Factor;
  /** Statements declaring `V`, the part of an output's position that its row or column decides. */
  readonly outRow: (v: string, index: string) => string;
  readonly outColumn: (v: string, index: string) => string;
  /** Whether neighbours along the summed index, rather than along rows or columns, are neighbours in memory. */
  readonly leftAlongSum: boolean;
  readonly rightAlongSum: boolean;
  /** Added to every output of a row (numbered through the batch), or of a column. */
  readonly bias: { readonly operand: GpuOperand; readonly along: "row" | "column" } | null;
  /** Whether what is negative becomes 0. */
  readonly relu: boolean;
}

/** What is written of a sum: with its bias, and rectified. NaN stays. */
export function withEpilogue({ bias, relu, dtype }: Contraction, sum: string, row: string, column: string): string {
  const value = bias === null
    ? sum
    : `(${sum} + bias_get(p.biasOffset + ${bias.along === "row" ? `(z * p.m + ${row})` : column} * p.biasStride))`;
  return relu ? `rectify(${value}, ${isFloat(dtype) ? "0f" : "0"})` : value;
}

/** Declarations that {@link withEpilogue} needs. */
export function epilogueDeclarations({ relu, dtype }: Contraction): string {
  const type = isFloat(dtype) ? "f32" : "i32";
  return relu ? `fn rectify(x: ${type}, zero: ${type}) -> ${type} { return select(x, zero, x < zero); }\n` : "";
}

/** Reads and params of the bias. */
export function biasBinding({ bias }: Contraction): { reads: Record<string, GpuOperand>; params: Params; key: string } {
  if (bias === null) return { reads: {}, params: {}, key: "" };
  const { operand, along } = bias;
  return {
    reads: { bias: operand },
    params: { biasOffset: operand.offset, biasStride: operand.strides[0] ?? 0 },
    key: ` bias ${along}`,
  };
}

/** Of floats float32, of integers int32, whose lowest bits are right whatever overflows. */
export function accumulator({ dtype }: Contraction): DType {
  return isFloat(dtype) ? "float32" : "int32";
}

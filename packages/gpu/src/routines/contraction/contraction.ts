/**
 * Contractions: sums of products over a common index, such as matrix products, convolutions and their gradients. A
 * contraction describes in WGSL where the elements of its factors are; `run_contraction.ts` computes it with one of
 * several kernels.
 */
import { type DType, isFloat } from "@heddle/tensor";
import type { GpuOperand } from "../../gpu_context.ts";
import type { Params } from "../shared/params.ts";

/** Code that finds a factor's elements. Positions are u32 and wrap. */
export interface Factor {
  /** Statements declaring the variables `V…` that depend only on the row (column) `index`. */
  readonly lane: (v: string, index: string) => string;
  /** Statements declaring the variables `V…` that depend on the outer summed index too. They come after `rowCode`. */
  readonly enter: (v: string) => string;
  /** The element at the inner summed index `t`. */
  readonly element: (v: string, t: string) => string;
}

/**
 * `out[z, i, j] = Σ left[z, i, k] · right[z, k, j]`, where `k` is a pair of an outer and an inner index if the
 * contraction is nested.
 */
export interface Contraction {
  /** Identifies the code, apart from the dtype. */
  readonly key: string;
  readonly dtype: DType;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  /** Number of values of the outer summed index (1 if not nested) and of the inner one. */
  readonly outer: number;
  readonly inner: number;
  readonly nested: boolean;
  readonly left: GpuOperand;
  readonly right: GpuOperand;
  readonly out: GpuOperand;
  readonly params: Params;
  /** Statements that depend on the batch index `z`. */
  readonly batchCode: string;
  /** Statements that depend on the outer summed index `r`. */
  readonly rowCode: string;
  readonly rows: Factor;
  readonly columns: Factor;
  /** Statements declaring `V`, the part of an output's position that depends on its row or on its column. */
  readonly outRow: (v: string, index: string) => string;
  readonly outColumn: (v: string, index: string) => string;
  /** Whether elements adjacent in memory are adjacent along the summed index, rather than along rows or columns. */
  readonly leftAlongSum: boolean;
  readonly rightAlongSum: boolean;
  /** A vector added to the outputs: one value for each row (counted through the batch) or for each column. */
  readonly bias: { readonly operand: GpuOperand; readonly along: "row" | "column" } | null;
  /** Whether negative outputs become 0. */
  readonly relu: boolean;
}

/** The value to write for a sum: with bias and ReLU. NaN is preserved. */
export function withEpilogue({ bias, relu, dtype }: Contraction, sum: string, row: string, column: string): string {
  const value = bias === null
    ? sum
    : `(${sum} + bias_get(p.biasOffset + ${bias.along === "row" ? `(z * p.m + ${row})` : column} * p.biasStride))`;
  return relu ? `rectify(${value}, ${isFloat(dtype) ? "0f" : "0"})` : value;
}

/** The declarations that {@link withEpilogue} needs. */
export function epilogueDeclarations({ relu, dtype }: Contraction): string {
  const type = isFloat(dtype) ? "f32" : "i32";
  return relu ? `fn rectify(x: ${type}, zero: ${type}) -> ${type} { return select(x, zero, x < zero); }\n` : "";
}

/** The reads and params of the bias. */
export function biasBinding({ bias }: Contraction): { reads: Record<string, GpuOperand>; params: Params; key: string } {
  if (bias === null) return { reads: {}, params: {}, key: "" };
  const { operand, along } = bias;
  return {
    reads: { bias: operand },
    params: { biasOffset: operand.offset, biasStride: operand.strides[0] ?? 0 },
    key: ` bias ${along}`,
  };
}

/** dtype of sums: float32 for floats, and int32 for integers, whose lowest bits are right even when it overflows. */
export function accumulator({ dtype }: Contraction): DType {
  return isFloat(dtype) ? "float32" : "int32";
}

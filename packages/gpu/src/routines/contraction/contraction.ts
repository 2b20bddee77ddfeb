/**
 * Contractions: sums of products over a common index, such as matrix products, convolutions and their gradients. A
 * contraction describes where the elements of its factors are; `run_contraction.ts` computes it with one of several
 * kernels.
 */
import { type DType, isFloat } from "@heddle/tensor";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates } from "../../render/index_math.ts";
import { functions } from "../../render/math/functions.ts";
import type { Params } from "../shared/params.ts";
import type { Factor } from "./factor.ts";

/**
 * `out[z, i, j] = Σ left[z, i, k] · right[z, k, j]`. The summed index `k` has digits, the last of which changes
 * fastest: channel, row and column of a tap, for example.
 */
export interface Contraction {
  /** Identifies the code, apart from the dtype. */
  readonly key: string;
  readonly dtype: DType;
  /** Whether elements are rounded to bfloat16. */
  readonly rounded?: boolean;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  /** Number of values of the last digit, and of all the others together (1 if there is one digit). */
  readonly inner: number;
  readonly outer: number;
  /** The sizes of the digits, as WGSL. */
  readonly digits: readonly string[];
  /** The sizes that kernels for GPUs have as constants, by digit. */
  readonly constants: Readonly<Record<number, number>>;
  readonly left: GpuOperand;
  readonly right: GpuOperand;
  readonly out: GpuOperand;
  readonly params: Params;
  /** Statements that depend on the batch index `z`. */
  readonly batchCode: string;
  readonly rows: Factor;
  readonly columns: Factor;
  /** Statements declaring `V`, the part of an output's position that depends on its row or on its column. */
  readonly outRow: (v: string, index: string) => string;
  readonly outColumn: (v: string, index: string) => string;
  /** A vector added to the outputs: one value for each row (counted through the batch) or for each column. */
  readonly bias: { readonly operand: GpuOperand; readonly along: "row" | "column" } | null;
  /** Whether negative outputs become 0. */
  readonly relu: boolean;
}

/** A contraction without bias and activation. */
export type BareContraction = Omit<Contraction, "bias" | "relu">;

/** Statements that split `r`, the number formed by all digits but the last, into `r0`, `r1`, …. */
export function outerDigits({ digits }: Contraction): string {
  return coordinates("r", "r", digits.slice(0, -1));
}

/** The value to write for a sum: with bias and ReLU. NaN is preserved. */
export function withEpilogue({ bias, relu, dtype }: Contraction, sum: string, row: string, column: string): string {
  const value = bias === null
    ? sum
    : `(${sum} + bias_get(p.biasOffset + ${bias.along === "row" ? `(z * p.m + ${row})` : column} * p.biasStride))`;
  return !relu ? value : isFloat(dtype) ? `relu_f(${value})` : `max(${value}, 0)`;
}

/** The declarations that {@link withEpilogue} needs. */
export function epilogueDeclarations({ relu, dtype }: Contraction): string {
  return relu && isFloat(dtype) ? `${functions.relu_f}\n` : "";
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

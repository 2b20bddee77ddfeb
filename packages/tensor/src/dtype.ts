/** Element types of tensors, the typed arrays that store them, and PyTorch's type promotion. */

/** The element type of a tensor. */
export type DType =
  | "float32"
  | "float64"
  | HalfDType
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "bool";

/** The floating-point dtypes of 16 bits. Tensors are stored in them; operations compute in float32. */
export type HalfDType = "float16" | "bfloat16";

/** A JavaScript value that can be used in place of a 0-dimensional tensor. */
export type Scalar = number | bigint | boolean;

/** The typed arrays that hold elements: float16 and bfloat16 are stored as bits in a `Uint16Array`, bool as 0 and 1. */
export type TypedArray<B extends ArrayBufferLike = ArrayBufferLike> =
  | Float32Array<B>
  | Float64Array<B>
  | Uint16Array<B>
  | Int8Array<B>
  | Int16Array<B>
  | Int32Array<B>
  | BigInt64Array<B>
  | Uint8Array<B>;

type Kind = "bool" | "int" | "float";

interface DTypeRow {
  readonly bytes: number;
  readonly kind: Kind;
  readonly array: new <B extends ArrayBufferLike>(buffer: B, byteOffset: number, length: number) => TypedArray<B>;
}

const rows: { readonly [D in DType]: DTypeRow } = {
  float32: { bytes: 4, kind: "float", array: Float32Array },
  float64: { bytes: 8, kind: "float", array: Float64Array },
  float16: { bytes: 2, kind: "float", array: Uint16Array },
  bfloat16: { bytes: 2, kind: "float", array: Uint16Array },
  int8: { bytes: 1, kind: "int", array: Int8Array },
  int16: { bytes: 2, kind: "int", array: Int16Array },
  int32: { bytes: 4, kind: "int", array: Int32Array },
  int64: { bytes: 8, kind: "int", array: BigInt64Array },
  uint8: { bytes: 1, kind: "int", array: Uint8Array },
  bool: { bytes: 1, kind: "bool", array: Uint8Array },
};

/** All dtypes, in the order of the documentation. */
export const dtypes: readonly DType[] = Object.keys(rows) as DType[];

/** The index of a dtype in {@link dtypes}. It is less than 15, so that cache keys can be built from it. */
export const dtypeIndex: Readonly<Record<DType, number>> = Object.fromEntries(
  dtypes.map((dtype, index) => [dtype, index]),
) as Record<DType, number>;

/** Size of one element in bytes. */
export function itemSize(dtype: DType): number {
  return rows[dtype].bytes;
}

/** Whether the dtype is one of float16, bfloat16, float32, float64. */
export function isFloat(dtype: DType): boolean {
  return rows[dtype].kind === "float";
}

/** Whether the dtype is float16 or bfloat16. */
export function isHalfDType(dtype: DType): dtype is HalfDType {
  return dtype === "float16" || dtype === "bfloat16";
}

/** Whether the dtype has negative numbers: all but uint8 and bool. */
export function isSigned(dtype: DType): boolean {
  return dtype !== "uint8" && dtype !== "bool";
}

/** Whether the dtype is an integer other than bool. */
export function isInteger(dtype: DType): boolean {
  return rows[dtype].kind === "int";
}

/** A typed array of the dtype over part of a buffer. */
export function typedArrayOver<B extends ArrayBufferLike>(
  dtype: DType,
  buffer: B,
  byteOffset: number,
  length: number,
): TypedArray<B> {
  return new rows[dtype].array(buffer, byteOffset, length);
}

/**
 * Throws if a value is not a dtype. The message lists the dtypes.
 *
 * @throws TypeError that names the operation and the value.
 */
export function checkDType(operation: string, dtype: unknown): asserts dtype is DType {
  if (typeof dtype !== "string" || !Object.hasOwn(rows, dtype)) {
    throw new TypeError(`${operation}: unknown dtype ${JSON.stringify(dtype)}; use one of ${dtypes.join(", ")}`);
  }
}

/** The default dtype of a tensor made from a JavaScript value. */
export function scalarDType(value: Scalar): DType {
  return typeof value === "number" ? "float32" : typeof value === "boolean" ? "bool" : "int64";
}

const ladder: readonly DType[] = [
  ...["bool", "uint8", "int8", "int16", "int32", "int64"] as const,
  ...["float16", "bfloat16", "float32", "float64"] as const,
];

/**
 * The dtype to which two dtypes promote (PyTorch: `torch.promote_types`).
 *
 * @example
 * ```ts
 * import { promoteTypes } from "@heddle/tensor";
 * promoteTypes("uint8", "int8"); // "int16": neither holds the other's values
 * ```
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a;
  const high = ladder.indexOf(a) > ladder.indexOf(b) ? a : b;
  const low = high === a ? b : a;
  // uint8 and int8 have the same rank; int16 is the smallest dtype that holds both.
  if (low === "uint8" && high === "int8") return "int16";
  // Neither half format holds the other's values.
  if (low === "float16" && high === "bfloat16") return "float32";
  return high;
}

/** The properties of an operand that decide promotion. */
export type PromotionOperand = { readonly dtype: DType; readonly ndim: number } | Scalar;

function kindRank(dtype: DType): number {
  const kind = rows[dtype].kind;
  return kind === "bool" ? 0 : kind === "int" ? 1 : 2;
}

/**
 * The dtype of an operation on several operands (PyTorch: `torch.result_type`). Tensors with dimensions decide; a 0-dimensional
 * tensor counts only if its kind (bool, integer, float) is higher than theirs, and a JavaScript scalar only if its kind is higher
 * than that of all tensors. A number without a fraction counts as an integer, one with a fraction as a float.
 */
export function resultType(operands: readonly PromotionOperand[]): DType {
  let dimensioned: DType | null = null;
  let zeroDim: DType | null = null;
  let scalar: DType | null = null;
  for (const operand of operands) {
    if (typeof operand === "object") {
      if (operand.ndim > 0) {
        dimensioned = dimensioned === null ? operand.dtype : promoteTypes(dimensioned, operand.dtype);
      } else zeroDim = zeroDim === null ? operand.dtype : promoteTypes(zeroDim, operand.dtype);
    } else {
      const type = weakType(operand);
      scalar = scalar === null ? type : promoteTypes(scalar, type);
    }
  }
  let result = dimensioned;
  for (const next of [zeroDim, scalar]) {
    if (next === null) continue;
    if (result === null || kindRank(next) > kindRank(result)) result = next;
  }
  return result ?? "float32";
}

/**
 * Whole numbers count as integers, so that `int32.add(1)` stays int32; other numbers count as the default float. A whole number and
 * a bool promote to int32, the dtype of counts and indices (PyTorch: int64, which GPUs lack).
 */
function weakType(value: Scalar): DType {
  return typeof value === "number" && Number.isInteger(value) ? "int32" : scalarDType(value);
}

/** The smallest and largest finite values and the spacing at 1 (PyTorch: `torch.finfo`). */
export function finfo(
  dtype: HalfDType | "float32" | "float64",
): { eps: number; max: number; min: number; tiny: number } {
  switch (dtype) {
    case "float16":
      return { eps: 2 ** -10, max: 65504, min: -65504, tiny: 2 ** -14 };
    case "bfloat16":
      return { eps: 2 ** -7, max: 3.3895313892515355e38, min: -3.3895313892515355e38, tiny: 2 ** -126 };
    case "float32":
      return { eps: 2 ** -23, max: 3.4028234663852886e38, min: -3.4028234663852886e38, tiny: 2 ** -126 };
    case "float64":
      return { eps: Number.EPSILON, max: Number.MAX_VALUE, min: -Number.MAX_VALUE, tiny: 2 ** -1022 };
  }
}

/** The smallest and largest values of an integer dtype or bool (PyTorch: `torch.iinfo`). */
export function integerRange(dtype: DType): readonly [bigint, bigint] {
  if (dtype === "bool") return [0n, 1n];
  if (dtype === "uint8") return [0n, 255n];
  const bits = BigInt(8 * itemSize(dtype));
  return [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

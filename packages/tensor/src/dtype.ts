/** The element types of tensors, what JavaScript stores them in, and PyTorch's promotion between them. */

/** Element type of a tensor. */
export type DType = "float32" | "float64" | "float16" | "int8" | "int16" | "int32" | "int64" | "uint8" | "bool";

/** A JavaScript value that can stand where a 0-dimensional tensor could. */
export type Scalar = number | bigint | boolean;

/** The typed arrays that storages consist of: float16 is kept as its bits in a `Uint16Array`, bool as 0 and 1. */
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
  int8: { bytes: 1, kind: "int", array: Int8Array },
  int16: { bytes: 2, kind: "int", array: Int16Array },
  int32: { bytes: 4, kind: "int", array: Int32Array },
  int64: { bytes: 8, kind: "int", array: BigInt64Array },
  uint8: { bytes: 1, kind: "int", array: Uint8Array },
  bool: { bytes: 1, kind: "bool", array: Uint8Array },
};

/** Every dtype, in the order of the documentation. */
export const dtypes: readonly DType[] = Object.keys(rows) as DType[];

/** The place of a dtype among {@link dtypes}: less than 15, so that keys can be made of them. */
export const dtypeIndex: Readonly<Record<DType, number>> = Object.fromEntries(
  dtypes.map((dtype, index) => [dtype, index]),
) as Record<DType, number>;

/** Size of one element in bytes. */
export function itemSize(dtype: DType): number {
  return rows[dtype].bytes;
}

/** Whether the dtype is one of float16, float32, float64. */
export function isFloat(dtype: DType): boolean {
  return rows[dtype].kind === "float";
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
 * Throws for anything that is not a dtype, naming those that exist.
 *
 * @throws TypeError naming the operation and the value.
 */
export function checkDType(operation: string, dtype: unknown): asserts dtype is DType {
  if (typeof dtype !== "string" || !Object.hasOwn(rows, dtype)) {
    throw new TypeError(`${operation}: unknown dtype ${JSON.stringify(dtype)}; use one of ${dtypes.join(", ")}`);
  }
}

/** The dtype that a JavaScript value becomes when nothing else is said. */
export function scalarDType(value: Scalar): DType {
  return typeof value === "number" ? "float32" : typeof value === "boolean" ? "bool" : "int64";
}

const ladder: readonly DType[] = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"];

/**
 * The dtype to which two tensors of the same standing are promoted (PyTorch's `torch.promote_types`).
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
  // uint8 and int8 are of equal rank; int16 is the first that holds both.
  if (low === "uint8" && high === "int8") return "int16";
  return high;
}

/** What promotion needs to know of an operand. */
export type PromotionOperand = { readonly dtype: DType; readonly ndim: number } | Scalar;

function kindRank(dtype: DType): number {
  const kind = rows[dtype].kind;
  return kind === "bool" ? 0 : kind === "int" ? 1 : 2;
}

/**
 * The dtype of an operation on several operands (PyTorch's `torch.result_type`): tensors with dimensions decide; 0-dimensional
 * tensors only when their kind (bool, integer, float) is higher, and JavaScript scalars only when theirs is higher still.
 * A number that is an integer counts as an integer, one with a fraction as a float.
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
 * Integral numbers take part as integers, so that `int32.add(1)` stays int32; others as the default float. With bool they make
 * int32, as counts and indices do (PyTorch: int64, which GPUs lack).
 */
function weakType(value: Scalar): DType {
  return typeof value === "number" && Number.isInteger(value) ? "int32" : scalarDType(value);
}

/** Smallest and largest finite values and the spacing at 1, as `torch.finfo`. */
export function finfo(
  dtype: "float16" | "float32" | "float64",
): { eps: number; max: number; min: number; tiny: number } {
  switch (dtype) {
    case "float16":
      return { eps: 2 ** -10, max: 65504, min: -65504, tiny: 2 ** -14 };
    case "float32":
      return { eps: 2 ** -23, max: 3.4028234663852886e38, min: -3.4028234663852886e38, tiny: 2 ** -126 };
    case "float64":
      return { eps: Number.EPSILON, max: Number.MAX_VALUE, min: -Number.MAX_VALUE, tiny: 2 ** -1022 };
  }
}

/** Smallest and largest values of an integer dtype or bool, as `torch.iinfo`. */
export function integerRange(dtype: DType): readonly [bigint, bigint] {
  if (dtype === "bool") return [0n, 1n];
  if (dtype === "uint8") return [0n, 255n];
  const bits = BigInt(8 * itemSize(dtype));
  return [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

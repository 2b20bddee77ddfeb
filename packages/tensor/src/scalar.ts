/** Conversion of JavaScript values to elements of a dtype, with range checks. */
import { type DType, integerRange, isFloat, isHalfDType, isInteger, type Scalar } from "./dtype.ts";
import { halfFormats } from "./half.ts";

/**
 * The value as an element of the dtype, rounded or wrapped: a bigint for int64, else a number. Values from users are passed to
 * {@link checkValue} first.
 */
export function elementValue(value: Scalar, dtype: DType): number | bigint {
  if (dtype === "int64") {
    if (typeof value === "bigint") return BigInt.asIntN(64, value);
    if (typeof value === "boolean") return value ? 1n : 0n;
    return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : -(2n ** 63n);
  }
  if (dtype === "bool") return Number(value) !== 0 ? 1 : 0;
  const number = typeof value === "bigint" && !isFloat(dtype) ? Number(BigInt.asIntN(32, value)) : Number(value);
  switch (dtype) {
    case "float64":
      return number;
    case "float32":
      return Math.fround(number);
    case "float16":
    case "bfloat16": {
      const { values, toBits } = halfFormats[dtype];
      return values()[toBits(number)]!;
    }
    case "int32":
      return Math.trunc(number) | 0;
    case "int16":
      return Math.trunc(number) << 16 >> 16;
    case "int8":
      return Math.trunc(number) << 24 >> 24;
    case "uint8":
      return Math.trunc(number) & 255;
  }
}

/** Compares a value with the range of an integer dtype: −1 below, 0 within, 1 above, undefined for NaN. Fractions are truncated first. */
export function placeInRange(value: Scalar, dtype: DType): -1 | 0 | 1 | undefined {
  if (typeof value === "boolean") return 0;
  if (dtype === "int64") {
    if (typeof value === "number") {
      if (value !== value) return undefined;
      return value < -(2 ** 63) ? -1 : value >= 2 ** 63 ? 1 : 0;
    }
  } else if (typeof value === "number") {
    const [low, high] = numberRanges[dtype as keyof typeof numberRanges];
    const whole = Math.trunc(value);
    return whole < low ? -1 : whole > high ? 1 : whole === whole ? 0 : undefined;
  }
  const [low, high] = integerRange(dtype);
  return value < low ? -1 : value > high ? 1 : 0;
}

const rangeOf = (dtype: DType): readonly [number, number] => integerRange(dtype).map(Number) as [number, number];

const numberRanges = {
  int8: rangeOf("int8"),
  int16: rangeOf("int16"),
  int32: rangeOf("int32"),
  uint8: rangeOf("uint8"),
};

/**
 * Throws for a value outside the range of an integer dtype, which would wrap to another number. NumPy 2 throws too, and PyTorch in
 * most cases. Fractions are truncated. Floating-point dtypes round, to infinity beyond their largest value; bool takes any value.
 *
 * @throws RangeError naming the operation, the value and the dtype's range.
 */
export function checkValue(operation: string, value: Scalar, dtype: DType): void {
  if (isInteger(dtype) && placeInRange(value, dtype) !== 0) throw valueError(operation, value, dtype);
}

function valueError(operation: string, value: Scalar, dtype: DType): RangeError {
  const [low, high] = integerRange(dtype);
  const remedy = Number.isFinite(Number(value)) ? "use a dtype that holds it" : "only floating-point dtypes hold it";
  return new RangeError(`${operation}: ${value} is not within the range of ${dtype}, ${low} to ${high}; ${remedy}`);
}

const largest = { float16: "65504", bfloat16: "3.3895314e38", float32: "3.4028235e38" } as const;

/**
 * Like {@link checkValue}, for a value that becomes an element unchanged: a finite number must not become infinity in a
 * floating-point dtype. PyTorch's `full` and `masked_fill` throw likewise for −1e9 in float16.
 *
 * @throws RangeError naming the operation, the value and the dtype's range.
 */
export function checkWritten(operation: string, value: Scalar, dtype: DType): void {
  checkValue(operation, value, dtype);
  if (dtype !== "float32" && !isHalfDType(dtype)) return;
  if (Number.isFinite(Number(value)) && !Number.isFinite(elementValue(value, dtype) as number)) {
    throw new RangeError(
      `${operation}: ${value} is beyond ±${largest[dtype]}, the largest ${dtype}; ` +
        `use a wider dtype, or ${Number(value) < 0 ? "-" : ""}Infinity if that is meant`,
    );
  }
}

/** JavaScript values as elements of a dtype. */
import type { DType, Scalar } from "./dtype.ts";
import { halfTable, toHalfBits } from "./half.ts";

/** The value an element of the dtype would have: a bigint for int64, else a number; rounded or wrapped as the dtype does. */
export function elementValue(value: Scalar, dtype: DType): number | bigint {
  if (dtype === "int64") {
    if (typeof value === "bigint") return BigInt.asIntN(64, value);
    if (typeof value === "boolean") return value ? 1n : 0n;
    return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : -(2n ** 63n);
  }
  if (dtype === "bool") return Number(value) !== 0 ? 1 : 0;
  const number = typeof value === "bigint" && !dtype.startsWith("float")
    ? Number(BigInt.asIntN(32, value))
    : Number(value);
  switch (dtype) {
    case "float64":
      return number;
    case "float32":
      return Math.fround(number);
    case "float16":
      return halfTable()[toHalfBits(number)]!;
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

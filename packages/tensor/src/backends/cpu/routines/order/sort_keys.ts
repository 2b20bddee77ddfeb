/**
 * Sort keys. Instead of values, records are sorted: an integer key with the order of the values, and the element's index. A small
 * record is a 64-bit word with the key in the upper half; for 64-bit values a record is two words. Both compare as signed numbers.
 */
import type { DType } from "../../../../dtype.ts";
import type { FunctionBuilder } from "../../../../code/module.ts";
import { choose, type Code, get, i32, i64, type Local, memory, op, set } from "../../../../code/tree.ts";
import { loadScalar } from "../scalars.ts";

/** Whether keys have 64 bits. */
export function isWide(dtype: DType): boolean {
  return dtype === "float64" || dtype === "int64";
}

/** The number of low bits in which keys can differ. */
export function keyBits(dtype: DType): number {
  switch (dtype) {
    case "bool":
    case "int8":
      return 8;
    case "uint8":
      return 9; // keys are signed
    case "int16":
    case "float16":
    case "bfloat16":
      return 16;
    default:
      return isWide(dtype) ? 64 : 32;
  }
}

/** Maps the bits of a float to an ordered integer: NaN becomes the largest, −0 becomes 0, and negative numbers are in ascending order. */
function ordered(type: "i32" | "i64", bits: Local, width: 16 | 32 | 64, infinity: bigint): Code {
  const c = (value: bigint): Code => type === "i32" ? i32(Number(BigInt.asIntN(32, value))) : i64(value);
  const magnitude = op(`${type}.and`, get(bits), c((1n << BigInt(width - 1)) - 1n));
  const largest = c((1n << BigInt(width - 1)) - 1n);
  // For width 16 the bits are sign-extended, so that the word has the sign.
  const key = choose(type, op(`${type}.lt_s`, get(bits), c(0n)), op(`${type}.sub`, c(0n), magnitude), get(bits));
  return choose(type, op(`${type}.gt_s`, magnitude, c(infinity)), largest, key);
}

/**
 * The key of the element at an address: an i32 with at most {@link keyBits} bits (sign-extended), or an i64. Descending order uses
 * the complement.
 */
export function keyOf(f: FunctionBuilder, dtype: DType, address: Code, descending: boolean): Code {
  const type = isWide(dtype) ? "i64" : "i32";
  const bits = f.local(type);
  const flip = (key: Code): Code => descending ? op(`${type}.xor`, key, type === "i32" ? i32(-1) : i64(-1n)) : key;
  switch (dtype) {
    case "float32":
      return [set(bits, memory("i32.load", 0, address)), flip(ordered("i32", bits, 32, 0x7f800000n))];
    case "float64":
      return [set(bits, memory("i64.load", 0, address)), flip(ordered("i64", bits, 64, 0x7ff0000000000000n))];
    case "float16":
      return [set(bits, memory("i32.load16_s", 0, address)), flip(ordered("i32", bits, 16, 0x7c00n))];
    case "bfloat16":
      return [set(bits, memory("i32.load16_s", 0, address)), flip(ordered("i32", bits, 16, 0x7f80n))];
    default:
      return flip(loadScalar(dtype, address));
  }
}

/**
 * What is sorted instead of the values: records of an integer key, in the order of the values, and the element's number. Small ones are
 * a 64-bit word, key above number; for 64-bit values they are two words. Both compare as signed numbers.
 */
import type { DType } from "../../../dtype.ts";
import {
  choose,
  type Code,
  type FunctionBuilder,
  get,
  i32,
  i64,
  type Local,
  memory,
  op,
  set,
} from "../../../wasm/assembler.ts";
import { loadScalar } from "./scalars.ts";

/** Whether keys have 64 bits. */
export function isWide(dtype: DType): boolean {
  return dtype === "float64" || dtype === "int64";
}

/** How many bits of the keys can differ, beginning with the lowest. */
export function keyBits(dtype: DType): number {
  switch (dtype) {
    case "bool":
    case "int8":
      return 8;
    case "uint8":
      return 9; // a sign is expected
    case "int16":
    case "float16":
      return 16;
    default:
      return isWide(dtype) ? 64 : 32;
  }
}

/** Of a float's bits, `type` wide: NaN becomes the largest, −0 becomes 0, and negative numbers are put in order. */
function ordered(type: "i32" | "i64", bits: Local, width: 16 | 32 | 64, infinity: bigint): Code {
  const c = (value: bigint): Code => type === "i32" ? i32(Number(BigInt.asIntN(32, value))) : i64(value);
  const magnitude = op(`${type}.and`, get(bits), c((1n << BigInt(width - 1)) - 1n));
  const largest = c((1n << BigInt(width - 1)) - 1n);
  // For width 16 the bits are sign-extended, so that the sign is that of the whole word.
  const key = choose(type, op(`${type}.lt_s`, get(bits), c(0n)), op(`${type}.sub`, c(0n), magnitude), get(bits));
  return choose(type, op(`${type}.gt_s`, magnitude, c(infinity)), largest, key);
}

/**
 * Code for the key of the element at an address: an i32 of {@link keyBits} bits at most (sign-extended), or an i64. Complements sort
 * the other way round.
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
    default:
      return flip(loadScalar(dtype, address));
  }
}

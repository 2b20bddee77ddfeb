/** How elements of each dtype are represented in WGSL, in memory and in expressions. */
import { type DType, isFloat, itemSize } from "@heddle/tensor";

/** Throws for dtypes without a representation. `Backend.supports` keeps them out. */
function unknown(dtype: DType): never {
  throw new TypeError(`webgpu: the device does not compute in ${dtype}`);
}

/** The type of a value in an expression. */
export function valueType(dtype: DType): "f32" | "i32" | "bool" {
  if (dtype === "float64" || dtype === "int64") unknown(dtype);
  return dtype === "bool" ? "bool" : isFloat(dtype) ? "f32" : "i32";
}

/** The type in which routines compute. They treat bool as the integers 0 and 1. */
export function computeType(dtype: DType): "f32" | "i32" {
  return isFloat(dtype) ? "f32" : "i32";
}

/** The element type of an array in memory. Narrow integers and bfloat16, which WGSL lacks, are packed in u32. */
export function storedType(dtype: DType): "f32" | "i32" | "f16" | "u32" {
  switch (dtype) {
    case "float32":
      return "f32";
    case "int32":
      return "i32";
    case "float16":
      return "f16";
    case "bfloat16":
    case "int16":
    case "int8":
    case "uint8":
    case "bool":
      return "u32";
    default:
      return unknown(dtype);
  }
}

/** Whether a 32-bit word holds several elements, which shaders extract. */
export function isPacked(dtype: DType): boolean {
  return storedType(dtype) === "u32";
}

/** Number of elements in a word. */
export function perWord(dtype: DType): number {
  return 4 / itemSize(dtype);
}

/** A float32 as a literal. */
export function literal(value: number): string {
  const text = `${Math.fround(value)}f`;
  return value < 0 ? `(${text})` : text;
}

/** The value of an element read from an array that is not packed. */
export function loaded(dtype: DType, stored: string): string {
  return dtype === "float16" ? `f32(${stored})` : stored;
}

/** The element to write for a value, to an array that is not packed. */
export function toStored(dtype: DType, value: string): string {
  return dtype === "float16" ? `f16(${value})` : value;
}

/** The value of the packed element that starts at bit `shift` of a word. */
export function unpacked(dtype: DType, word: string, shift: string): string {
  const bits = 8 * itemSize(dtype);
  switch (dtype) {
    case "bool":
      return `(extractBits(${word}, ${shift}, ${bits}u) != 0u)`;
    case "bfloat16":
      return `bitcast<f32>(extractBits(${word}, ${shift}, ${bits}u) << 16u)`;
    case "uint8":
      return `i32(extractBits(${word}, ${shift}, ${bits}u))`;
    default:
      return `extractBits(bitcast<i32>(${word}), ${shift}, ${bits}u)`;
  }
}

/** A value as the bits of a packed element; all other bits are zero. */
export function packedBits(dtype: DType, value: string): string {
  if (dtype === "bool") return `select(0u, 1u, ${value})`;
  if (dtype === "bfloat16") return `bfloat16_bits(${value})`;
  return `(bitcast<u32>(${value}) & ${itemSize(dtype) === 1 ? "0xffu" : "0xffffu"})`;
}

/** The nearest bfloat16, ties to even. Rounding the bits of NaN could give infinity. */
const bfloat16Bits = `fn bfloat16_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  return select(rounded, 0x7fc0u, (bits & 0x7fffffffu) > 0x7f800000u);
}
`;

/** What a module starts with: directives, and the functions that its dtypes need. */
export function moduleHeader(dtypes: readonly DType[]): string {
  return (dtypes.includes("float16") ? "enable f16;\n" : "") + (dtypes.includes("bfloat16") ? bfloat16Bits : "");
}

/** Rounds or wraps a computed value to its dtype. */
export function wrapped(dtype: DType, code: string): string {
  switch (dtype) {
    case "float16":
      return `f32(f16(${code}))`;
    case "bfloat16":
      return `bitcast<f32>(bfloat16_bits(${code}) << 16u)`;
    case "int8":
      return `extractBits(${code}, 0u, 8u)`;
    case "int16":
      return `extractBits(${code}, 0u, 16u)`;
    case "uint8":
      return `((${code}) & 255)`;
    default:
      return code;
  }
}

/** Converts a value to another dtype. */
export function castValue(value: string, from: DType, to: DType): string {
  const [source, target] = [valueType(from), valueType(to)];
  if (target === "bool") {
    if (source === "bool") return value;
    return source === "f32" ? `((bitcast<u32>(${value}) & 0x7fffffffu) != 0u)` : `(${value} != 0)`;
  }
  if (source === "bool") return target === "f32" ? `select(0f, 1f, ${value})` : `select(0, 1, ${value})`;
  if (source === target) return wrapped(to, value);
  return wrapped(to, target === "f32" ? `f32(${value})` : `to_int(${value})`);
}

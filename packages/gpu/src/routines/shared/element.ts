/** WGSL that reads and writes single elements of every dtype, whatever the words they share. */
import { type DType, isFloat, itemSize } from "@heddle/tensor";

/** The type in which elements are computed: floats in f32, everything else in i32. */
export function laneType(dtype: DType): "f32" | "i32" {
  return isFloat(dtype) ? "f32" : "i32";
}

/** The type that a binding's array has. */
function stored(dtype: DType): string {
  switch (dtype) {
    case "float32":
      return "f32";
    case "int32":
      return "i32";
    case "float16":
      return "f16";
    default:
      return "u32";
  }
}

/** Whether several elements share a 32-bit word that must be taken apart. */
export function isPacked(dtype: DType): boolean {
  return stored(dtype) === "u32";
}

/** What a module must begin with. */
export function header(dtypes: readonly DType[]): string {
  return dtypes.includes("float16") ? "enable f16;\n" : "";
}

/** Code that takes element `i` out of `word`. */
function unpack(dtype: DType, word: string): string {
  const bits = 8 * itemSize(dtype);
  const lanes = 32 / bits;
  const type = dtype === "int8" || dtype === "int16" ? "i32" : "u32";
  const extracted = `extractBits(bitcast<${type}>(${word}), (i % ${lanes}u) * ${bits}u, ${bits}u)`;
  return type === "i32" ? extracted : `i32(${extracted})`;
}

/** Declares a read-only binding and `NAME_get(i)`. */
export function readable(name: string, binding: number, dtype: DType): string {
  const code = `@group(0) @binding(${binding}) var<storage, read> ${name}: array<${stored(dtype)}>;\n`;
  const type = laneType(dtype);
  const value = isPacked(dtype) ? unpack(dtype, `${name}[i / ${4 / itemSize(dtype)}u]`) : `${type}(${name}[i])`;
  return `${code}fn ${name}_get(i: u32) -> ${type} { return ${value}; }\n`;
}

/**
 * Declares a writable binding, `NAME_get(i)` and `NAME_set(i, value)`. Elements that share a word may be written by several
 * invocations at once: each touches its own bits only, so clearing and setting them in two steps is safe.
 */
export function writable(name: string, binding: number, dtype: DType): string {
  const packed = isPacked(dtype);
  const type = laneType(dtype);
  const array = packed ? "atomic<u32>" : stored(dtype);
  const code = `@group(0) @binding(${binding}) var<storage, read_write> ${name}: array<${array}>;\n`;
  if (!packed) {
    return `${code}fn ${name}_get(i: u32) -> ${type} { return ${type}(${name}[i]); }\n` +
      `fn ${name}_set(i: u32, value: ${type}) { ${name}[i] = ${stored(dtype)}(value); }\n`;
  }
  const bits = 8 * itemSize(dtype);
  const lanes = 32 / bits;
  return `${code}fn ${name}_get(i: u32) -> i32 { return ${unpack(dtype, `atomicLoad(&${name}[i / ${lanes}u])`)}; }
fn ${name}_set(i: u32, value: i32) {
  let shift = (i % ${lanes}u) * ${bits}u;
  atomicAnd(&${name}[i / ${lanes}u], ~(${2 ** bits - 1}u << shift));
  atomicOr(&${name}[i / ${lanes}u], (bitcast<u32>(value) & ${2 ** bits - 1}u) << shift);
}
`;
}

/** A test for NaN that no compiler simplifies away, and a true value for numbers that are never NaN. */
export const isNan: string = `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }\n`;

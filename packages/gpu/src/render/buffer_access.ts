/** WGSL that declares buffers and reads and writes their elements. */
import type { DType } from "@heddle/tensor";
import {
  isPacked,
  loaded,
  packedBits,
  perWord,
  storedType,
  toStored,
  unpacked,
  valueType,
  wrapped,
} from "./wgsl_types.ts";

/** `@group(0) @binding(n) var…` */
export function declareBuffer(binding: number, name: string, type: string, writable: boolean): string {
  const mode = writable ? "read_write" : "read";
  return `@group(0) @binding(${binding}) var<storage, ${mode}> ${name}: array<${type}>;\n`;
}

/** Declares the params `p`, a uniform struct of 32-bit fields (`NAME: u32`). */
export function declareParams(binding: number, fields: readonly string[]): string {
  return `struct Params { ${fields.join(", ")} }\n@group(0) @binding(${binding}) var<uniform> p: Params;\n`;
}

/** The bits of infinity, for the param `inf`. */
export const infinityBits = 0x7f800000;

const roundedIf = (rounded: boolean, value: string): string => rounded ? wrapped("bfloat16", value) : value;

/**
 * Declares an input and `NAME_get(position)`, which reads one element.
 *
 * @param narrow reads float16 as it is, instead of as float32.
 * @param rounded rounds float32 to bfloat16.
 */
export function declareInput(binding: number, name: string, dtype: DType, narrow = false, rounded = false): string {
  const code = declareBuffer(binding, name, storedType(dtype), false);
  const [type, value] = narrow && dtype === "float16"
    ? ["f16", `${name}[i]`]
    : [valueType(dtype), roundedIf(rounded, elementAt(name, dtype, "i", "plain"))];
  return `${code}fn ${name}_get(i: u32) -> ${type} { return ${value}; }\n`;
}

/** Like {@link declareInput}, for `NAME_quad(index)`, which reads the four elements from `4 * index` on. */
export function declareQuads(binding: number, name: string, dtype: DType, narrow = false, rounded = false): string {
  const code = declareBuffer(binding, name, quadType(dtype), false);
  if ((dtype === "float32" && !rounded) || (narrow && dtype === "float16")) {
    return `${code}fn ${name}_quad(i: u32) -> ${quadType(dtype)} { return ${name}[i]; }\n`;
  }
  const type = `vec4<${valueType(dtype)}>`;
  return `${code}fn ${name}_quad(i: u32) -> ${type} {
  let quad = ${name}[i];
  return ${type}(${quadValues(dtype, "quad").map((value) => roundedIf(rounded, value)).join(", ")});
}\n`;
}

/** Declares an output, `NAME_set(position, value)`, which writes one element, and `NAME_get(position)`. */
export function declareOutput(binding: number, name: string, dtype: DType): string {
  const packed = isPacked(dtype);
  const code = declareBuffer(binding, name, packed ? "atomic<u32>" : storedType(dtype), true);
  const type = valueType(dtype);
  // Other threads may write elements of the same word at the same time. Each changes only its own bits, so clearing and
  // setting them in two steps is safe.
  const put = packed
    ? `let word = i / ${perWord(dtype)}u; let shift = (i % ${perWord(dtype)}u) * ${32 / perWord(dtype)}u;
  atomicAnd(&${name}[word], ~(${perWord(dtype) === 4 ? "0xffu" : "0xffffu"} << shift));
  atomicOr(&${name}[word], ${packedBits(dtype, "v")} << shift);`
    : `${name}[i] = ${toStored(dtype, "v")};`;
  return `${code}fn ${name}_set(i: u32, v: ${type}) { ${put} }
fn ${name}_get(i: u32) -> ${type} { return ${elementAt(name, dtype, "i", packed ? "atomic" : "plain")}; }\n`;
}

function elementAt(name: string, dtype: DType, i: string, kind: "plain" | "atomic"): string {
  if (!isPacked(dtype)) return loaded(dtype, `${name}[${i}]`);
  const lanes = perWord(dtype);
  const element = `${name}[${i} / ${lanes}u]`;
  return unpacked(
    dtype,
    kind === "atomic" ? `atomicLoad(&${element})` : element,
    `(${i} % ${lanes}u) * ${32 / lanes}u`,
  );
}

/** The element type of an array that is accessed in quads (four elements at once). */
export function quadType(dtype: DType): string {
  if (!isPacked(dtype)) return `vec4<${storedType(dtype)}>`;
  return perWord(dtype) === 4 ? "u32" : "vec2<u32>";
}

/** The four values in `quad`, an element of an array of {@link quadType}. */
export function quadValues(dtype: DType, quad: string): string[] {
  return [0, 1, 2, 3].map((j) => {
    if (!isPacked(dtype)) return loaded(dtype, `${quad}[${j}]`);
    const lanes = perWord(dtype);
    const word = lanes === 4 ? quad : `${quad}[${j >> 1}]`;
    return unpacked(dtype, word, `${(j % lanes) * (32 / lanes)}u`);
  });
}

/** An element of an array of {@link quadType} from four values. */
export function quadOf(dtype: DType, values: readonly string[]): string {
  if (!isPacked(dtype)) {
    return `vec4<${storedType(dtype)}>(${values.map((value) => toStored(dtype, value)).join(", ")})`;
  }
  const lanes = perWord(dtype);
  const word = (from: number): string =>
    Array.from({ length: lanes }, (_, j) => {
      const bits = packedBits(dtype, values[from + j]!);
      return j === 0 ? bits : `(${bits} << ${j * (32 / lanes)}u)`;
    }).join(" | ");
  return lanes === 4 ? word(0) : `vec2<u32>(${word(0)}, ${word(2)})`;
}

/** Statements that write the first `count` of four values to `target`, an element of an array of {@link quadType}. */
export function writePartOfQuad(dtype: DType, target: string, quad: string, count: string): string {
  if (!isPacked(dtype)) {
    return [0, 1, 2].map((j) => `if (${count} > ${j}u) { ${target}[${j}] = ${quad}[${j}]; }`).join(" ");
  }
  if (perWord(dtype) === 4) {
    return `let mask = (1u << (8u * ${count})) - 1u; ${target} = (${target} & ~mask) | (${quad} & mask);`;
  }
  const half = (at: number, present: string): string =>
    `if (${present}) { let mask = select(0xffffu, 0xffffffffu, ${count} > ${2 * at + 1}u); ` +
    `${target}[${at}] = (${target}[${at}] & ~mask) | (${quad}[${at}] & mask); }`;
  return `${half(0, `${count} > 0u`)} ${half(1, `${count} > 2u`)}`;
}

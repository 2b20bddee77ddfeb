/** The parameters of a launch by name: a uniform struct of 32-bit words. */
import { entryPoint, threadIndex } from "../../render/index_math.ts";

/** Sizes, strides and offsets; strides may be negative, which wraps as WGSL's unsigned arithmetic does. */
export type Params = Readonly<Record<string, number>>;

/** Declares `p`, the struct of the parameters, all u32. */
export function declareParams(binding: number, params: Params): string {
  const fields = Object.keys(params).map((name) => `${name}: u32`).join(", ");
  return `struct Params { ${fields} }\n@group(0) @binding(${binding}) var<uniform> p: Params;\n`;
}

/** The words in the struct's order. */
export function paramWords(params: Params): number[] {
  return Object.values(params).map((value) => value >>> 0);
}

/** A list as `NAME0`, `NAME1`, … */
export function numbered(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, i) => [`${name}${i}`, value]));
}

/** Workgroup index, folded dimensions undone, and the index of the invocation among all. */
export function entry(groupSize: number, body: string): string {
  return `${entryPoint(groupSize)}${threadIndex(groupSize)}
${body}
}
`;
}

/**
 * Statements that take a linear `index` apart into `PREFIX0` … of the sizes `p.SIZES0` …, the last fastest; the first is what
 * remains.
 */
export function decode(prefix: string, index: string, sizes: readonly string[]): string {
  let code = "";
  let rest = index;
  for (let d = sizes.length - 1; d > 0; d--) {
    code += `let ${prefix}${d} = ${rest} % ${sizes[d]}; let ${prefix}r${d} = ${rest} / ${sizes[d]};\n`;
    rest = `${prefix}r${d}`;
  }
  return sizes.length === 0 ? code : `${code}let ${prefix}0 = ${rest};\n`;
}

/** `a0 * s0 + a1 * s1 + …`, or 0. */
export function dot(index: string, strides: string, rank: number): string {
  if (rank === 0) return "0u";
  return Array.from({ length: rank }, (_, d) => `${index}${d} * ${strides}${d}`).join(" + ");
}

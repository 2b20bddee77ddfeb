/** The parameters of a launch by name: a uniform struct of 32-bit words. */
/** Sizes, strides and offsets; strides may be negative, which wraps as WGSL's unsigned arithmetic does. */
export type Params = Readonly<Record<string, number>>;

/** The words in the struct's order. */
export function paramWords(params: Params): number[] {
  return Object.values(params).map((value) => value >>> 0);
}

/** A list as `NAME0`, `NAME1`, … */
export function numbered(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, i) => [`${name}${i}`, value]));
}

/** `a0 * s0 + a1 * s1 + …`, or 0. */
export function dot(index: string, strides: string, rank: number): string {
  if (rank === 0) return "0u";
  return Array.from({ length: rank }, (_, d) => `${index}${d} * ${strides}${d}`).join(" + ");
}

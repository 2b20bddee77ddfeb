/** The params of a launch by name: a uniform struct of 32-bit words. */
/** Sizes, strides and offsets. Strides may be negative: WGSL's unsigned arithmetic wraps. */
export type Params = Readonly<Record<string, number>>;

/** The words of the struct, in order. */
export function paramWords(params: Params): number[] {
  return Object.values(params).map((value) => value >>> 0);
}

/** A list as the params `NAME0`, `NAME1`, …. */
export function numbered(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, i) => [`${name}${i}`, value]));
}

/** `a0 * s0 + a1 * s1 + …`, or 0. */
export function dot(index: string, strides: string, rank: number): string {
  if (rank === 0) return "0u";
  return Array.from({ length: rank }, (_, d) => `${index}${d} * ${strides}${d}`).join(" + ");
}

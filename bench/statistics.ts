export { median } from "../apps/examples/runner/statistics.ts";

/** The values at a quarter and three quarters of the way. */
export function quartiles(
  values: readonly number[],
): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return [at(0.25), at(0.75)];
}

/** Largest difference as a share of the largest value expected, but of `least` at least; Infinity when the lengths differ or something is no number. */
export function difference(
  actual: Float32Array,
  expected: Float32Array,
  least: number = 0,
): number {
  if (actual.length !== expected.length) return Infinity;
  let [off, largest] = [0, least];
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(distance)) return Infinity;
    if (distance > off) off = distance;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return off === 0 ? 0 : off / largest;
}

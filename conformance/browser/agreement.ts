/** Compares the results of another process with those of this one. */
import { expect } from "vitest";
import type { Failure, Training, Values } from "./work.ts";

/** The largest |a − b| / (1 + |b|). A NaN, which JSON makes null, is far from everything. */
function distance(actual: readonly (number | null)[], wanted: readonly number[]): number {
  expect(actual.length).toBe(wanted.length);
  return wanted.reduce((most, b, i) => {
    const a = actual[i];
    return Math.max(most, typeof a === "number" ? Math.abs(a - b) / (1 + Math.abs(b)) : Infinity);
  }, 0);
}

/** Names of the operations whose results differ from `wanted`, with the difference or the error. */
export function wrong(
  found: Record<string, Values | Failure>,
  wanted: Record<string, Values | Failure>,
  tolerance: number,
): string[] {
  return Object.entries(found).flatMap(([name, result]) => {
    if ("error" in result) return [`${name}: ${result.error}`];
    const { shape, values } = wanted[name] as Values;
    expect(result.shape, name).toEqual(shape);
    const off = distance(result.values, values);
    return off < tolerance ? [] : [`${name}: off by ${off}`];
  });
}

/** Checks that losses equal those `wanted`, and that memory is constant. */
export function expectTrained(found: Training | Failure, wanted: Training, tolerance: number): void {
  if ("error" in found) throw new Error(found.error);
  const { losses, storages, bytes } = found;
  expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
  expect(distance(losses, wanted.losses)).toBeLessThan(tolerance);
  // The first step creates gradients and momentum. Later steps add nothing, while the garbage collector may free
  // earlier tensors.
  for (const held of [storages, bytes]) {
    expect(held.slice(2).every((count, i) => count <= held[i + 1]!), `${held}`).toBe(true);
  }
}

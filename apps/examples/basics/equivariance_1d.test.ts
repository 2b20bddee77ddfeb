import { expect, test } from "vitest";
import { equivariance1d } from "./equivariance_1d.ts";
import { testBasic } from "./test_harness.ts";

const { figures, pictures, said } = await testBasic(equivariance1d);
const { signal, kernel } = figures as { signal: number[]; kernel: number[] };
const shifted = signal.map((_, i) => signal[(i + 7) % 8]!);

/** The results of an operation by explicit indices, and its distances under shifts. */
type Formula = (x: number[]) => number[];
const at = (x: number[], i: number, ring: boolean): number => ring ? x[(i + 8) % 8]! : x[i] ?? 0;
const sum = (x: number[], i: number, ring = false): number =>
  kernel.reduce((total, weight, k) => total + weight * at(x, i + k, ring), 0);
const places = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ring: Formula = (x) => places(8).map((i) => sum(x, i - 1, true));
const FORMULAS: Record<string, Formula> = {
  "convolution": (x) => places(6).map((i) => sum(x, i)),
  "… of the flipped kernel": (x) =>
    places(6).map((i) => kernel.reduce((total, weight, k) => total + weight * x[i + 2 - k]!, 0)),
  "… padded by a zero": (x) => places(8).map((i) => sum(x, i - 1)),
  "… on a ring": ring,
  "… stride 2": (x) => places(3).map((i) => sum(x, 2 * i)),
  "… on a ring, stride 2": (x) => places(4).map((i) => ring(x)[2 * i]!),
  "… on a ring, max-pool 2": (x) => places(4).map((i) => Math.max(ring(x)[2 * i]!, ring(x)[2 * i + 1]!)),
  "… on a ring, average-pool 2": (x) => places(4).map((i) => (ring(x)[2 * i]! + ring(x)[2 * i + 1]!) / 2),
  "… on a ring, largest of all": (x) => [Math.max(...ring(x))],
};

test("every number follows from the formulas", () => {
  expect(figures.outcomes.map((each: { operation: string }) => each.operation)).toEqual(Object.keys(FORMULAS));
  for (const { operation, of, ofShifted } of figures.outcomes) {
    expect(of, operation).toEqual(FORMULAS[operation]!(signal));
    expect(ofShifted, operation).toEqual(FORMULAS[operation]!(shifted));
    expect(said, operation).toContain(operation.padEnd(28) + of.map((n: number) => String(n).padStart(6)).join(""));
  }
  // One by hand: 1 · 1 + 2 · 3 − 1 · 2.
  expect(figures.outcomes[0].of[2]).toBe(1 + 6 - 2);
});

test("the matrix gives the same as the convolution", () => {
  const product = places(8).map((row) =>
    signal.reduce((total, value, column) => total + figures.matrix[column][row] * value, 0)
  );
  expect(product).toEqual(FORMULAS["… padded by a zero"]!(signal));
});

test("as many numbers come out as the formula says", () => {
  for (const { numbers, formula } of figures.sizes) expect(numbers).toBe(formula);
});

test("a convolution follows every shift, a stride or a pool of 2 the even ones only", () => {
  for (const each of figures.distances) {
    expect(each["… on a ring"]).toBe(0);
    expect(each["… on a ring, largest of all"]).toBe(0);
    for (const halved of ["… on a ring, stride 2", "… on a ring, max-pool 2", "… on a ring, average-pool 2"]) {
      if (each.shift % 2 === 0) expect(each[halved], halved).toBe(0);
      else expect(each[halved], halved).toBeGreaterThan(1);
    }
    // Three numbers reach the border when they are shifted by 3 to 6.
    expect(each["… padded by a zero"] > 0, `shift ${each.shift}`).toBe(each.shift >= 3 && each.shift <= 6);
  }
  expect(pictures["shifted"]).toContain("convolution on a ring, stride 2");
  expect(pictures["distance"]).toContain("shift of the signal");
});

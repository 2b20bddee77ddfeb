import type { Attrs, Routine, RoutinePrim } from "@heddle/tensor/backend";
import { expect, test } from "vitest";
import { estimateMilliseconds } from "./work_estimate.ts";

/** The estimate for a routine, from the shapes of its inputs and of its output. */
function estimate<P extends RoutinePrim>(
  name: P,
  inputs: readonly (readonly number[])[],
  output: readonly number[],
  attrs: Partial<Attrs[P]> = {},
): number {
  const operand = (shape: readonly number[]) => ({ dtype: "float32" as const, shape, strides: shape });
  const work = { kind: "routine", name, inputs: inputs.map(operand), outputs: [operand(output)], attrs };
  return estimateMilliseconds(work as unknown as Routine);
}

test("a product of 1024³ is 2.1 billion operations: 4.3 ms, and moves 12 MiB: 0.25 ms", () => {
  expect(estimate("matmul", [[1024, 1024], [1024, 1024]], [1024, 1024])).toBeCloseTo(4.29 + 0.25, 1);
  // Batches count, broadcast or not.
  expect(estimate("matmul", [[8, 64, 32], [32, 16]], [8, 64, 16])).toBeGreaterThan(1e3 * 2 * 8 * 64 * 32 * 16 / 5e11);
});

test("a convolution and both of its gradients take the same number of operations", () => {
  const [x, w, y] = [[128, 64, 32, 32], [64, 64, 3, 3], [128, 64, 32, 32]];
  const forward = estimate("conv", [x, w], y);
  expect(forward).toBeGreaterThan(1e3 * 2 * 128 * 64 * 32 * 32 * 64 * 9 / 5e11);
  expect(estimate("convInputGrad", [y, w], x)).toBe(forward);
  expect(estimate("convWeightGrad", [y, x], w)).toBe(forward);
});

test("other work takes the time of its memory accesses", () => {
  const access = { dtype: "float32", strides: [1] } as const;
  const expr = { op: "input", index: 0, dtype: "float32" } as const;
  const elements = 2 ** 24;
  const kernel = { kind: "kernel", shape: [elements], inputs: [access], expr, reduce: null, output: access } as const;
  expect(estimateMilliseconds(kernel)).toBeCloseTo(1e3 * 8 * elements / 5e10, 6);
  expect(estimate("sort", [[elements]], [elements])).toBeGreaterThan(20 * estimateMilliseconds(kernel));
  expect(estimate("maxPool", [[1, 1, 8, 8]], [1, 1, 4, 4], { kernel: [2, 2] }))
    .toBeCloseTo(4 * (64 + 16) * 4e3 / 5e10, 9);
});

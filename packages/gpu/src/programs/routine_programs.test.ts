import { manualSeed, rand, randn, scope, type Tensor, tensor, tidy, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../backend.ts";
import { gpuReport } from "../mod.ts";
import { gpu } from "../testing/gpu_device.ts";

/** The product of `[m, k]` and `[k, n]`, computed on the host. */
function product(a: Tensor, b: Tensor): number[][] {
  const [rows, columns] = [a.toArray<number[][]>(), b.toArray<number[][]>()];
  return rows.map((row) => columns[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * columns[k]![j]!, 0)));
}

describe.skipIf(gpu === null)("routines that replay a plan", () => {
  const near = (actual: Tensor, expected: number[][]): void => {
    const rows = actual.toArray<number[][]>();
    rows.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected[i]![j]!, 3)));
    expect(rows.length).toBe(expected.length);
  };

  test("use the buffers, offsets and shared operands of each call", () => {
    tidy(() => {
      const many = randn([6, 5, 5], { device: gpu! });
      const [first, second] = [many.at(0), many.at(1)];
      for (let round = 0; round < 2; round++) {
        near(first.matmul(second), product(first, second));
        // The same buffer twice, then two buffers, at the same offset.
        near(first.matmul(first), product(first, first));
        const copy = first.clone();
        near(first.matmul(copy), product(first, copy));
        for (let i = 2; i < 6; i++) near(many.at(i).matmul(copy), product(many.at(i), copy));
        near(copy.matmul(many.at(3).t()), product(copy, many.at(3).t()));
      }
    });
  });

  test("allocate and release scratch memory", () => {
    const values = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
    const descending = [...values].sort((a, b) => b - a);
    let settled = gpuReport(gpu!);
    for (let round = 0; round < 6; round++) {
      const open = scope();
      const x = tensor(values, { device: gpu! }).add(round);
      expect(x.sort(0, { descending: true }).values.toArray()).toEqual(descending.map((value) => value + round));
      open.end();
      if (round === 1) settled = gpuReport(gpu!);
    }
    const after = gpuReport(gpu!);
    expect([after.buffers, after.freeBuffers, after.pipelines]).toEqual([
      settled.buffers,
      settled.freeBuffers,
      settled.pipelines,
    ]);
  });

  test("draw new numbers each time, the same as on the CPU", () => {
    tidy(() => {
      manualSeed(3);
      const randomValues = [rand([8], { device: gpu! }), rand([8], { device: gpu! })].map((t) => t.toArray());
      manualSeed(3);
      const expected = [rand([8], { device: "cpu" }), rand([8], { device: "cpu" })].map((t) => t.toArray());
      expect(randomValues).toEqual(expected);
      expect(randomValues[0]).not.toEqual(randomValues[1]);
    });
  });

  test("keep a limited number of plans", () => {
    tidy(() => {
      const { engine } = gpu!.backend as GpuBackend;
      const many = randn([600, 2, 2], { device: gpu! });
      const one = zeros([2, 2], { device: gpu! });
      const before = engine.recorder.kernels;
      for (let i = 0; i < 600; i++) many.at(i).matmul(one).dispose();
      expect(engine.recorder.kernels - before).toBe(600);
      near(many.at(599).matmul(many.at(0)), product(many.at(599), many.at(0)));
    });
  });
});

import { type Device, manualSeed, randn, scope, type Tensor, tensor } from "@heddle/tensor";
import { apply } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../backend.ts";
import { openWithSubgroups } from "../testing/exchanging_adapter.ts";
import { gpu } from "../testing/gpu_device.ts";
import { devices } from "../testing/reference_comparison.ts";
import { declareTotals, workgroupBest, workgroupTotal } from "./workgroup_total.ts";

const sizes = [4, 8, 16, 32, 64, 128];
const combine = (a: string, b: string): string => `(${a} + ${b})`;

test("with subgroups one barrier is needed, and none where they are as large as workgroups", () => {
  const barriers = (code: string): number => code.split("workgroupBarrier()").length - 1;
  for (const threads of [64, 256]) {
    expect(barriers(workgroupTotal("x", threads, 1, combine).lines)).toBe(2);
    expect(barriers(workgroupBest(threads, 1))).toBe(2);
    for (const size of sizes) {
      const wanted = size < threads ? 1 : 0;
      expect(barriers(workgroupTotal("x", threads, size, combine).lines)).toBe(wanted);
      expect(barriers(workgroupBest(threads, size))).toBe(wanted);
      expect(declareTotals("total", "f32", threads, size) === "").toBe(wanted === 0);
    }
  }
});

/** Values and sums that workgroups compute, of rows of many lengths. */
function results(device: Device): Record<string, Tensor> {
  manualSeed(5);
  const found: Record<string, Tensor> = {};
  for (const length of [33, 65, 128, 1000, 9001, 8200]) {
    const x = randn([3, length], { device: "cpu" }).to(device);
    const dims = { dims: [1], eps: 1e-5 };
    found[`softmax of ${length}`] = apply("softmax", [x], { dim: 1 });
    found[`logSoftmaxGrad of ${length}`] = apply("logSoftmaxGrad", [x, x], { dim: 1 });
    found[`normalize of ${length}`] = apply("normalize", [x], dims);
    for (const op of ["sum", "amax", "amin", "argmax", "argmin"] as const) found[`${op} of ${length}`] = x[op](1);
    found[`product of ${length}`] = x.narrow(0, 0, 1).matmul(x.narrow(0, 1, 2).t());
  }
  const odd = tensor([NaN, Infinity, -Infinity, -0, 0, 7], { device: "cpu" }).reshape(6, 1).expand(6, 500).contiguous();
  odd.at(5, 321).fill_(NaN);
  for (const op of ["amax", "amin", "argmax", "argmin"] as const) found[`${op} of NaN`] = odd.to(device)[op](1);
  return found;
}

const bits = (x: Tensor): number[] => Array.from(new Uint32Array((x.toTypedArray() as Float32Array).slice().buffer));

describe.skipIf(gpu === null)("totals of workgroups", () => {
  test("have the same bits for subgroups of any size and without them", async () => {
    using _ = scope();
    const wanted = results(await openWithSubgroups(1));
    for (const size of sizes) {
      const found = results(await openWithSubgroups(size));
      for (const name in wanted) expect(bits(found[name]!), `${name}, ${size}`).toEqual(bits(wanted[name]!));
    }
    const host = results("cpu" as unknown as Device);
    for (const name in wanted) {
      const [a, b] = [wanted[name]!, host[name]!].map((x) => Array.from(x.toTypedArray(), Number));
      a!.forEach((value, i) => {
        if (!Object.is(value, b![i])) expect(value, name).toBeCloseTo(b![i]!, 3);
      });
    }
  });

  test("use the adapter's subgroups where it has them, with the same bits", async () => {
    const device = devices[1]!;
    const { subgroup } = (device.backend as GpuBackend).engine;
    // Lavapipe in Deno has subgroups of 8, as of version 22.3 and 2.9.
    expect(subgroup).toBeGreaterThan(1);
    using _ = scope();
    const [wanted, found] = [results(await openWithSubgroups(1)), results(device)];
    for (const name in wanted) expect(bits(found[name]!), name).toEqual(bits(wanted[name]!));
  });
});

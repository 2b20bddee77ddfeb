import { type Device, Generator, randn, scope } from "@heddle/tensor";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../../backend.ts";
import { openWithSubgroups } from "../../testing/exchanging_adapter.ts";
import { gpu } from "../../testing/gpu_device.ts";
import { devices } from "../../testing/reference_comparison.ts";

/** The bits of the result and of the sums: of 70 queries and 150 keys, causal, the first two of which see no key. */
function results(device: Device): number[][] {
  const generator = new Generator(3);
  const [q, k, v] = [[2, 70, 9], [2, 150, 9], [2, 150, 20]].map((shape) => randn(shape, { generator }).to(device));
  return applyAll("attention", [q!, k!, v!], { scale: 0.3, causalOffset: -2, dropoutP: 0 })
    .map((x) => Array.from(new Uint32Array((x.toTypedArray() as Float32Array).slice().buffer)));
}

describe.skipIf(gpu === null)("fused attention", () => {
  test("has the same bits for subgroups of any size and without them", async () => {
    using _ = scope();
    const wanted = results(await openWithSubgroups(1));
    expect(new Set(wanted[0]).size).toBeGreaterThan(2000);
    for (const size of [4, 8, 16, 32]) expect(results(await openWithSubgroups(size)), `${size}`).toEqual(wanted);
  });

  test("uses the adapter's subgroups where it has them, with the same bits", async () => {
    const device = devices[1]!;
    expect((device.backend as GpuBackend).engine.subgroup).toBeGreaterThan(1);
    using _ = scope();
    expect(results(device)).toEqual(results(await openWithSubgroups(1)));
  });
});

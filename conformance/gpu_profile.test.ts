/** Profiles of a GPU, in Deno: its own time where it has timestamp queries, and errors as without a profile. */
import { ones, scope } from "@heddle/tensor";
import { profile } from "@heddle/train/profile";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of profiles on a GPU");

describe.skipIf(gpu === null)("profiles on a GPU", () => {
  test("have the time of the host, and the GPU's where it has a clock", async () => {
    const found = await profile(() => {
      using _ = scope();
      const x = ones([64, 64], { device: gpu! });
      return x.matmul(x).add(1).sum().data();
    });
    const clocked = gpu!.backend.measure!(() => {}) !== null;
    const row = found.rows.find(({ operation }) => operation === "matmul")!;
    expect(row).toMatchObject({ calls: 1, bytes: 3 * 4 * 64 * 64 });
    expect(row.host).toBeGreaterThan(0);
    if (clocked) expect(row.gpu).toBeGreaterThanOrEqual(0);
    else expect(row.gpu).toBe(null);
  });

  test("nest", async () => {
    using _ = scope();
    const x = ones([64, 64], { device: gpu! });
    let inner: number | null = null;
    const outer = await profile(async () => {
      inner = (await profile(() => x.matmul(x))).rows[0]!.gpu;
    });
    expect(outer.rows[0]!.gpu).toBe(inner);
  });

  test("change no value, and let errors through", async () => {
    using _ = scope();
    const x = ones([8, 8], { device: gpu! });
    const plain = await x.matmul(x).sum().data();
    let profiled: unknown;
    await profile(async () => {
      profiled = await x.matmul(x).sum().data();
    });
    expect(profiled).toEqual(plain);
    await expect(profile(() => x.matmul(ones([3, 3], { device: gpu! })))).rejects.toThrow(/matmul/);
    expect(await x.matmul(x).sum().data()).toEqual(plain);
  });
});

import { describe, expect, test } from "vitest";
import "../mod.ts";
import { getDevice } from "../device.ts";
import { manualSeed } from "../random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { zeros } from "./creation.ts";
import { matmulInto } from "./matmul_into.ts";
import { randn } from "./random.ts";

describe.each(["cpu", "reference"])("products into views on %s", (name) => {
  const device = getDevice(name);
  const draw = (...shape: number[]): Tensor => randn(shape, { device });

  test("are the products, and leave other memory unchanged", () => {
    manualSeed(1);
    // Adjacent heads in memory, as attention writes them.
    const memory = zeros([2, 5, 3, 4], { device });
    const out = memory.permute(0, 2, 1, 3).narrow(2, 1, 3);
    const [a, b] = [draw(2, 3, 3, 6), draw(2, 3, 4, 6).transpose(-2, -1)];
    const { version } = memory.storage;
    expect(matmulInto(out, a, b)).toBe(out);
    expect(memory.storage.version).toBe(version + 1);
    expect(out.allclose(a.matmul(b), { rtol: 1e-5, atol: 1e-6 })).toBe(true);
    expect(memory.narrow(1, 0, 1).abs().sum().item()).toBe(0);
    expect(memory.narrow(1, 4, 1).abs().sum().item()).toBe(0);
  });

  test("batches broadcast, columns may be apart", () => {
    manualSeed(2);
    const out = zeros([2, 3, 4, 5], { device }).transpose(-2, -1);
    const [a, b] = [draw(3, 5, 6), draw(2, 1, 6, 4)];
    expect(matmulInto(out, a, b).allclose(a.matmul(b), { rtol: 1e-5, atol: 1e-6 })).toBe(true);
    expect(matmulInto(zeros([2, 0], { device }), draw(2, 3), draw(3, 0)).shape).toEqual([2, 0]);
  });

  test("errors name what does not fit", () => {
    const [a, b] = [draw(2, 3), draw(3, 4)];
    expect(() => matmulInto(zeros([2, 3], { device }), a, b)).toThrow(/\[2, 3\] · \[3, 4\] into \[2, 3\] does not fit/);
    expect(() => matmulInto(zeros([2, 4], { device }), a, b.to("float64"))).toThrow(
      /float32, float64 and float32 differ/,
    );
    expect(() => matmulInto(zeros([2, 4], { device }), a.unsqueeze(0).expand(5, 2, 3), b)).toThrow(/does not fit/);
    expect(() => matmulInto(zeros([1, 4], { device }).expand(2, 4), a, b)).toThrow(/expand/);
  });
});

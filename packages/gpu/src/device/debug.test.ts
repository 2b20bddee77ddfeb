import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { GpuBackend } from "../backend.ts";
import { gpu as found } from "../testing/gpu_device.ts";

describe.skipIf(found === null)("HEDDLE_DEBUG on a GPU", () => {
  // It is read once, at the first operation, and test files share modules: they have to be loaded again.
  beforeAll(() => {
    vi.stubEnv("HEDDLE_DEBUG", "4");
    vi.resetModules();
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  test("prints operations, WGSL, and the kernels and milliseconds of each submission", async () => {
    const { gpu } = await import("../testing/gpu_device.ts");
    const { gpuReport } = await import("../mod.ts");
    const { ones } = await import("@heddle/tensor");
    const lines: string[] = [];
    const printed = vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
    const submission = gpuReport(gpu!).submits;
    const x = ones([300], { device: gpu! });
    expect(x.mul(2).add(x).sum().item()).toBe(900);
    // Times arrive when the GPU has finished.
    const timed = (gpu!.backend as GpuBackend).engine.features.has("timestamp-query");
    for (let i = 0; i < 100 && timed && !lines.some((line) => line.includes("on the GPU")); i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    printed.mockRestore();
    expect(lines.filter((line) => /^heddle gpu (mul|add|sum) \[/.test(line)).length).toBe(3);
    expect(lines.find((line) => line.startsWith("// map ") && line.includes("mul:"))).toContain("@compute");
    expect(lines).toContain(`heddle gpu submit ${submission}: 4 kernels`);
    const times = lines.filter((line) => /^heddle gpu submit \d+: \d+\.\d{3} ms on the GPU$/.test(line));
    expect(times.length).toBe(timed ? 1 : 0);
  });
});

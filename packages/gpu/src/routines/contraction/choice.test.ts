import { describe, expect, test } from "vitest";
import { minimalLimits } from "../../testing/fake_adapter.ts";
import { candidates, partsOf, type Problem, termsOfPart } from "./choice.ts";
import { kernelConfigs, type TileName, tiles } from "./kernel_configs.ts";
import { workgroupBytes } from "./tile_kernel.ts";

const problem = (m: number, n: number, inner: number, outer = 1, batch = 1): Problem => ({
  ...{ m, n, batch, inner, outer },
  leftAlongSum: true,
  rightAlongSum: false,
});

const adapter = (vendor: "nvidia" | "apple" | "arm", limits: Record<string, number> = {}) => ({
  software: false,
  vendor,
  limits: { ...minimalLimits, ...limits } as unknown as GPUSupportedLimits,
});

describe("the choice of tiles", () => {
  test("a convolution of 64 channels, 16 or 6 has no half-empty tile", () => {
    for (const vendor of ["nvidia", "apple", "arm"] as const) {
      for (const each of [problem(64, 131072, 3, 192), problem(16, 131072, 3, 48)]) {
        expect(each.m % kernelConfigs[candidates(adapter(vendor), each)[0]!].rows).toBe(0);
      }
      expect(kernelConfigs[candidates(adapter(vendor), problem(6, 57600, 25))[0]!].rows).toBe(8);
    }
    expect(candidates(adapter("nvidia"), problem(131072, 64, 64))[0]).toBe("tile128x64");
  });

  test("large matrices take large tiles, small ones enough workgroups", () => {
    expect(candidates(adapter("nvidia"), problem(4096, 4096, 4096))[0]).toBe("tile128x128");
    expect(candidates(adapter("nvidia"), problem(512, 512, 512))[0]).toBe("tile64x64");
    // Few registers: no tile of 64 outputs for each invocation.
    const { ownRows, ownColumns } = tiles[candidates(adapter("arm"), problem(4096, 4096, 4096))[0] as TileName];
    expect(ownRows * ownColumns).toBeLessThanOrEqual(16);
  });

  test("tiles stay within the adapter's limits", () => {
    const small = adapter("nvidia", { maxComputeInvocationsPerWorkgroup: 128, maxComputeWorkgroupStorageSize: 10000 });
    for (const name of candidates(small, problem(4096, 4096, 4096)) as TileName[]) {
      expect(tiles[name].group).toBeLessThanOrEqual(128);
      expect(workgroupBytes(tiles[name])).toBeLessThanOrEqual(10000);
    }
    for (const tile of Object.values(tiles)) {
      expect(tile.group).toBeLessThanOrEqual(256);
      expect(workgroupBytes(tile)).toBeLessThanOrEqual(16384);
    }
  });

  test("the parts of sums cover all terms, start at multiples of four on GPUs, and keep loops short on software", () => {
    for (
      const each of [problem(3, 3, 70000), problem(64, 576, 32, 4096), problem(5, 5, 7, 3), problem(1, 1, 40000, 3)]
    ) {
      for (const software of [false, true]) {
        const [per, parts] = [termsOfPart(each, software), partsOf(each, software)];
        expect(per * parts).toBeGreaterThanOrEqual(each.inner * each.outer);
        expect(per * (parts - 1)).toBeLessThan(each.inner * each.outer);
        if (!software && parts > 1) expect(per % 4).toBe(0);
        if (software) expect(per + Math.ceil(per / each.inner)).toBeLessThan(65535);
      }
    }
    expect(partsOf(problem(1024, 1024, 1024), false)).toBe(1);
    expect(partsOf(problem(64, 64, 65536), false)).toBeGreaterThan(32);
  });
});

import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules(); // test files share modules, and the next file must not get these
});

/** Warnings while a fresh copy of the package fills the memory of the null device without end. */
async function warnings(budget: string, fill: (heddle: typeof import("../mod.ts")) => void): Promise<string[]> {
  vi.stubEnv("HEDDLE_MEMORY_BUDGET", budget);
  vi.stubEnv("HEDDLE_DEVICE", "null");
  vi.resetModules();
  const lines: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
  fill(await import("../mod.ts"));
  return lines;
}

/** 100 MiB per step. */
function grow({ zeros }: typeof import("../mod.ts"), steps: number): void {
  const kept = [zeros([25 * 2 ** 20])];
  for (let i = 1; i < steps; i++) kept.push(kept[0]!.add(i));
}

test("a program that grows without scopes is warned once, with the operation that holds most", async () => {
  const lines = await warnings("600", (heddle) => grow(heddle, 10));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^heddle: 700 MiB of tensors are alive and no scope is open; "add" holds 600 MiB in 6/,
  );
  expect(lines[0]).toContain("HEDDLE_MEMORY_BUDGET");
});

test("no warning with scopes, within the budget, or without a budget", async () => {
  expect(await warnings("600", (heddle) => heddle.tidy(() => grow(heddle, 10)))).toEqual([]);
  expect(await warnings("600", (heddle) => grow(heddle, 6))).toEqual([]);
  expect(await warnings("0", (heddle) => grow(heddle, 10))).toEqual([]);
});

test("a storage is freed by its last holder, and throws afterwards", async () => {
  vi.resetModules();
  const { ones } = await import("../mod.ts");
  const x = ones([4]);
  const { storage } = x;
  const view = x.narrow(0, 0, 2);
  expect(storage.unique).toBe(false);
  x.dispose();
  expect([storage.unique, storage.live]).toEqual([true, true]);
  view.dispose();
  expect(storage.live).toBe(false);
  expect(() => storage.buffer).toThrow("storage: used after it was freed");
});

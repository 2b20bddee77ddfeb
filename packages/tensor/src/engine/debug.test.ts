import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules(); // test files share modules, and the next file must not get these
});

/** The output of a fresh copy of the package at a level of `HEDDLE_DEBUG`. */
async function printed(level: string): Promise<string[]> {
  vi.stubEnv("HEDDLE_DEBUG", level);
  vi.stubEnv("HEDDLE_DEVICE", "reference");
  vi.resetModules();
  const { ones } = await import("../mod.ts");
  const lines: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  const x = ones([2, 3]);
  x.add(1).sum(0);
  x.matmul(x.t());
  return lines;
}

test("level 0 is silent", async () => {
  expect(await printed("0")).toEqual([]);
  expect(await printed("")).toEqual([]);
});

test("level 1 names every dispatch and its device", async () => {
  expect(await printed("1")).toEqual([
    "heddle reference ones",
    "heddle reference add",
    "heddle reference sum",
    "heddle reference matmul",
  ]);
});

test("level 2 adds shapes and times", async () => {
  const lines = await printed("2");
  expect(lines[1]).toMatch(/^heddle reference add \[6\] \d+µs$/); // six elements in a row
  expect(lines[2]).toMatch(/^heddle reference sum \[3, 2\] \d+µs$/);
  expect(lines[3]).toMatch(/^heddle reference matmul \[2, 3\] \[3, 2\] \d+µs$/);
});

test("level 3 adds the expressions", async () => {
  const lines = await printed("3");
  expect(lines[1]).toContain("add:float32(i0:float32,s0:float32)");
  expect(lines[2]).toContain("sum i0:float32");
});

test("level 4 adds the code of kernels, once each", async () => {
  const lines = await printed("4");
  expect(lines.filter((line) => line.includes("Math.fround(x0[p0] + s0)"))).toHaveLength(1);
});

test("another value throws", async () => {
  vi.stubEnv("HEDDLE_DEBUG", "loud");
  vi.resetModules();
  const { ones } = await import("../mod.ts");
  expect(() => ones([1]).add(1)).toThrow("HEDDLE_DEBUG=loud: expected an integer of at least 0");
});

import { afterAll, expect, test, vi } from "vitest";

// A report of its own, as the tests may themselves run natively.
afterAll(() => void vi.resetModules());

test("the report counts kernels, bytes, times and runs", async () => {
  vi.resetModules();
  const { nativeReport, reportAmx, reportKernel, reportUse } = await import("./report.ts");
  reportUse({ reason: "HEDDLE_NATIVE=0" });
  expect(nativeReport()).toMatchObject({ target: null, reason: "HEDDLE_NATIVE=0", runtime: null });
  expect(String(nativeReport())).toBe("heddle native: off: HEDDLE_NATIVE=0");
  expect(nativeReport()).toMatchObject({ amx: false, amxReason: "HEDDLE_NATIVE=0" });
  reportUse({ target: "avx512", runtime: "bun", checked: false });
  expect(nativeReport()).toMatchObject({ amx: false, amxReason: expect.stringContaining("no product has asked") });
  reportAmx(null);
  expect(nativeReport().amx).toBe(true);
  expect("amxReason" in nativeReport()).toBe(false);
  expect(String(nativeReport())).toMatch(/^heddle native: avx512 with AMX through bun/);
  reportAmx("the system refuses it (arch_prctl)");
  expect(nativeReport()).toMatchObject({ amx: false, amxReason: "the system refuses it (arch_prctl)" });
  reportUse({ target: "avx2", runtime: "bun", checked: false });
  const add = reportKernel({ key: "add", state: "native", bytes: 100, compileMs: 0.5 });
  reportKernel({ key: "sort", state: "wasm", reason: "the function pow of the host", bytes: 0, compileMs: 0.25 });
  add.runs += 3;
  const report = nativeReport();
  expect(report.kernels.map(({ key, runs }) => [key, runs])).toEqual([["add", 3], [
    "sort",
    0,
  ]]);
  expect([report.codeBytes, report.compileMs]).toEqual([100, 0.75]);
  add.runs++;
  expect(report.kernels.at(-2)!.runs).toBe(3);
  expect(String(report)).toContain(
    "\n  add 100 bytes in 0.50 ms, 3 runs\n  sort stays WebAssembly: the function pow of the host",
  );
});

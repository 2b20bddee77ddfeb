import { expect, test } from "vitest";
import { nativeReport, reportKernel, reportUse } from "./report.ts";

test("the report counts kernels, bytes, times and runs", () => {
  const start = nativeReport();
  reportUse({ reason: "HEDDLE_NATIVE=0" });
  expect(nativeReport()).toMatchObject({ target: null, reason: "HEDDLE_NATIVE=0", runtime: null });
  expect(String(nativeReport())).toBe("heddle native: off: HEDDLE_NATIVE=0");
  reportUse({ target: "avx2", runtime: "bun", checked: false });
  const add = reportKernel({ key: "add", state: "native", bytes: 100, compileMs: 0.5 });
  reportKernel({ key: "sort", state: "wasm", reason: "the function pow of the host", bytes: 0, compileMs: 0.25 });
  add.runs += 3;
  const report = nativeReport();
  expect(report.kernels.slice(start.kernels.length).map(({ key, runs }) => [key, runs])).toEqual([["add", 3], [
    "sort",
    0,
  ]]);
  expect([report.codeBytes - start.codeBytes, report.compileMs - start.compileMs]).toEqual([100, 0.75]);
  add.runs++;
  expect(report.kernels.at(-2)!.runs).toBe(3);
  expect(String(report)).toContain(
    "\n  add 100 bytes in 0.50 ms, 3 runs\n  sort stays WebAssembly: the function pow of the host",
  );
});

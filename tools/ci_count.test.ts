// .ci/count.mjs decides whether CI passes: it must not pass if some parts did not run.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../.ci/count.mjs", import.meta.url));
const parts = ["setup", "test-deno", "test-bun", "test-node", "checks", "lenet"];
const tests = (passed: number, failed = 0, skipped = 0): unknown => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  numTodoTests: 0,
  numTotalTests: passed + failed + skipped,
});
const good: Record<string, unknown> = {
  "test-deno.json": tests(10),
  "test-bun.json": tests(10),
  "test-node.json": tests(10),
  "checks.json": { passed: 8, failed: 0 },
  "lenet.txt": { testErrorPercent: [12.5] },
};

/** The output and the exit status, when the parts left `files` and those in `failed` ended with an error. */
function run(files: Record<string, unknown>, failed: string[] = [], also: string[] = []): [string, number | null] {
  const folder = mkdtempSync(join(tmpdir(), "heddle-count-"));
  try {
    for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(value));
    const ended = [...parts, ...also].map((part) => `${part}\t${failed.includes(part) ? 1 : 0}\n`).join("");
    writeFileSync(join(folder, "parts.tsv"), ended);
    const leading = "deno" in process.versions ? ["run", "-A"] : [];
    const { stdout, status } = spawnSync(process.execPath, [...leading, script, folder], { encoding: "utf8" });
    return [stdout, status];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The last line and the exit status. */
function count(...args: Parameters<typeof run>): string {
  const [output, status] = run(...args);
  return `${output.trim().split("\n").at(-1)} (${status})`;
}

test("adds up the runtimes, the checks and the training run", () => {
  expect(count(good)).toBe("39 passed, 0 failed (0)");
});

test("names the failed tests at the end", () => {
  const failed = {
    ...tests(9, 1) as object,
    testResults: [
      { name: "a.test.ts", assertionResults: [{ status: "passed", fullName: "one" }] },
      {
        name: "b.test.ts",
        assertionResults: [{ status: "failed", fullName: "two", failureMessages: ["Error: 3 is not 4\n  at b.ts"] }],
      },
      { name: "c.test.ts", message: "SyntaxError: what\n  is this", assertionResults: [] },
    ],
  };
  const [output] = run({ ...good, "test-bun.json": failed }, ["test-bun"]);
  expect(output.trim().split("\n").slice(-3)).toEqual([
    "test-bun: b.test.ts: two: Error: 3 is not 4",
    "test-bun: c.test.ts: SyntaxError: what",
    "38 passed, 1 failed",
  ]);
});

test("tells what was skipped", () => {
  const skipping = {
    "test-deno.json": tests(9, 0, 1),
    "test-bun.json": tests(9, 0, 1),
    "test-node.json": tests(9, 0, 1),
  };
  expect(count({ ...good, ...skipping })).toBe("36 passed, 0 failed, 3 skipped (0)");
});

test("counts native code where it was tested", () => {
  const native = { ...good, "native-avx2.json": tests(4, 1) };
  expect(count(native)).toBe("39 passed, 0 failed (0)");
  expect(count(native, ["native-avx2"], ["native-avx2"])).toBe("43 passed, 1 failed (1)");
  expect(count(good, [], ["native-avx2"])).toBe("39 passed, 1 failed (1)");
});

test("counts failures", () => {
  expect(count({ ...good, "test-bun.json": tests(8, 2) }, ["test-bun"])).toBe("37 passed, 2 failed (1)");
});

test("a part that failed without a failing test is a failure", () => {
  expect(count(good, ["test-node"])).toBe("39 passed, 1 failed (1)");
  expect(count(good, ["setup"])).toBe("39 passed, 1 failed (1)");
});

test("parts that left nothing are failures", () => {
  expect(count({}, parts)).toBe("0 passed, 6 failed (1)");
  expect(count({})).toBe("0 passed, 5 failed (1)");
});

test("no test at all is a failure, and so are fewer tests on one runtime", () => {
  const none = { "test-deno.json": tests(0), "test-bun.json": tests(0), "test-node.json": tests(0) };
  expect(count({ ...good, ...none })).toBe("9 passed, 3 failed (1)");
  expect(count({ ...good, "test-bun.json": tests(9) })).toBe("38 passed, 1 failed (1)");
});

test("a training run without a test error is a failure", () => {
  expect(count({ ...good, "lenet.txt": "Segmentation fault" })).toBe("38 passed, 1 failed (1)");
  expect(count({ ...good, "lenet.txt": { testErrorPercent: [null] } })).toBe("38 passed, 1 failed (1)");
});

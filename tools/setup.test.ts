import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { needsInstall } from "./setup.ts";

test("an install is needed when it is missing or older than the lock file", () => {
  const root = mkdtempSync(join(tmpdir(), "heddle-setup-"));
  try {
    const lock = join(root, "package-lock.json");
    const installed = join(root, "node_modules", ".package-lock.json");
    writeFileSync(lock, "{}");
    expect(needsInstall(root)).toBe(true);
    mkdirSync(join(root, "node_modules"));
    expect(needsInstall(root)).toBe(true);
    writeFileSync(installed, "{}");
    utimesSync(lock, 100, 100);
    expect(needsInstall(root)).toBe(false);
    utimesSync(installed, 50, 50);
    expect(needsInstall(root)).toBe(true);
  } finally {
    rmSync(root, { recursive: true });
  }
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { syncVersions } from "./sync_versions.ts";

test("deno.json takes the version of package.json, unless it is only a check", () => {
  const root = mkdtempSync(join(tmpdir(), "heddle-versions-"));
  try {
    const write = (file: string, value: unknown): void => writeFileSync(join(root, file), JSON.stringify(value));
    mkdirSync(join(root, "packages", "nn"), { recursive: true });
    write("deno.json", { workspace: ["./packages/nn"] });
    write("packages/nn/package.json", { name: "@heddle/nn", version: "0.2.0" });
    write("packages/nn/deno.json", { name: "@heddle/nn", version: "0.1.0", exports: "./src/mod.ts" });

    const wrong = ["packages/nn: is 0.2.0 in package.json and 0.1.0 in deno.json"];
    expect(syncVersions(root, true)).toEqual(wrong);
    expect(syncVersions(root, true)).toEqual(wrong);
    expect(syncVersions(root, false)).toEqual(wrong);
    expect(syncVersions(root, true)).toEqual([]);
    expect(JSON.parse(readFileSync(join(root, "packages/nn/deno.json"), "utf8")))
      .toEqual({ name: "@heddle/nn", version: "0.2.0", exports: "./src/mod.ts" });

    write("deno.json", { workspace: [] });
    expect(syncVersions(root, true)).toEqual(["packages/nn: is not in the workspace of deno.json"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

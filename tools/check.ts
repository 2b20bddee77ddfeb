// Every check that is not a test, one after the other: `deno task check`, `npm run check` or `bun run check`.
// Words on the command line choose among them (`deno task check lint types`); `--json FILE` records the counts.

import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkSizes } from "./bundle_sizes.ts";
import { docFindings, DOCUMENTED, entryPoints, unexplained } from "./check_docs.ts";
import { checkRepository, readSources, type Source } from "./check_layers.ts";
import { checkLayout } from "./check_layout.ts";
import { checkManifests } from "./check_manifests.ts";
import { checkPacked } from "./check_packed.ts";
import { denoCommand } from "./deno.ts";
import { syncVersions } from "./sync_versions.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a command in the root. */
function spawned([program, ...args]: string[]): SpawnSyncReturns<string> {
  return spawnSync(program!, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
}

/** Runs a command in the root and returns what it wrote if it failed, else nothing. */
function command(words: string[]): string[] {
  const run = spawned(words);
  if (run.status === 0) return [];
  return [
    `${run.stdout ?? ""}${run.stderr ?? ""}${run.error?.message ?? ""}`.trim() ||
    `${words[0]} ended with ${run.status}`,
  ];
}

/** Runs a program of an installed npm package with Node. */
const npm = (path: string, ...args: string[]): string[] => command(["node", join("node_modules", path), ...args]);
const deno = (...args: string[]): string[] => command([...denoCommand(), ...args]);

function lockFile(file: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, file), "utf8")) as {
    packages: Record<string, { resolved?: string }>;
  };
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.resolved?.includes("://"))
    .map(([name, entry]) => `${file}: ${name} names a host (${entry.resolved}); see CONTRIBUTING.md, "Dependencies"`);
}

async function documented(): Promise<string[]> {
  const lint = (paths: readonly string[], comments: boolean) => {
    const run = spawned([...denoCommand(), "doc", "--lint", ...paths]);
    return docFindings(`${run.stdout}${run.stderr}${run.error?.message ?? ""}`, root, comments);
  };
  const { Tensor } = await import("../packages/tensor/src/mod.ts");
  const json = spawned([...denoCommand(), "doc", "--json", "packages/tensor/src/mod.ts"]).stdout;
  return [
    // Together: a type that another package's signature names is public there.
    ...lint(entryPoints(root), false),
    ...lint(DOCUMENTED, true),
    ...unexplained(json, "Tensor", Tensor.prototype),
  ];
}

function built(): string[] {
  const failed = npm("turbo/bin/turbo", "run", "build", "--output-logs=errors-only");
  return failed.length > 0 ? failed : checkPacked(root);
}

const SOURCES = ["packages", "apps", "conformance", "tools", "vitest.config.ts"].filter((path) =>
  existsSync(join(root, path))
);

const sources = (): Source[] => readSources(root, ["packages", "apps", "conformance", "tools"]);

/** Each check returns what is wrong; nothing means it passed. */
const CHECKS: Record<string, () => string[] | Promise<string[]>> = {
  lint: () => deno("lint"),
  fmt: () => deno("fmt", "--check"),
  "types-deno": () => deno("check", ...SOURCES),
  // Of the examples in READMEs and doc comments; that they run is a test.
  "types-examples": () => deno("check", "--doc-only", "README.md", "docs", "packages"),
  "doc-lint": documented,
  types: () => npm("typescript/bin/tsc", "--noEmit"),
  layout: () => checkLayout(sources()),
  layers: () => checkRepository(root),
  manifests: () => [
    ...syncVersions(root, true),
    ...checkManifests(root),
    ...lockFile("package-lock.json"),
    ...lockFile("bench/package-lock.json"),
  ],
  // Also what finds the "slow types" that JSR refuses.
  "publish-jsr": () => deno("publish", "--dry-run", "--allow-dirty"),
  "publish-npm": built,
  // Of bundles for browsers.
  sizes: checkSizes,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !(name in CHECKS));
  if (unknown.length > 0) {
    console.error(`check: there is no check "${unknown[0]}"; there are ${Object.keys(CHECKS).join(", ")}`);
    process.exit(2);
  }
  let passed = 0;
  let failed = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const start = performance.now();
    let wrong: string[];
    try {
      wrong = await check();
    } catch (error) {
      wrong = [error instanceof Error ? error.stack ?? error.message : String(error)];
    }
    for (const line of wrong) console.log(line);
    console.log(
      `${wrong.length === 0 ? "ok  " : "FAIL"} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
    );
    if (wrong.length === 0) passed++;
    else failed++;
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ passed, failed }));
  console.log(`checks: ${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

await main();

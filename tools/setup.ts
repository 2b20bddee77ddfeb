// Installs the npm packages if they do not match the lock file. Runs before every Deno task that needs them, so it may
// use only `node:`, and print nothing on stdout, which belongs to the task.

import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMain } from "./is_main.ts";

/** Whether `root/node_modules` is missing or older than `root/package-lock.json`. */
export function needsInstall(root: string): boolean {
  // npm writes this file last, so an interrupted install does not count.
  const installed = join(root, "node_modules", ".package-lock.json");
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

/** npm's own version of the fallback below, for machines with only Deno. */
const NPM = "npm:npm@11.19.1";
const CI = ["ci", "--no-fund", "--no-audit", "--loglevel=error"];

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  if (!needsInstall(root)) return;
  console.error("Setting up: npm ci");
  const run = (command: string, args: string[], shell = false): SpawnSyncReturns<Buffer> =>
    spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell });
  // npm is a .cmd file on Windows, which needs a shell.
  let result = run("npm", CI, process.platform === "win32");
  if (result.error && "deno" in process.versions) {
    // Install scripts would need Node; what they prepare (Bun, esbuild's shortcut) Deno does not use.
    const deno = ["run", "-A", "--no-config", "--node-modules-dir=none", NPM, ...CI, "--ignore-scripts"];
    result = run(process.execPath, deno);
  }
  if (result.error) {
    console.error(
      `Setup: npm could not be started (${result.error.message}). Install Node.js 20 or newer, which has it.`,
    );
    process.exit(1);
  }
  if (result.status !== 0) {
    console.error(`Setup: npm ci ended with ${result.status ?? result.signal}; its messages are above.`);
    process.exit(1);
  }
}

if (isMain(import.meta.url)) main();

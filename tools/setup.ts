// Installs the npm packages when the lock file asks for something else than what is there. Runs before every Deno task
// that needs them, so it must itself need nothing but `node:`, and print nothing on stdout, which belongs to the task.

import { spawnSync } from "node:child_process";
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

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  if (!needsInstall(root)) return;
  console.error("Setting up: npm ci");
  const windows = process.platform === "win32";
  const run = spawnSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: windows,
  });
  if (run.error) {
    console.error(
      `Setup: npm could not be started (${run.error.message}). Install Node.js 20 or newer, which brings it.`,
    );
    process.exit(1);
  }
  if (run.status !== 0) {
    console.error(`Setup: npm ci ended with ${run.status ?? run.signal}. See its messages above.`);
    process.exit(1);
  }
}

if (isMain(import.meta.url)) main();

// Runs Deno from any runtime: the current process's Deno, the installed one, or the pinned one from npm. tsx
// tools/deno.ts lint

import { spawnSync } from "node:child_process";
import process from "node:process";
import { isMain } from "./is_main.ts";

/** The version that `npx` fetches if Deno is not installed. The same as in README.md and .ci/run. */
export const DENO_VERSION = "2.9.6";

/** The command that starts Deno here, as words. */
export function denoCommand(): string[] {
  if ("deno" in process.versions) return [process.execPath];
  const installed = spawnSync("deno", ["--version"], { stdio: "ignore" }).status === 0;
  return installed ? ["deno"] : ["npx", "-y", `deno@${DENO_VERSION}`];
}

if (isMain(import.meta.url)) {
  const [command, ...leading] = denoCommand();
  const run = spawnSync(command!, [...leading, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(run.status ?? 1);
}

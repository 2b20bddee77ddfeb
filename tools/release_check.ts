// Everything before a release except publishing: npm run release:check. docs/releasing.md has what comes after it.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a step and shows what it writes. */
function step(name: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  console.log(`== ${name}`);
  const run = spawnSync(words[0]!, words.slice(1), { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (run.status === 0) return;
  console.error(`release:check: ${name} failed${run.error === undefined ? "" : `: ${run.error.message}`}`);
  process.exit(1);
}

step("changesets", ["npm", "run", "--silent", "changeset", "--", "status"]);
// Versions in step, fields and links; what JSR would refuse; the build, the tarballs, publint, imports, declarations.
step("manifests, JSR, npm", ["npm", "run", "--silent", "check", "--", "manifests", "publish-jsr", "publish-npm"]);
const tarballs = readdirSync(join(root, "runs", "packed")).filter((file) => file.endsWith(".tgz")).sort();
for (const tarball of tarballs) {
  // The packages are ES modules only, which Node 20.19 and later can `require`.
  const file = join("runs", "packed", tarball);
  step(`attw of ${tarball}`, [
    "node",
    "node_modules/@arethetypeswrong/cli/dist/index.js",
    file,
    "--profile",
    "esm-only",
  ]);
}
step("installation", ["node", "node_modules/vitest/vitest.mjs", "run", "tools/install"], { EXPECT_INSTALL: "1" });
console.log("release:check: ready to publish, see docs/releasing.md");

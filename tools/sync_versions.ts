// Changesets writes versions into package.json alone, JSR reads them from deno.json: this script copies them. With
// `--check` it writes nothing and fails where the two manifests of a package disagree.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMain } from "./is_main.ts";

/** Differences between the two manifests of every package under `root`, one line each; fixed unless `check`. */
export function syncVersions(root: string, check: boolean): string[] {
  const wrong: string[] = [];
  const members = readJson(join(root, "deno.json"))["workspace"] as string[];
  for (const name of readdirSync(join(root, "packages"))) {
    const folder = join(root, "packages", name);
    const npm = readJson(join(folder, "package.json"));
    const file = join(folder, "deno.json");
    if (!existsSync(file)) {
      wrong.push(`packages/${name}: has no deno.json`);
      continue;
    }
    const jsr = readJson(file);
    if (!members.includes(`./packages/${name}`)) wrong.push(`packages/${name}: is not in the workspace of deno.json`);
    if (jsr["name"] !== npm["name"]) wrong.push(`packages/${name}: is called ${npm["name"]} and ${jsr["name"]}`);
    if (jsr["version"] === npm["version"]) continue;
    wrong.push(`packages/${name}: is ${npm["version"]} in package.json and ${jsr["version"]} in deno.json`);
    if (!check) writeFileSync(file, JSON.stringify({ ...jsr, version: npm["version"] }, null, 2) + "\n");
  }
  return wrong;
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const check = process.argv.includes("--check");
  const wrong = syncVersions(root, check);
  for (const line of wrong) console.log(check ? line : `mended: ${line}`);
  process.exit(check && wrong.length > 0 ? 1 : 0);
}

if (isMain(import.meta.url)) main();

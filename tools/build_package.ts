// Builds the package in the current folder for npm, into `dist/`: every package's `build` script. Source maps lead to `src/`, which is
// published, too, so that "go to definition" ends in TypeScript.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scanImports } from "./imports.ts";
import { isMain } from "./is_main.ts";

/** `source` with every relative `.ts` specifier made `.js`. */
export function rewriteSpecifiers(source: string): string {
  let result = "";
  let done = 0;
  for (const { specifier, start, end } of scanImports(source)) {
    if (!/^\.{1,2}\/.*(?<!\.d)\.ts$/.test(specifier)) continue;
    result += source.slice(done, start) + specifier.replace(/\.ts$/, ".js");
    done = end;
  }
  return result + source.slice(done);
}

/**
 * A declaration file with a reference to the part of TypeScript's library that declares `Symbol.dispose`, if it names it: projects with
 * `lib: ["ES2022"]` compile, and can write `using`. The sources cannot have the reference, since JSR refuses it.
 */
export function withLibraries(declarations: string): string {
  return /\bSymbol\.dispose\b/.test(declarations)
    ? `/// <reference lib="esnext.disposable" />\n${declarations}`
    : declarations;
}

/** A declaration file's source map after lines were added at its start. */
export function shiftedMap(map: string, lines: number): string {
  const parsed = JSON.parse(map) as { mappings: string };
  return JSON.stringify({ ...parsed, mappings: ";".repeat(lines) + parsed.mappings });
}

function main(): void {
  // Otherwise outputs of deleted files would be published.
  rmSync("dist", { recursive: true, force: true });
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const run = spawnSync("node", [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (run.status !== 0) process.exit(run.status ?? 1);
  // TypeScript rewrites the specifiers of the JavaScript it emits, not those of the declarations.
  for (const name of readdirSync("dist", { recursive: true }) as string[]) {
    if (!name.endsWith(".d.ts")) continue;
    const file = join("dist", name);
    const declarations = rewriteSpecifiers(readFileSync(file, "utf8"));
    const complete = withLibraries(declarations);
    writeFileSync(file, complete);
    if (complete !== declarations) writeFileSync(`${file}.map`, shiftedMap(readFileSync(`${file}.map`, "utf8"), 1));
  }
}

if (isMain(import.meta.url)) main();

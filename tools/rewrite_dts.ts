// TypeScript writes `./x.ts` as `./x.js` in the JavaScript it emits, but leaves it in the declarations. This mends those:
// tsx rewrite_dts.ts FOLDER

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
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

function main(): void {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error("rewrite_dts: name the folder to mend, as in `tsx rewrite_dts.ts dist`");
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (!name.endsWith(".d.ts")) continue;
    const file = join(folder, name);
    const source = readFileSync(file, "utf8");
    const mended = rewriteSpecifiers(source);
    if (mended !== source) writeFileSync(file, mended);
  }
}

if (isMain(import.meta.url)) main();

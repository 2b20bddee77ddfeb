/**
 * How fast safetensors are read, beside reading the bytes of the file at once, from the system's cache. Both in turn; figures are medians.
 *
 *     npx -y deno@2.9.6 run -A --config deno.json bench/load.ts [rounds]
 *
 * On Node bundle it first, since tsx slows closures down:
 *
 *     npx esbuild bench/load.ts --bundle --platform=node --format=esm --target=es2022 --outfile=runs/load.mjs && node runs/load.mjs
 */
import { load, save } from "@heddle/store";
import { randn, type Tensor } from "@heddle/tensor";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { markdownTable } from "../tools/markdown_table.ts";
import { median } from "./statistics.ts";

const rounds = Number(process.argv[2] ?? 15);

const files: Readonly<Record<string, () => Record<string, Tensor>>> = {
  "8 tensors of 32 MiB": () => named(8, 2048, 4096),
  "2,000 tensors of 16 KiB": () => named(2000, 64, 64),
};

function named(count: number, ...shape: number[]): Record<string, Tensor> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`layers.${i}.weight`, randn(shape)]));
}

/** Seconds of a run. What it returns is freed after. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  const result = await run();
  const seconds = (performance.now() - begin) / 1000;
  if (!(result instanceof Uint8Array)) { for (const tensor of Object.values(result as object)) tensor.dispose(); }
  return seconds;
}

const rows = [["GB/s", "the bytes", "load", "share", "without checksums", "share"]];
const folder = mkdtempSync(join(tmpdir(), "heddle-load-"));
try {
  for (const [name, make] of Object.entries(files)) {
    const path = join(folder, "model.safetensors"), state = make();
    await save(state, path);
    for (const tensor of Object.values(state)) tensor.dispose();
    const bytes = statSync(path).size;
    const runs = [() => readFile(path), () => load(path), () => load(path, { verify: false })];
    const times: number[][] = runs.map(() => []);
    for (let round = -1; round < rounds; round++) {
      for (const [i, run] of runs.entries()) {
        const seconds = await timed(run);
        if (round >= 0) times[i]!.push(seconds);
      }
    }
    const [whole, loaded, unchecked] = times.map((each) => bytes / 1e9 / median(each)) as [number, number, number];
    const share = (speed: number): string => `${Math.round(100 * speed / whole)} %`;
    rows.push([
      name,
      ...[whole.toFixed(2), loaded.toFixed(2), share(loaded), unchecked.toFixed(2), share(unchecked)],
    ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(markdownTable(rows));

// Files share a process: each starts from the same random numbers, and those that count what is alive without the garbage of the
// others.
import { manualSeed, memory } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect } from "vitest";
import { collectGarbage, nextTurn } from "./packages/tensor/src/runtime.ts";

manualSeed(0);

// V8 in Node 20 never runs a finalizer again in a thread where a registry died while its own were due. Tests import copies of Heddle
// and drop them, each with its registry, so registries live until the end of their file, when no finalizers are due.
const shared = globalThis as { keptRegistries?: Set<object>; aliveBefore?: number; rssBefore?: number };
if (process.versions.v8?.startsWith("11.") && shared.keptRegistries === undefined) {
  const kept: Set<object> = shared.keptRegistries = new Set();
  const Registry = FinalizationRegistry;
  globalThis.FinalizationRegistry = class<T> extends Registry<T> {
    constructor(finalize: (held: T) => void) {
      super(finalize);
      kept.add(this);
    }
  };
}

// HEDDLE_NATIVE=avx512 or avx2 runs the tests with machine code.
// Otherwise it is off on Bun, where its last digits differ: the examples load it, and kernels are then replaced as later files run.
if ("bun" in process.versions) process.env.HEDDLE_NATIVE ??= "0";
if ((process.env.HEDDLE_NATIVE ?? "0") !== "0") await import("@heddle/native");

// V8's own function takes a quarter of the time, as it collects once only.
function collect(): void {
  if ("bun" in process.versions) return collectGarbage();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
}

/** Frees what earlier files left. A collection takes half a second in a process that has run many files. */
async function collectLeftovers(): Promise<void> {
  collect();
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  shared.keptRegistries?.clear();
  shared.aliveBefore = memory().storages;
  shared.rssBefore = process.memoryUsage().rss;
}

const isChanged = (): boolean => memory().storages !== shared.aliveBefore;

beforeAll(async () => {
  const counts = readFileSync(expect.getState().testPath!, "utf8").includes("memory()");
  if (counts && isChanged()) await collectLeftovers();
});

afterAll(async () => {
  // Copies of Heddle hold memory that only a collection frees; engines do not collect because of it.
  const hasGrown = process.memoryUsage().rss - (shared.rssBefore ??= 0) > 2 ** 29;
  if (hasGrown || (shared.keptRegistries !== undefined && isChanged())) await collectLeftovers();
});

/** The GPU on Bun and Node, through the npm package `webgpu` (Dawn); on Deno, which has its own WebGPU, the tests are skipped. */
import { getDevice } from "@heddle/tensor";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { expectTrained, wrong } from "./browser/agreement.ts";
import { type Failure, operations, train } from "./browser/work.ts";
import { skipping } from "./expected.ts";
import type { Found } from "./gpu_dawn_program.ts";

const STEPS = 20;

/** Chromium's software driver; that of Debian 12's Mesa lacks features that Dawn requires. */
const swiftShader = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
].filter((path) => existsSync(path));

/** In its own process, since the environment at start selects the driver. */
async function run(): Promise<Found | Failure> {
  const program = fileURLToPath(new URL("./gpu_dawn_program.ts", import.meta.url));
  // Node 20 cannot read TypeScript by itself.
  const args = "bun" in process.versions ? [program] : ["--import", "tsx", program];
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const cache = mkdtempSync(join(tmpdir(), "heddle-dawn-"));
  // It must also exit without help: Dawn keeps threads.
  const { stdout } = await promisify(execFile)(process.execPath, [...args, String(STEPS)], {
    maxBuffer: 2 ** 26,
    timeout: 1_800_000, // minutes where many share two cores
    killSignal: "SIGKILL",
    env: { ...inherited, XDG_CACHE_HOME: cache, VK_ADD_DRIVER_FILES: swiftShader.join(":") },
  }).finally(() => rmSync(cache, { recursive: true }));
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Found | Failure;
}

let found: Found | null = null;
if ("deno" in process.versions) {
  console.warn("the tests of the GPU through Dawn are skipped: they are for Bun and Node");
} else {
  const result = await run();
  if ("error" in result) skipping("the tests of the GPU through Dawn", result.error);
  else found = result;
}

describe.skipIf(found === null)("gpu through Dawn", () => {
  test("operations", async () => {
    expect(found!.adapter).not.toBe("");
    expect(Object.keys(found!.operations).length).toBeGreaterThan(20);
    expect(wrong(found!.operations, await operations(getDevice("cpu")), 1e-4)).toEqual([]);
  });

  test("operations by the kernels for GPUs, within the limits that every adapter has, and with subgroups", async () => {
    for (const results of [found!.minimal, found!.exchanging]) {
      expect(Object.keys(results)).toEqual(Object.keys(found!.operations));
      expect(wrong(results, await operations(getDevice("cpu")), 1e-4)).toEqual([]);
    }
  });

  test("training", async () => {
    expect(found!.training.losses.length).toBe(STEPS);
    expectTrained(found!.training, await train(getDevice("cpu"), STEPS), 1e-3);
  });

  test("tuning times the forms of a product, by timestamps and by the host's clock, and its values stay the same", () => {
    expect(found!.tuned.map(({ milliseconds }) => Object.keys(milliseconds).length)).toEqual([6, 5]);
    const times = found!.tuned.flatMap(({ milliseconds }) => Object.values(milliseconds));
    expect(times.every((time) => time > 0)).toBe(true);
  });

  test("reading at once is refused, and the error says what can be done", () => {
    expect(found!.atOnce).toMatch(
      /"gpu" cannot be read synchronously in this runtime; use await t\.data\(\), or run on Deno/,
    );
  });

  test("an adapter that computes nothing is refused", () => {
    expect(found!.nothing).toMatch(/^webgpu: the adapter computes nothing; install a driver/);
  });
});

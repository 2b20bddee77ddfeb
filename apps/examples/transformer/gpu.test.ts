/** Twelve steps of the example on the GPU, in Deno; the test is skipped elsewhere and without an adapter. */
import { defaultDevice, setDefaultDevice } from "@heddle/tensor";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { testGpu } from "../runner/test_gpu.ts";
import { transformer } from "./main.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training a transformer");

const folder = mkdtempSync(join(tmpdir(), "heddle-transformer-gpu-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ARGS = [
  "--layers",
  "1",
  "--heads",
  "2",
  "--width",
  "32",
  "--feed-forward",
  "64",
  "--limit",
  "24",
  "--pieces",
  "0",
];

async function losses(device: string): Promise<{ validationLoss: number[]; greedyBleu: number; steps: number }> {
  let figures = "";
  const streams = { stdout: { write: (text: string) => figures += text }, stderr: { write: () => {} } };
  try {
    const args = [...ARGS, "--epochs", "2", "--batch", "4", "--device", device, "--json", "--out", folder];
    await runExample(transformer, args, streams);
  } finally {
    setDefaultDevice(cpu);
  }
  return JSON.parse(figures);
}

// Dropout's choices are the same; sums are made in another order, and elementary functions are other approximations.
test.skipIf(gpu === null)("two short epochs give the CPU's losses, to 1e-4", { tags: ["long"] }, async () => {
  const wanted = await losses("cpu"), found = await losses("gpu");
  expect(wanted.steps).toBeGreaterThanOrEqual(12);
  expect(found.steps).toBe(wanted.steps);
  expect(wanted.validationLoss[1]).toBeLessThan(wanted.validationLoss[0]! - 0.1);
  wanted.validationLoss.forEach((loss, epoch) => {
    expect(Math.abs(found.validationLoss[epoch]! - loss)).toBeLessThan(1e-4);
  });
});

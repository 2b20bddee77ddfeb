/** Ten steps of the example on the GPU, in Deno; the test is skipped elsewhere and without an adapter. */
import { defaultDevice, setDefaultDevice } from "@heddle/tensor";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { testGpu } from "../runner/test_gpu.ts";
import { gpt } from "./main.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training a GPT");

const folder = mkdtempSync(join(tmpdir(), "heddle-gpt-gpu-"));
afterAll(() => rmSync(folder, { recursive: true }));

// One step an epoch, so that the losses of the epochs are those of the steps.
const ARGS = ["--layers", "2", "--heads", "2", "--width", "32", "--context", "64", "--limit", "600", "--batch", "8"];

async function losses(device: string): Promise<{ trainLoss: number[]; heldOut: number[]; steps: number }> {
  let figures = "";
  const streams = { stdout: { write: (text: string) => figures += text }, stderr: { write: () => {} } };
  try {
    const args = [...ARGS, "--epochs", "10", "--length", "8", "--device", device, "--json", "--out", folder];
    await runExample(gpt, args, streams);
  } finally {
    setDefaultDevice(cpu);
  }
  return JSON.parse(figures);
}

// The GPU sums in another order and approximates elementary functions differently.
test.skipIf(gpu === null)("ten steps give the CPU's losses, to 1e-4", { tags: ["long"] }, async () => {
  const wanted = await losses("cpu"), found = await losses("gpu");
  expect(wanted.steps).toBe(10);
  expect(wanted.trainLoss[9]).toBeLessThan(wanted.trainLoss[0]! - 0.3);
  for (const name of ["trainLoss", "heldOut"] as const) {
    wanted[name].forEach((loss, step) => expect(Math.abs(found[name][step]! - loss)).toBeLessThan(1e-4));
    expect(found[name]).toHaveLength(10);
  }
});

/** The GPU for tests, opened once for each test file; null, with a message, where there is none. */
import type { Device } from "@heddle/tensor";
import process from "node:process";
import type { GpuBackend } from "../backend.ts";
import { webgpu } from "../mod.ts";

let found: Device | null = null;
try {
  const needsDeno = "they read values synchronously, which only Deno can do";
  if (!("deno" in process.versions)) throw new Error(needsDeno);
  const device = await webgpu();
  if (!(device.backend as GpuBackend).engine.readback.canReadSync) throw new Error(needsDeno);
  found = device;
} catch (error) {
  console.warn(`tests on the GPU are skipped: ${error instanceof Error ? error.message : error}`);
}

/** The device, or null. */
export const gpu: Device | null = found;

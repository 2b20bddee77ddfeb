/** The GPU of the tests, one a file; null, with a message, where there is none. */
import type { Device } from "@heddle/tensor";
import { webgpu } from "./mod.ts";

let found: Device | null = null;
try {
  found = await webgpu();
} catch (error) {
  console.warn(`tests on the GPU are skipped: ${error instanceof Error ? error.message : error}`);
}

/** See the module's comment. */
export const gpu: Device | null = found;

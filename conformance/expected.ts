/** Skips tests for which the machine lacks something, except on machines where that is an error. */
import { webgpu } from "@heddle/gpu";
import { type Device, ones } from "@heddle/tensor";
import process from "node:process";

/**
 * Says why tests are skipped.
 *
 * @throws Error where `.ci/run` has installed what they need (it sets `EXPECT_GPU=1`): skipping would then hide a
 *   failure.
 */
export function skipping(tests: string, reason: unknown): void {
  const message = `${tests} are skipped: ${reason instanceof Error ? reason.message : reason}`;
  if (process.env["EXPECT_GPU"] === "1") throw new Error(message);
  console.warn(message);
}

/** The GPU in Deno, if it passes `fits`. Null elsewhere, and if there is none; `tests` are then skipped. */
export async function gpuFor(tests: string, fits: (gpu: Device) => void = () => {}): Promise<Device | null> {
  if (!("deno" in process.versions)) {
    console.warn(`${tests} are skipped: they read values at once, which Deno alone can do`);
    return null;
  }
  try {
    const gpu = await webgpu();
    ones([1], { device: gpu }).item();
    fits(gpu);
    return gpu;
  } catch (error) {
    skipping(tests, error);
    return null;
  }
}

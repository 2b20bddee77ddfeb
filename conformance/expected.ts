/** What is skipped because the machine lacks something, and the machines on which that is an error instead. */
import { webgpu } from "@heddle/gpu";
import { type Device, ones } from "@heddle/tensor";
import process from "node:process";

/**
 * Says why tests are skipped.
 *
 * @throws Error where `.ci/run` has installed what they need (it sets `EXPECT_GPU=1`): then skipping would hide that it does not work.
 */
export function skipping(tests: string, reason: unknown): void {
  const message = `${tests} are skipped: ${reason instanceof Error ? reason.message : reason}`;
  if (process.env["EXPECT_GPU"] === "1") throw new Error(message);
  console.warn(message);
}

/** The GPU in Deno, if `fits` has nothing against it; elsewhere, and where there is none, null: `tests` are to be skipped then. */
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

/** The GPU for tests of the examples. */
import { defaultDevice, type Device, ones, setDefaultDevice } from "@heddle/tensor";
import process from "node:process";
import { openDevice } from "./device.ts";

/**
 * Opens the GPU on Deno. Elsewhere, and without an adapter, it returns null, and a message says that the tests of
 * `what` are skipped. The default device stays unchanged.
 */
export async function testGpu(what: string): Promise<Device | null> {
  const before = defaultDevice();
  try {
    if (!("deno" in process.versions)) throw new Error("Bun and Node have no WebGPU of their own");
    const gpu = await openDevice("gpu");
    ones([1]).item();
    return gpu;
  } catch (error) {
    // Where `.ci/run` has installed an adapter, skipping would hide that it does not work.
    if (process.env["EXPECT_GPU"] === "1" && "deno" in process.versions) throw error;
    console.warn(`${what} on the GPU is skipped: ${error instanceof Error ? error.message : error}`);
    return null;
  } finally {
    setDefaultDevice(before);
  }
}

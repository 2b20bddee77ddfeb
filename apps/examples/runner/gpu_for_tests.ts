/** The GPU of the examples' tests. */
import { defaultDevice, type Device, ones, setDefaultDevice } from "@heddle/tensor";
import process from "node:process";
import { openDevice } from "./device.ts";

/**
 * The GPU, in Deno; elsewhere, and where there is no adapter, null, so that tests of it are to be skipped: a message names `what` is. The
 * default device stays what it is.
 */
export async function gpuForTests(what: string): Promise<Device | null> {
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

/** The device of a run, by its name. */
import { gpuReport, webgpu } from "@heddle/gpu";
import { defaultDevice, type Device, deviceNames, setDefaultDevice } from "@heddle/tensor";
import { OptionError } from "./options.ts";

/**
 * Makes the device of a name the default; without a name the default stays. "gpu" opens the adapter that the runtime offers.
 *
 * @throws OptionError when there is no such device, or no GPU to open, with the reason.
 */
export async function openDevice(name: string | null): Promise<Device> {
  if (name === null) return defaultDevice();
  if (name === "gpu") {
    try {
      await webgpu();
    } catch (error) {
      throw new OptionError(`--device gpu: ${error instanceof Error ? error.message : error}`);
    }
  }
  // "null" computes nothing: it is there to count kernels.
  const devices = [...new Set([...deviceNames().filter((device) => device !== "null"), "gpu"])];
  if (!devices.includes(name)) {
    throw new OptionError(`--device ${name}: there is no such device; there are ${devices.join(", ")}`);
  }
  setDefaultDevice(name);
  return defaultDevice();
}

/** What the figures of a run say of its device: the name, and for a GPU the adapter as its driver calls it. */
export function deviceFigures(device: Device): { device: string; adapter?: string } {
  return device.name === "gpu" ? { device: device.name, adapter: gpuReport(device).adapter } : { device: device.name };
}

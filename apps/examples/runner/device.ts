/** Opens the device of a run by name. */
import { gpuReport, webgpu } from "@heddle/gpu";
import "@heddle/native";
import { defaultDevice, type Device, deviceNames, setDefaultDevice } from "@heddle/tensor";
import { OptionError } from "./options.ts";

/**
 * Makes a device the default by name; without a name the default stays. "gpu" opens the runtime's default adapter.
 *
 * @throws OptionError if there is no such device, or no GPU can be opened, with the reason.
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
  // "null" computes nothing: it is for counting kernels.
  const devices = [...new Set([...deviceNames().filter((device) => device !== "null"), "gpu"])];
  if (!devices.includes(name)) {
    throw new OptionError(`--device ${name}: no such device; expected ${devices.join(", ")}`);
  }
  setDefaultDevice(name);
  return defaultDevice();
}

/** The device as reported in the figures of a run: its name, and for a GPU the adapter's name. */
export function deviceFigures(device: Device): { device: string; adapter?: string } {
  return device.name === "gpu" ? { device: device.name, adapter: gpuReport(device).adapter } : { device: device.name };
}

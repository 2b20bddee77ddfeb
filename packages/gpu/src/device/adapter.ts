/** Which GPU, with all that it can do. */

import { runtimeName } from "./runtime.ts";

/** What {@link webgpu} may be told about the adapter. */
export interface AdapterOptions {
  /** Of several adapters the faster one, or the one that saves power. */
  readonly powerPreference?: GPUPowerPreference | undefined;
  /** An adapter that the caller has already. */
  readonly adapter?: GPUAdapter | undefined;
}

/** A device with what must be asked before it is made. */
export interface OpenedDevice {
  readonly device: GPUDevice;
  /** As the driver calls it. */
  readonly description: string;
  /** All that can be known of adapter, driver and compiler: what was timed under another does not hold here. */
  readonly identity: string;
  /** Whether a processor plays the GPU. */
  readonly software: boolean;
}

/** Those that kernels make use of. */
const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "timestamp-query", "subgroups"];

/** Software implementations by what they call themselves. */
const softwareNames = /llvmpipe|lavapipe|swiftshader|basic render|softpipe/i;

/**
 * Opens a GPU with the full limits of its adapter and those of its features that kernels use.
 *
 * @throws Error when there is no adapter.
 */
export async function openDevice(gpu: GPU, { powerPreference, adapter: given }: AdapterOptions): Promise<OpenedDevice> {
  const adapter = given ?? await gpu.requestAdapter(powerPreference === undefined ? {} : { powerPreference });
  if (!adapter) {
    throw new Error(
      "webgpu: there is no adapter; install a driver (Linux without a GPU: the package mesa-vulkan-drivers), or stay on the CPU",
    );
  }
  const { info } = adapter;
  const description = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ") ||
    "unknown adapter";
  // Asking for the device uses the adapter up: its limits are read first.
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") limits[name] = value;
  }
  const features = wantedFeatures.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({ requiredFeatures: features, requiredLimits: limits });
  const fallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  const identity = [info.vendor, info.architecture, info.device, info.description, runtimeName()].join(" | ");
  return { device, description, identity, software: fallback || softwareNames.test(description) };
}

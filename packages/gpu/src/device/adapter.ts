/** Opens an adapter with all of its limits and the features that kernels use. */

import { runtimeName } from "./runtime.ts";
import { findSubgroups, noSubgroups, type Subgroups } from "./subgroups.ts";
import { type Vendor, vendorOf } from "./vendor.ts";

/** Options of {@link webgpu} that select the adapter. */
export interface AdapterOptions {
  /** Prefers the fastest adapter, or the one that uses the least power. */
  readonly powerPreference?: GPUPowerPreference | undefined;
  /** An adapter that the caller has already requested. */
  readonly adapter?: GPUAdapter | undefined;
}

/** A device with facts about its adapter. */
export interface OpenedDevice {
  readonly device: GPUDevice;
  /** The driver's name for the adapter. */
  readonly description: string;
  /** Identifies adapter, driver and compiler as far as they can be known: timings are valid for one identity only. */
  readonly identity: string;
  /** Whether the adapter runs on the CPU. */
  readonly software: boolean;
  readonly vendor: Vendor;
  readonly subgroups: Subgroups;
}

/** Features that kernels use. */
const wantedFeatures: readonly GPUFeatureName[] = ["shader-f16", "timestamp-query", "subgroups"];

/** Names of software adapters. */
const softwareNames = /llvmpipe|lavapipe|swiftshader|basic render|softpipe/i;

/**
 * Opens a GPU with the full limits of its adapter and the features that kernels use.
 *
 * @throws Error when there is no adapter.
 */
export async function openDevice(
  find: () => Promise<GPU>,
  { powerPreference, adapter: given }: AdapterOptions,
): Promise<OpenedDevice> {
  const adapter = given ??
    await (await find()).requestAdapter(powerPreference === undefined ? {} : { powerPreference });
  if (!adapter) {
    throw new Error(
      "webgpu: there is no adapter; install a driver (on Linux without a GPU: the package mesa-vulkan-drivers), or use the CPU",
    );
  }
  const { info } = adapter;
  const description = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ") ||
    "unknown adapter";
  // Requesting a device consumes the adapter, so its limits are read first.
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") limits[name] = value;
  }
  const features = wantedFeatures.filter((name) => adapter.features.has(name));
  const { subgroupMinSize } = info as { subgroupMinSize?: number };
  const request = (requiredFeatures: GPUFeatureName[]): Promise<GPUDevice> =>
    adapter.requestDevice({ requiredFeatures, requiredLimits: limits });
  let device: GPUDevice | null = null;
  // Deno grants subgroups without listing them. A device that is refused does not consume the adapter.
  if (!features.includes("subgroups") && subgroupMinSize !== undefined && subgroupMinSize > 0) {
    device = await request([...features, "subgroups"]).catch(() => null);
    if (device !== null) features.push("subgroups");
  }
  device ??= await request(features);
  const fallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  const identity = [info.vendor, info.architecture, info.device, info.description, runtimeName()].join(" | ");
  return {
    device,
    description,
    identity,
    software: fallback || softwareNames.test(description),
    vendor: vendorOf(info),
    subgroups: features.includes("subgroups") ? await findSubgroups(device, subgroupMinSize) : noSubgroups,
  };
}

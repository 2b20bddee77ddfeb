/** An adapter with no more than WebGPU guarantees, which passes for a GPU. */
import type { AdapterLike } from "@heddle/gpu";

/** The limits that every WebGPU adapter has. */
const limits: Record<string, number> = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16_384,
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxUniformBufferBindingSize: 65_536,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65_535,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
};

/** The part of the runtime's WebGPU that is used. */
interface Gpu {
  requestAdapter(): Promise<unknown>;
}

/**
 * The runtime's adapter with the default limits and no optional features but those given. It has a name that is not a software adapter's, so the kernels
 * are those for GPUs.
 *
 * @param gpu the runtime's by default.
 * @param features optional features, which the adapter must have.
 * @throws Error where there is no WebGPU, or no adapter.
 */
export async function minimalAdapter(
  gpu: Gpu | undefined = (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu,
  features: readonly string[] = [],
): Promise<AdapterLike> {
  const real = await gpu?.requestAdapter() as AdapterLike | null | undefined;
  if (!real) throw new Error("there is no adapter");
  return {
    info: { vendor: "test", architecture: "", device: "", description: "minimal" },
    limits,
    features: new Set(features),
    requestDevice: (descriptor) => real.requestDevice(descriptor),
  };
}

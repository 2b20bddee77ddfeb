/** The memory of a tensor on the GPU. */
import type { DeviceBuffer } from "@heddle/tensor/backend";

/** A tensor's memory. The buffer may be larger than the tensor. */
export class GpuBuffer implements DeviceBuffer {
  readonly bytes: number;
  readonly handle: GPUBuffer;

  constructor(handle: GPUBuffer, bytes: number) {
    this.handle = handle;
    this.bytes = bytes;
  }
}

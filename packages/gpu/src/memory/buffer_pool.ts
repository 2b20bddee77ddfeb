/** Pools GPU buffers by size class: freed buffers are kept for reuse and destroyed when they take too much memory. */
import type { DeviceErrors } from "../device/device_errors.ts";
import { usage } from "../device/runtime.ts";
import { stateOf } from "./buffer_state.ts";
import { FreeList } from "./free_list.ts";

/** Buffers and bytes that the pool holds. */
export interface BufferPoolReport {
  /** Buffers that exist, both in use and free. */
  readonly buffers: number;
  readonly bytes: number;
  /** Buffers kept for reuse, part of `buffers`. */
  readonly freeBuffers: number;
  readonly freeBytes: number;
}

/** Settings and dependencies of a pool. */
export interface BufferPoolOptions {
  /** Most bytes of free buffers to keep. */
  readonly keep: number;
  /** Most bytes of all buffers. */
  readonly limit: number;
  /** Destroys a buffer as soon as no pending command uses it. */
  readonly destroy: (buffer: GPUBuffer) => void;
  /** A report of what holds memory, for errors. */
  readonly holders: () => string;
  /**
   * Watches the error scopes of allocations: the driver reports that it is out of memory after the buffer is in use.
   */
  readonly errors: Pick<DeviceErrors, "watch">;
}

/** An allocation that is larger than a buffer can be. The message begins with the size, so that the caller can add the operation. */
export class BufferTooLargeError extends RangeError {}

/**
 * Rounds a size up to one of four classes between powers of two: at most a quarter is wasted, and freed buffers fit
 * other tensors.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** A pool of buffers of one device. */
export class BufferPool {
  /** Most bytes of one buffer. */
  readonly largest: number;
  private readonly device: GPUDevice;
  private readonly settings: BufferPoolOptions;
  /** Free buffers by size. */
  private readonly free: Map<number, FreeList> = new Map();
  /** Buffers in use for which the driver had no memory. */
  private readonly unbacked: Set<GPUBuffer> = new Set();
  private buffers = 0;
  private bytes = 0;
  private freeBuffers = 0;
  private freeBytes = 0;

  constructor(device: GPUDevice, settings: BufferPoolOptions) {
    this.device = device;
    this.settings = settings;
    this.largest = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  /**
   * Allocates at least `bytes` bytes with unspecified contents.
   *
   * @throws BufferTooLargeError when the size exceeds the GPU's limit for one buffer; Error with a report of what holds
   * memory, when all buffers together would exceed `limit`.
   */
  alloc(bytes: number): GPUBuffer {
    const size = this.sizeFor(bytes);
    const free = this.free.get(size)?.pop();
    return free === undefined ? this.create(size) : this.reuse(free);
  }

  /** Like {@link alloc}, for a buffer that no submission from `serial` on uses. */
  allocIdle(bytes: number, serial: number): GPUBuffer {
    const size = this.sizeFor(bytes);
    const free = this.free.get(size)?.popIdle(serial);
    return free === undefined ? this.create(size) : this.reuse(free);
  }

  /** Keeps a buffer for reuse. Commands recorded from now on may use it, as they run later. */
  release(buffer: GPUBuffer): void {
    if (this.unbacked.size > 0 && this.unbacked.delete(buffer)) return this.settings.destroy(buffer);
    const { size } = stateOf(buffer);
    let list = this.free.get(size);
    if (list === undefined) this.free.set(size, list = new FreeList());
    list.push(buffer);
    this.freeBuffers++;
    this.freeBytes += size;
    if (this.freeBytes > this.settings.keep) this.trim(this.settings.keep / 2);
  }

  /** Destroys free buffers, the largest first, until at most `keep` bytes of them remain. */
  trim(keep = 0): void {
    for (const size of [...this.free.keys()].sort((a, b) => b - a)) {
      const list = this.free.get(size)!;
      while (list.count > 0 && this.freeBytes > keep) {
        this.settings.destroy(this.reuse(list.pop()!));
        this.buffers--;
        this.bytes -= size;
      }
      if (list.count === 0) this.free.delete(size);
    }
  }

  report(): BufferPoolReport {
    const { buffers, bytes, freeBuffers, freeBytes } = this;
    return { buffers, bytes, freeBuffers, freeBytes };
  }

  private sizeFor(bytes: number): number {
    if (bytes > this.largest) {
      throw new BufferTooLargeError(
        `${bytes} bytes in one buffer, but this adapter allows at most ${this.largest}; split the tensor, or use a ` +
          `smaller batch`,
      );
    }
    return Math.min(sizeClass(bytes), Math.floor(this.largest / 16) * 16);
  }

  private reuse(buffer: GPUBuffer): GPUBuffer {
    this.freeBuffers--;
    this.freeBytes -= stateOf(buffer).size;
    return buffer;
  }

  private create(size: number): GPUBuffer {
    if (this.bytes + size > this.settings.limit) this.trim();
    if (this.bytes + size > this.settings.limit) throw new Error(this.exhausted(size));
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ size, usage: usage.storage | usage.copySource | usage.copyTarget });
    this.settings.errors.watch(this.device.popErrorScope(), (reason) => this.refuse(buffer, reason));
    stateOf(buffer); // numbers buffers by age
    this.buffers++;
    this.bytes += size;
    return buffer;
  }

  /**
   * Handles an allocation that the driver has reported as failed: the buffer is not used again, and free buffers are
   * destroyed to make room.
   */
  private refuse(buffer: GPUBuffer, reason: string): string {
    this.buffers--;
    this.bytes -= buffer.size;
    if (this.free.get(buffer.size)?.remove(buffer)) this.settings.destroy(this.reuse(buffer));
    else this.unbacked.add(buffer);
    this.trim();
    return `${this.exhausted(buffer.size)} (${reason})`;
  }

  /** The message of an error when `size` bytes are not available. */
  exhausted(size: number): string {
    const { limit, holders } = this.settings;
    const of = Number.isFinite(limit) ? ` of ${mebibytes(limit)}` : "";
    return `out of memory: ${mebibytes(size)} requested, ${mebibytes(this.bytes - this.freeBytes)}${of} in use in ` +
      `${
        this.buffers - this.freeBuffers
      } buffers${holders()}; free tensors (scope(), dispose()) or use a smaller batch`;
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;

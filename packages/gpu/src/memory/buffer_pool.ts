/** Memory of the GPU: buffers by size class, kept when they are freed, destroyed when too many are kept. */
import type { DeviceErrors } from "../device/device_errors.ts";
import { usage } from "../device/runtime.ts";
import { stateOf } from "./buffer_state.ts";

/** What the pool holds, in bytes and buffers. */
export interface BufferPoolReport {
  /** Buffers that exist, in use or kept. */
  readonly buffers: number;
  readonly bytes: number;
  /** Of those the ones that are kept for reuse. */
  readonly freeBuffers: number;
  readonly freeBytes: number;
}

/** What the pool needs of its surroundings. */
export interface BufferPoolOptions {
  /** Bytes of unused buffers to keep at most. */
  readonly keep: number;
  /** Bytes of all buffers together at most. */
  readonly limit: number;
  /** Destroys a buffer once no command that was recorded but not submitted uses it. */
  readonly destroy: (buffer: GPUBuffer) => void;
  /** A report of what holds memory, for errors. */
  readonly holders: () => string;
  /** Told of the driver's answers, whether there was memory for a buffer that was handed out already. */
  readonly errors: Pick<DeviceErrors, "watch">;
}

/** Sizes are rounded up to four steps between powers of two: at most a quarter is lost, and buffers fit again. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** See the module's comment. */
export class BufferPool {
  private readonly device: GPUDevice;
  private readonly settings: BufferPoolOptions;
  private readonly largest: number;
  /** Free buffers by size; the last freed is the first reused. */
  private readonly free: Map<number, GPUBuffer[]> = new Map();
  /** Those in use for which the driver had no memory. */
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
   * A buffer of at least `bytes` bytes, contents unspecified.
   *
   * @throws Error with a report of what holds memory when it is too large for the GPU or for the limit set.
   */
  alloc(bytes: number): GPUBuffer {
    const size = this.sizeFor(bytes);
    const list = this.free.get(size);
    if (list !== undefined && list.length > 0) return this.reuse(list.pop()!);
    return this.create(size);
  }

  /** As {@link alloc}, but a buffer last used before submission `serial`. */
  allocIdle(bytes: number, serial: number): GPUBuffer {
    const size = this.sizeFor(bytes);
    const list = this.free.get(size) ?? [];
    const at = list.findIndex((buffer) => stateOf(buffer).lastUsed < serial);
    return at < 0 ? this.create(size) : this.reuse(list.splice(at, 1)[0]!);
  }

  /** Keeps a buffer for reuse; commands recorded later may use it at once, since they run later. */
  release(buffer: GPUBuffer): void {
    if (this.unbacked.size > 0 && this.unbacked.delete(buffer)) return this.settings.destroy(buffer);
    const list = this.free.get(buffer.size);
    if (list === undefined) this.free.set(buffer.size, [buffer]);
    else list.push(buffer);
    this.freeBuffers++;
    this.freeBytes += buffer.size;
    if (this.freeBytes > this.settings.keep) this.trim(this.settings.keep / 2);
  }

  /** Destroys kept buffers, the largest first, until at most `keep` bytes of them are left. */
  trim(keep = 0): void {
    for (const size of [...this.free.keys()].sort((a, b) => b - a)) {
      const list = this.free.get(size)!;
      while (list.length > 0 && this.freeBytes > keep) {
        this.settings.destroy(this.reuse(list.shift()!));
        this.buffers--;
        this.bytes -= size;
      }
      if (list.length === 0) this.free.delete(size);
    }
  }

  report(): BufferPoolReport {
    const { buffers, bytes, freeBuffers, freeBytes } = this;
    return { buffers, bytes, freeBuffers, freeBytes };
  }

  private sizeFor(bytes: number): number {
    if (bytes > this.largest) {
      throw new Error(
        `out of memory: ${mebibytes(bytes)} in one piece, where this adapter takes at most ${
          mebibytes(this.largest)
        }; ` +
          `split the tensor, or use a smaller batch`,
      );
    }
    return Math.min(sizeClass(bytes), Math.floor(this.largest / 16) * 16);
  }

  private reuse(buffer: GPUBuffer): GPUBuffer {
    this.freeBuffers--;
    this.freeBytes -= buffer.size;
    return buffer;
  }

  private create(size: number): GPUBuffer {
    if (this.bytes + size > this.settings.limit) this.trim();
    if (this.bytes + size > this.settings.limit) throw new Error(this.exhausted(size));
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ size, usage: usage.storage | usage.copySource | usage.copyTarget });
    this.settings.errors.watch(this.device.popErrorScope(), (reason) => this.refuse(buffer, reason));
    this.buffers++;
    this.bytes += size;
    return buffer;
  }

  /** The driver had no memory for a buffer, as it says later: the buffer is not used again, and unused ones make room for the next. */
  private refuse(buffer: GPUBuffer, reason: string): string {
    this.buffers--;
    this.bytes -= buffer.size;
    const list = this.free.get(buffer.size) ?? [];
    const at = list.indexOf(buffer);
    if (at < 0) this.unbacked.add(buffer);
    else this.settings.destroy(this.reuse(list.splice(at, 1)[0]!));
    this.trim();
    return `${this.exhausted(buffer.size)} (${reason})`;
  }

  /** The text of an error when memory is short of `size` bytes. */
  exhausted(size: number): string {
    const { limit, holders } = this.settings;
    const of = Number.isFinite(limit) ? ` of ${mebibytes(limit)}` : "";
    return `out of memory: ${mebibytes(size)} wanted, ${mebibytes(this.bytes - this.freeBytes)}${of} in use in ` +
      `${
        this.buffers - this.freeBuffers
      } buffers${holders()}; free tensors (scope(), dispose()) or use a smaller batch`;
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;

/** Reads GPU memory through staging buffers that the host can map. */
import type { CommandRecorder } from "../commands/command_recorder.ts";
import { mapForReading, usage } from "../device/runtime.ts";

/** Most bytes of one synchronous read, and the size of its staging buffer. */
const chunk = 2 ** 22;
const directBytes = chunk + 16;
/** Size of the largest staging buffers that are kept for later asynchronous reads. */
const kept = 2 ** 24;

const align = (n: number): number => Math.ceil(n / 4) * 4;

/** Reads GPU memory, asynchronously and, where the runtime allows it, synchronously. */
export class Readback {
  private readonly device: GPUDevice;
  private readonly recorder: CommandRecorder;
  /** Staging buffers of asynchronous reads, by size. */
  private readonly free: Map<number, GPUBuffer[]> = new Map();
  /** The staging buffer of synchronous reads; null unless `probe` finds that they work. */
  private direct: GPUBuffer | null = null;
  /**
   * Holds the number of the current synchronous read. It is copied along with the data and does not arrive if the
   * submission was rejected.
   */
  private readonly marker: GPUBuffer;
  private readonly mark: Uint32Array<ArrayBuffer> = new Uint32Array(1);

  constructor(device: GPUDevice, recorder: CommandRecorder) {
    this.device = device;
    this.recorder = recorder;
    this.marker = device.createBuffer({ size: 16, usage: usage.copySource | usage.copyTarget, label: "marker" });
  }

  /** Whether {@link readSync} works. */
  get canReadSync(): boolean {
    return this.direct !== null;
  }

  /**
   * Checks that memory can be read, and whether it can be read synchronously. Deno's `mapAsync` waits for the GPU, so
   * that the mapped range is available before the promise resolves. This holds only for buffers that have been mapped
   * before, and the standard does not guarantee it.
   *
   * @throws Error when a read returns other values than were written: Dawn has an adapter that does nothing.
   */
  async probe(): Promise<void> {
    const buffer = this.device.createBuffer({
      size: directBytes,
      usage: usage.mapRead | usage.copyTarget,
      label: "staging",
    });
    await buffer.mapAsync(mapForReading, 0, 16);
    buffer.unmap();
    const written = Uint32Array.of(0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834);
    const source = this.device.createBuffer({ size: 16, usage: usage.copySource | usage.copyTarget });
    this.device.queue.writeBuffer(source, 0, written);
    const same = (found: Uint8Array<ArrayBuffer>): boolean =>
      new Uint32Array(found.buffer).every((word, i) => word === written[i]);
    if (!same(await this.read(source, 0, 16))) {
      throw new Error(
        "webgpu: the adapter computes nothing; install a driver, or choose another with VK_ICD_FILENAMES",
      );
    }
    try {
      if (same(this.readDirect(buffer, source, 0, 16))) this.direct = buffer;
    } catch {
      // The standard behaviour: a buffer is mapped only when its promise resolves.
    }
    if (this.direct === null) buffer.destroy();
    source.destroy();
  }

  /** Reads `bytes` bytes synchronously. Requires {@link canReadSync}. */
  readSync(source: GPUBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes <= chunk) return this.readDirect(this.direct!, source, byteOffset, bytes);
    const result = new Uint8Array(bytes);
    for (let done = 0; done < bytes; done += chunk) {
      const part = Math.min(chunk, bytes - done);
      result.set(this.readDirect(this.direct!, source, byteOffset + done, part), done);
    }
    return result;
  }

  /** Reads `bytes` bytes when the GPU has finished the commands recorded before. */
  async read(source: GPUBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = byteOffset - byteOffset % 4; // not bits, which would wrap at 2^32
    const length = align(byteOffset + bytes) - start;
    // Large buffers are not kept. Rounding them up could exceed the GPU's limit.
    const size = length > kept ? length : Math.max(2 ** Math.ceil(Math.log2(length)), 256);
    const staging = this.free.get(size)?.pop() ??
      this.device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget, label: "staging" });
    this.recorder.copy(source, start, staging, 0, length);
    this.recorder.submit();
    await staging.mapAsync(mapForReading, 0, length);
    const copy = new Uint8Array(
      staging.getMappedRange(0, length).slice(byteOffset - start, byteOffset - start + bytes),
    );
    staging.unmap();
    const list = this.free.get(size) ?? [];
    // Few reads run at the same time, and large buffers are not kept.
    if (list.length < 4 && size <= kept) {
      list.push(staging);
      this.free.set(size, list);
    } else staging.destroy();
    return copy;
  }

  private readDirect(
    staging: GPUBuffer,
    source: GPUBuffer,
    byteOffset: number,
    bytes: number,
  ): Uint8Array<ArrayBuffer> {
    const start = byteOffset - byteOffset % 4; // not bits, which would wrap at 2^32
    const length = align(byteOffset + bytes) - start;
    this.mark[0]!++;
    this.device.queue.writeBuffer(this.marker, 0, this.mark);
    this.recorder.copy(source, start, staging, 0, length);
    this.recorder.copy(this.marker, 0, staging, length, 4);
    const compiled = this.recorder.pipelines.takeNewKeys();
    this.recorder.submit();
    // The promise rejects when the buffer is unmapped.
    staging.mapAsync(mapForReading, 0, length + 4).catch(() => {});
    try {
      const range = staging.getMappedRange(0, length + 4);
      if (new Uint32Array(range, length, 1)[0] !== this.mark[0]) throw rejectedError(compiled);
      return new Uint8Array(range.slice(byteOffset - start, byteOffset - start + bytes));
    } finally {
      staging.unmap();
    }
  }
}

function rejectedError(compiled: readonly string[]): Error {
  const kernels = compiled.length > 0 ? `; kernels compiled for it: ${compiled.slice(-5).join(", ")}` : "";
  return new Error(
    `webgpu: the GPU rejected commands, so there are no values to read; await t.data() reports the reason${kernels}`,
  );
}

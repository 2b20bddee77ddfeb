/** Reading back: through buffers that the host can map. */
import type { CommandRecorder } from "../commands/command_recorder.ts";
import { mapForReading, usage } from "../device/runtime.ts";

/** Bytes that are read synchronously in one piece, and bytes of the buffer through which they come. */
const chunk = 2 ** 22;
const directBytes = chunk + 16;
/** Bytes of the largest buffers that are kept for the next asynchronous read. */
const kept = 2 ** 24;

const align = (n: number): number => Math.ceil(n / 4) * 4;

/** See the module's comment. */
export class Readback {
  private readonly device: GPUDevice;
  private readonly recorder: CommandRecorder;
  /** For asynchronous reads, by size. */
  private readonly free: Map<number, GPUBuffer[]> = new Map();
  /** The buffer of synchronous reads, once it is known that they work. */
  private direct: GPUBuffer | null = null;
  /** Holds the number of the synchronous read; arrives with the bytes, unless the submission was refused. */
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
   * Finds out whether memory can be read at all, and whether without waiting for the event loop. Deno's `mapAsync` waits for the GPU itself, so that the
   * range is there before the promise says so; but only for buffers that have been mapped once, and no standard promises it.
   *
   * @throws Error when what was written is not what is read: Dawn has an adapter that does nothing.
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
      // As the standard has it: a buffer is not mapped before its promise says so.
    }
    if (this.direct === null) buffer.destroy();
    source.destroy();
  }

  /** A copy of `bytes` bytes, at once. Only where {@link synchronous}. */
  readSync(source: GPUBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes <= chunk) return this.readDirect(this.direct!, source, byteOffset, bytes);
    const result = new Uint8Array(bytes);
    for (let done = 0; done < bytes; done += chunk) {
      const part = Math.min(chunk, bytes - done);
      result.set(this.readDirect(this.direct!, source, byteOffset + done, part), done);
    }
    return result;
  }

  /** A copy of `bytes` bytes, when the GPU has come so far. */
  async read(source: GPUBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = byteOffset - byteOffset % 4; // bits would be those of 32 only
    const length = align(byteOffset + bytes) - start;
    // Large buffers are not kept, and powers of two may be more than the GPU takes.
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
    // Few readers are under way at once; large buffers are not worth keeping.
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
    const start = byteOffset - byteOffset % 4; // bits would be those of 32 only
    const length = align(byteOffset + bytes) - start;
    this.mark[0]!++;
    this.device.queue.writeBuffer(this.marker, 0, this.mark);
    this.recorder.copy(source, start, staging, 0, length);
    this.recorder.copy(this.marker, 0, staging, length, 4);
    const compiled = this.recorder.pipelines.takeNewKeys();
    this.recorder.submit();
    // The promise is told that the mapping was ended.
    staging.mapAsync(mapForReading, 0, length + 4).catch(() => {});
    try {
      const range = staging.getMappedRange(0, length + 4);
      if (new Uint32Array(range, length, 1)[0] !== this.mark[0]) throw refused(compiled);
      return new Uint8Array(range.slice(byteOffset - start, byteOffset - start + bytes));
    } finally {
      staging.unmap();
    }
  }
}

function refused(compiled: readonly string[]): Error {
  const kernels = compiled.length > 0 ? `; kernels compiled for it: ${compiled.slice(-5).join(", ")}` : "";
  return new Error(
    `webgpu: the GPU refused commands, so that there are no values; await t.data() says why${kernels}`,
  );
}

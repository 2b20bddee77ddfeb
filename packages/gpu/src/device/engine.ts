/** The engine of a GPU device: launches kernels, manages memory and transfers data. */
import { memory } from "@heddle/tensor";
import { Choices } from "../autotune/choices.ts";
import { CommandRecorder } from "../commands/command_recorder.ts";
import type { CompiledKernel } from "../commands/pipeline_cache.ts";
import type { GpuContext, Launch } from "../gpu_context.ts";
import { BufferPool } from "../memory/buffer_pool.ts";
import { Readback } from "../memory/readback.ts";
import type { OpenedDevice } from "./adapter.ts";
import { DeviceErrors } from "./device_errors.ts";
import type { Vendor } from "./vendor.ts";
import type { EngineReport } from "./engine_report.ts";

/** Settings of an engine. {@link webgpu} has the defaults. */
export interface EngineOptions {
  readonly poolBytes: number;
  readonly memoryBytes: number;
  readonly flushAfter: number;
}

/** A launch with its compiled shader, without buffers. */
export interface CompiledLaunch {
  readonly compiled: CompiledKernel;
  readonly params: Uint32Array;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** The engine of one device. */
export class Engine implements GpuContext {
  readonly device: GPUDevice;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly software: boolean;
  readonly vendor: Vendor;
  readonly subgroup: number;
  /** The driver's name for the adapter. */
  readonly description: string;
  readonly pool: BufferPool;
  readonly recorder: CommandRecorder;
  readonly readback: Readback;
  readonly errors: DeviceErrors;
  /** Which implementations are taken. */
  readonly choices: Choices;
  /** Scratch memory of the current dispatch. */
  private readonly scratchInUse: GPUBuffer[] = [];

  constructor({ device, description, identity, software, vendor, subgroups }: OpenedDevice, options: EngineOptions) {
    this.device = device;
    this.limits = device.limits;
    this.features = new Set(device.features as unknown as Iterable<string>);
    this.description = description;
    this.software = software;
    this.vendor = vendor;
    this.subgroup = subgroups.size;
    this.errors = new DeviceErrors(device, () => {
      this.pool.trim();
      return this.pool.exhausted(0);
    });
    this.recorder = new CommandRecorder(device, options.flushAfter, this.errors, subgroups.directive);
    this.pool = new BufferPool(device, {
      keep: options.poolBytes,
      limit: options.memoryBytes,
      destroy: (buffer) => this.recorder.destroy(buffer),
      holders,
      errors: this.errors,
    });
    this.readback = new Readback(device, this.recorder);
    this.choices = new Choices(identity);
  }

  launch(launch: Launch): void {
    const compiled = this.compile(launch);
    if (compiled !== null) this.record(compiled, launch.reads, launch.writes);
  }

  /** Compiles a launch for {@link record}. Returns null if it has no workgroups. */
  compile({ key, source, reads, writes, params, workgroups }: Launch): CompiledLaunch | null {
    const [x, y, z] = typeof workgroups === "number" ? this.dispatchSize(workgroups) : workgroups;
    if (x * y * z === 0) return null;
    const compiled = this.recorder.pipelines.get(key, reads.length, writes.length, source);
    return { compiled, params: Uint32Array.from(params), x, y, z };
  }

  /** Records a launch with the given buffers. */
  record(
    { compiled, params, x, y, z }: CompiledLaunch,
    reads: readonly GPUBuffer[],
    writes: readonly GPUBuffer[],
  ): void {
    const buffers: GPUBuffer[] = [];
    let copies: GPUBuffer[] | null = null;
    for (const buffer of reads) {
      if (writes.includes(buffer)) {
        const copy = this.copyOf(buffer);
        (copies ??= []).push(copy);
        buffers.push(copy);
      } else buffers.push(buffer);
    }
    buffers.push(...writes);
    this.recorder.dispatch(compiled, buffers, params, x, y, z);
    if (copies !== null) { for (const copy of copies) this.release(copy); }
  }

  scratch(bytes: number): GPUBuffer {
    const buffer = this.pool.alloc(bytes);
    this.scratchInUse.push(buffer);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    const at = this.scratchInUse.lastIndexOf(buffer);
    if (at < 0) throw new Error("webgpu: scratch memory was released twice");
    this.scratchInUse.splice(at, 1);
    this.pool.release(buffer);
  }

  /** Releases all scratch memory, after an error has ended a dispatch. */
  releaseScratch(): void {
    for (const buffer of this.scratchInUse) this.pool.release(buffer);
    this.scratchInUse.length = 0;
  }

  choose<C extends string>(key: string, candidates: readonly C[]): C {
    return this.choices.choose(key, candidates);
  }

  /** Writes bytes into a buffer, after the commands recorded before. Offset and length are multiples of 4. */
  upload(buffer: GPUBuffer, byteOffset: number, data: Uint8Array): void {
    if (!this.recorder.isPending(buffer)) {
      this.device.queue.writeBuffer(buffer, byteOffset, data as Uint8Array<ArrayBuffer>);
      return;
    }
    // Pending commands still read the old contents. The new ones go to another buffer first, so that nothing has to be
    // submitted.
    const staged = this.pool.allocIdle(data.byteLength, this.recorder.serial);
    this.device.queue.writeBuffer(staged, 0, data as Uint8Array<ArrayBuffer>);
    this.recorder.copy(staged, 0, buffer, byteOffset, data.byteLength);
    this.pool.release(staged);
  }

  report(): EngineReport {
    const { description, subgroup, recorder: { kernels, serial, pipelines } } = this;
    return {
      adapter: description,
      subgroup,
      kernels,
      submits: serial,
      pipelines: pipelines.count,
      ...this.pool.report(),
    };
  }

  /**
   * Spreads workgroups over two dimensions, as one dimension takes some 65,000 only. The result may be a few more than
   * asked for.
   */
  dispatchSize(workgroups: number): [x: number, y: number, z: number] {
    const y = Math.ceil(workgroups / this.limits.maxComputeWorkgroupsPerDimension);
    return [y === 0 ? 0 : Math.ceil(workgroups / y), y, 1];
  }

  /** A copy of a buffer in scratch memory, which the caller releases. */
  copyOf(buffer: GPUBuffer): GPUBuffer {
    const copy = this.scratch(buffer.size);
    this.recorder.copy(buffer, 0, copy, 0, buffer.size);
    return copy;
  }
}

/** The operations that hold most memory, for errors. */
function holders(): string {
  const { byOperation } = memory();
  if (byOperation.length === 0) return "";
  const most = byOperation.slice(0, 5).map(({ operation, count, bytes }) =>
    `${operation} ${(bytes / 2 ** 20).toFixed(1)} MiB in ${count}`
  );
  return ` (on all devices: ${most.join(", ")})`;
}

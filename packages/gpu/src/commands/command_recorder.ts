/** Records commands into one encoder and one compute pass, until a read or a full batch submits them. */
import { debug } from "@heddle/tensor/backend";
import type { DeviceErrors } from "../device/device_errors.ts";
import { usage } from "../device/runtime.ts";
import { stateOf } from "../memory/buffer_state.ts";
import { type CompiledKernel, PipelineCache } from "./pipeline_cache.ts";
import { TimestampQueries } from "./timestamp_queries.ts";

/** Bytes of params that one submission can hold. */
const ringBytes = 2 ** 18;

/**
 * Bytes of params bound for each launch. A launch that has fewer also sees the params of the launches after it. Nearly
 * all launches bind the same size, so that bind groups are shared, and because lavapipe (22.3) passes a launch the
 * params of the previous one when the two bind different sizes in one pass.
 */
const usualBytes = 512;
const mostBytes = 8192;

/** Estimated milliseconds of work after which it is submitted. */
const mostWork = 50;

/** Records dispatches and copies in order, and submits them. */
export class CommandRecorder {
  /** Number of the submission that will contain the commands being recorded. */
  serial = 0;
  /** Number of kernels recorded since the device was created. */
  kernels = 0;
  readonly pipelines: PipelineCache;
  private readonly device: GPUDevice;
  private readonly flushAfter: number;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  private current: GPUComputePipeline | null = null;
  private recorded = 0;
  /** Estimated milliseconds of the recorded work. */
  private work = 0;
  private awaitingDestruction: GPUBuffer[] = [];
  /** Params of the recorded launches. `submit` copies them to `ring`. */
  private readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(ringBytes / 4);
  private readonly ring: GPUBuffer;
  private readonly alignment: number;
  private cursor = 0;
  /** Null unless submissions are measured: by {@link measure}, or because `HEDDLE_DEBUG` asks for it. */
  private timestamps: TimestampQueries | null;
  /** The milliseconds of the submissions that {@link measure} makes. */
  private measured: Promise<number>[] | null = null;
  private queries: TimestampQueries | null = null;
  private readonly offsets: Uint32Array<ArrayBuffer> = new Uint32Array(1);

  /**
   * @param flushAfter number of kernels after which commands are submitted without a read, so that the GPU can start. It
   * also starts when there is enough work, see {@link announce}.
   * @param directive what shaders with subgroup operations begin with.
   */
  constructor(device: GPUDevice, flushAfter: number, errors: DeviceErrors, directive: string) {
    this.device = device;
    this.flushAfter = flushAfter;
    this.alignment = Math.max(device.limits.minUniformBufferOffsetAlignment, 16);
    this.ring = device.createBuffer({ size: ringBytes, usage: usage.uniform | usage.copyTarget, label: "params" });
    this.pipelines = new PipelineCache(device, this.ring, errors, directive);
    this.timestamps = debug() >= 2 && device.features.has("timestamp-query") ? new TimestampQueries(device) : null;
  }

  /**
   * Announces work before its dispatches are recorded. What was recorded before is submitted if both together would take
   * longer than a submission should.
   *
   * @param milliseconds estimated time on a small GPU.
   */
  announce(milliseconds: number): void {
    if (this.work + milliseconds > mostWork && this.work > 0) this.submit();
    this.work += milliseconds;
  }

  /** Records a dispatch. `buffers` lists the buffers that are read, then those that are written. */
  dispatch(
    compiled: CompiledKernel,
    buffers: readonly GPUBuffer[],
    params: Uint32Array,
    x: number,
    y: number,
    z: number,
  ): void {
    const count = params.length;
    const bytes = count * 4;
    const bound = bytes <= usualBytes ? usualBytes : mostBytes;
    if (bytes > mostBytes) {
      throw new Error(`webgpu: ${compiled.key}: ${count} params are too many (at most ${mostBytes / 4})`);
    }
    if (this.recorded >= this.flushAfter || this.cursor + bound > ringBytes) this.submit();
    if (bound !== usualBytes) this.endPass();
    const pass = this.pass ??= this.begin();
    if (this.current !== compiled.pipeline) {
      pass.setPipeline(compiled.pipeline);
      this.current = compiled.pipeline;
    }
    const { words } = this;
    const start = this.cursor >> 2;
    // For so few words a loop takes a fraction of the time of `set`.
    for (let i = 0; i < count; i++) words[start + i] = params[i]!;
    this.offsets[0] = this.cursor;
    pass.setBindGroup(0, this.pipelines.group(compiled, buffers, this.serial, bound), this.offsets, 0, 1);
    pass.dispatchWorkgroups(x, y, z);
    this.cursor = (this.cursor + bytes + this.alignment - 1) & -this.alignment;
    this.recorded++;
    this.kernels++;
    if (bound !== usualBytes) this.endPass();
  }

  /** Records a copy between buffers. Offsets and size are multiples of 4. */
  copy(source: GPUBuffer, sourceOffset: number, target: GPUBuffer, targetOffset: number, bytes: number): void {
    this.endPass();
    this.encoder ??= this.device.createCommandEncoder();
    this.encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, bytes);
    stateOf(source).lastUsed = stateOf(target).lastUsed = this.serial;
  }

  /** Whether a recorded command that has not been submitted uses the buffer. */
  isPending(buffer: GPUBuffer): boolean {
    return this.encoder !== null && stateOf(buffer).lastUsed === this.serial;
  }

  /** Destroys a buffer as soon as no pending command uses it. */
  destroy(buffer: GPUBuffer): void {
    if (this.isPending(buffer)) this.awaitingDestruction.push(buffer);
    else buffer.destroy();
  }

  /** Submits the recorded commands. Does nothing if there are none. */
  submit(): void {
    if (this.encoder === null) return;
    this.endPass();
    if (this.cursor > 0) this.device.queue.writeBuffer(this.ring, 0, this.words, 0, this.cursor >> 2);
    const name = `heddle gpu submit ${this.serial}`;
    const time = this.timestamps?.finish(this.encoder);
    this.device.queue.submit([this.encoder.finish()]);
    if (debug() >= 2) console.error(`${name}: ${this.recorded} kernels`);
    if (time) {
      const milliseconds = time();
      this.measured?.push(milliseconds);
      if (debug() >= 2) {
        void milliseconds.then((ms) => {
          if (!Number.isNaN(ms)) console.error(`${name}: ${ms.toFixed(3)} ms on the GPU`);
        });
      }
    }
    this.encoder = null;
    this.serial++;
    this.recorded = this.work = this.cursor = 0;
    for (const buffer of this.awaitingDestruction) buffer.destroy();
    this.awaitingDestruction = [];
  }

  /**
   * Submits what `record` records, and returns the milliseconds that the GPU takes for it. Requires timestamp queries. NaN
   * if the device is lost.
   */
  async measure(record: () => void): Promise<number> {
    this.submit();
    const times: Promise<number>[] = [];
    const [before, outer] = [this.timestamps, this.measured];
    this.timestamps ??= this.queries ??= new TimestampQueries(this.device);
    this.measured = times;
    try {
      record();
      this.submit();
    } finally {
      this.timestamps = before;
      this.measured = outer;
    }
    const total = Promise.all(times).then((all) => all.reduce((sum, time) => sum + time, 0));
    outer?.push(total);
    return await total;
  }

  private begin(): GPUComputePassEncoder {
    this.encoder ??= this.device.createCommandEncoder();
    return this.encoder.beginComputePass(this.timestamps?.pass());
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = null;
    this.current = null;
  }
}

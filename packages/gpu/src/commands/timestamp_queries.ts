/** Measures how long the GPU worked on a submission, for tuning and `HEDDLE_DEBUG`. Requires timestamp queries. */
import { mapForReading, usage } from "../device/runtime.ts";

/** Most passes of a submission that are measured. A copy between kernels ends a pass. */
const passes = 64;

/** `GPUBufferUsage.QUERY_RESOLVE`. */
const queryResolve = 512;

/** Timestamp queries for the passes of one submission at a time. */
export class TimestampQueries {
  private readonly device: GPUDevice;
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private used = 0;

  constructor(device: GPUDevice) {
    this.device = device;
    this.queries = device.createQuerySet({ type: "timestamp", count: 2 * passes });
    this.resolved = device.createBuffer({ size: 16 * passes, usage: queryResolve | usage.copySource });
  }

  /** The descriptor of the next pass, with its queries. */
  pass(): GPUComputePassDescriptor {
    if (this.used === passes) return {};
    const begin = 2 * this.used++;
    return {
      timestampWrites: { querySet: this.queries, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 },
    };
  }

  /**
   * Resolves the queries. Call it when all passes are recorded, and call the function it returns after the submission:
   * it returns the milliseconds once they are known, NaN if the device is lost before. Returns null if there were no
   * passes.
   */
  finish(encoder: GPUCommandEncoder): (() => Promise<number>) | null {
    const count = this.used;
    this.used = 0;
    if (count === 0) return null;
    const size = 16 * count;
    const staging = this.device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    encoder.resolveQuerySet(this.queries, 0, 2 * count, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, staging, 0, size);
    return () =>
      staging.mapAsync(mapForReading).then(() => {
        const times = new BigUint64Array(staging.getMappedRange());
        let total = 0n;
        for (let i = 0; i < count; i++) total += times[2 * i + 1]! - times[2 * i]!;
        staging.destroy();
        return Number(total) / 1e6;
      }).catch(() => NaN);
  }
}

/** How long the GPU worked on a submission, where it can say so: for `HEDDLE_DEBUG`. */
import { mapForReading, usage } from "../device/runtime.ts";

/** Passes of a submission that are measured; copies between kernels end one. */
const passes = 64;

/** `GPUBufferUsage.QUERY_RESOLVE`. */
const queryResolve = 512;

/** See the module's comment. */
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

  /** What the next pass is to be begun with. */
  pass(): GPUComputePassDescriptor {
    if (this.used === passes) return {};
    const begin = 2 * this.used++;
    return {
      timestampWrites: { querySet: this.queries, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 },
    };
  }

  /** To be called when the passes are recorded; what it answers, when they are submitted: it prints the milliseconds later. */
  finish(encoder: GPUCommandEncoder, name: string): () => void {
    const count = this.used;
    this.used = 0;
    if (count === 0) return () => {};
    const size = 16 * count;
    const staging = this.device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    encoder.resolveQuerySet(this.queries, 0, 2 * count, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, staging, 0, size);
    return () => {
      staging.mapAsync(mapForReading).then(() => {
        const times = new BigUint64Array(staging.getMappedRange());
        let total = 0n;
        for (let i = 0; i < count; i++) total += times[2 * i + 1]! - times[2 * i]!;
        console.error(`${name}: ${(Number(total) / 1e6).toFixed(3)} ms on the GPU`);
        staging.destroy();
      }).catch(() => {}); // the device was lost meanwhile
    };
  }
}

/**
 * Subgroup operations: threads that run together exchange values in registers. WebGPU says neither how many threads that
 * are nor which, so a small kernel finds out whether adjacent threads can exchange theirs.
 */
import { mapForReading, usage } from "./runtime.ts";

/** The subgroup operations of a device. */
export interface Subgroups {
  /** The smallest number of adjacent threads that can exchange values, a power of two; 1 if they cannot. */
  readonly size: number;
  /** What shaders with subgroup operations begin with: Tint requires a directive that naga refuses. */
  readonly directive: string;
}

/** A device without subgroup operations. */
export const noSubgroups: Subgroups = { size: 1, directive: "" };

/** The least and the greatest size that WebGPU allows. */
const [least, greatest] = [4, 128];

const threads = 256;

/** Each thread writes 1 if it gets from the threads at all distances what they have, else another number. */
function source(size: number): string {
  let found = "";
  for (let by = 1; by < size; by *= 2) found += `  wrong |= subgroupShuffleXor(lane, ${by}u) ^ lane ^ ${by}u;\n`;
  return `@group(0) @binding(0) var<storage, read_write> found: array<u32>;
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lane: u32) {
  var wrong = 0u;
${found}  found[lane] = 1u + wrong;
}
`;
}

/**
 * Finds the subgroup operations of a device that was opened with the feature.
 *
 * @param claimed the smallest size of a subgroup that the adapter reports, if it does.
 */
export async function findSubgroups(device: GPUDevice, claimed: number | undefined): Promise<Subgroups> {
  const size = Math.min(2 ** Math.floor(Math.log2(Math.max(claimed ?? 0, least))), greatest);
  for (const directive of ["enable subgroups;\n", ""]) {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code: directive + source(size) });
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    if (await device.popErrorScope() === null) {
      // A device that is lost already is reported when it is used.
      return await exchanges(device, pipeline).catch(() => false) ? { size, directive } : noSubgroups;
    }
  }
  return noSubgroups;
}

/** Runs the kernel. */
async function exchanges(device: GPUDevice, pipeline: GPUComputePipeline): Promise<boolean> {
  const size = 4 * threads;
  const found = device.createBuffer({ size, usage: usage.storage | usage.copySource });
  const staging = device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const layout = pipeline.getBindGroupLayout(0);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: found } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(found, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(mapForReading, 0, size);
  const right = new Uint32Array(staging.getMappedRange(0, size)).every((value) => value === 1);
  staging.destroy();
  found.destroy();
  return right;
}

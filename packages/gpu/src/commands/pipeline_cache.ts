/** Caches compiled shaders, pipeline layouts and bind groups. */
import { debug } from "@heddle/tensor/backend";
import type { DeviceErrors } from "../device/device_errors.ts";
import { stateOf } from "../memory/buffer_state.ts";
import { SignatureCache } from "../signature_cache.ts";

/** A compiled shader and its layout. */
export interface CompiledKernel {
  readonly key: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: Layout;
}

/**
 * The layout of a shader's bindings: a number of buffers that are read, a number of buffers that are written, and the
 * params.
 */
interface Layout {
  readonly id: number;
  readonly bindings: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

/** `GPUShaderStage.COMPUTE`. */
const compute = 4;

/** Compiles each shader once, by key. */
export class PipelineCache {
  private readonly device: GPUDevice;
  private readonly params: GPUBuffer;
  private readonly errors: DeviceErrors;
  private readonly directive: string;
  private readonly compiled: Map<string, CompiledKernel> = new Map();
  private readonly layouts: Map<string, Layout> = new Map();
  /** Enough for the steps of a training loop. Beyond that, most groups belong to buffers that no longer exist. */
  private readonly groups: SignatureCache<GPUBindGroup> = new SignatureCache(8192);
  private recent: string[] = [];

  /**
   * @param params the buffer that holds the params of all launches.
   * @param directive what shaders with subgroup operations begin with.
   */
  constructor(device: GPUDevice, params: GPUBuffer, errors: DeviceErrors, directive: string) {
    this.device = device;
    this.errors = errors;
    this.directive = directive;
    this.params = params;
  }

  /** Number of compiled shaders. */
  get count(): number {
    return this.compiled.size;
  }

  /** Keys of the shaders compiled since the last call, to name likely causes of an error. */
  takeNewKeys(): readonly string[] {
    const { recent } = this;
    if (recent.length > 0) this.recent = [];
    return recent;
  }

  /** The shader of a key. Compiles it if the key is new. */
  get(key: string, reads: number, writes: number, source: () => string): CompiledKernel {
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const rendered = source();
    const code = rendered.includes("subgroupShuffle") ? this.directive + rendered : rendered;
    if (debug() >= 4) console.error(`// ${key}\n${code}`);
    const layout = this.layout(reads, writes);
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ code, label: key });
    const pipeline = this.device.createComputePipeline({
      label: key,
      layout: layout.pipeline,
      compute: { module, entryPoint: "main" },
    });
    this.errors.watch(this.device.popErrorScope(), (reason) => `the kernel "${key}" was rejected: ${reason}`);
    const made = { key, pipeline, layout };
    this.compiled.set(key, made);
    this.recent.push(key);
    return made;
  }

  /** The bind group of `buffers` (reads, then writes) and of `paramBytes` bytes of params at a dynamic offset. */
  group({ layout }: CompiledKernel, buffers: readonly GPUBuffer[], serial: number, paramBytes: number): GPUBindGroup {
    const { groups } = this;
    groups.addNumber(layout.id);
    groups.addNumber(paramBytes);
    for (let i = 0; i < buffers.length; i++) {
      const state = stateOf(buffers[i]!);
      state.lastUsed = serial;
      groups.addNumber(state.id);
    }
    return groups.getOrCreate(() => {
      const entries: GPUBindGroupEntry[] = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
      entries.push({ binding: buffers.length, resource: { buffer: this.params, offset: 0, size: paramBytes } });
      return this.device.createBindGroup({ layout: layout.bindings, entries });
    });
  }

  private layout(reads: number, writes: number): Layout {
    const key = `${reads},${writes}`;
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const { maxStorageBuffersPerShaderStage: most } = this.device.limits;
    if (reads + writes > most) {
      throw new Error(`webgpu: a kernel uses ${reads + writes} buffers, but this adapter binds at most ${most}`);
    }
    const entry = (binding: number, buffer: GPUBufferBindingLayout) => ({ binding, visibility: compute, buffer });
    const bindings = this.device.createBindGroupLayout({
      entries: [
        ...Array.from({ length: reads }, (_, i) => entry(i, { type: "read-only-storage" })),
        ...Array.from({ length: writes }, (_, i) => entry(reads + i, { type: "storage" })),
        entry(reads + writes, { type: "uniform", hasDynamicOffset: true }),
      ],
    });
    const pipeline = this.device.createPipelineLayout({ bindGroupLayouts: [bindings] });
    const made = { id: this.layouts.size, bindings, pipeline };
    this.layouts.set(key, made);
    return made;
  }
}

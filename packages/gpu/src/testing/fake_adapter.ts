/**
 * An adapter without a GPU: it keeps the WGSL of the kernels compiled for it and computes nothing. Tests and tools see
 * with it what any GPU would be given. It throws where a GPU would report that a limit is exceeded.
 */
import type { AdapterLike } from "../mod.ts";

/** What the adapter claims to be. */
export interface FakeAdapterOptions {
  readonly description?: string;
  readonly vendor?: string;
  readonly features?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
}

/** An adapter and the kernels compiled for it. */
export interface FakeAdapter {
  readonly adapter: AdapterLike;
  /** The WGSL by the kernels' keys, in the order of compilation. */
  readonly sources: Map<string, string>;
}

/** The limits that every adapter has. */
export const minimalLimits: Readonly<Record<string, number>> = {
  maxBufferSize: 2 ** 28,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBufferBindingSize: 2 ** 16,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};

/** Most bytes of a buffer whose contents are kept. */
const kept = 2 ** 23;

class FakeBuffer {
  readonly size: number;
  readonly mapState = "unmapped";
  private contents: Uint8Array<ArrayBuffer> | null = null;

  constructor(size: number) {
    this.size = size;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.contents ??= new Uint8Array(this.size <= kept ? this.size : 0);
  }

  mapAsync(): Promise<void> {
    return Promise.resolve();
  }

  getMappedRange(offset = 0, size = this.size): ArrayBuffer {
    return this.bytes.buffer.slice(offset, offset + size);
  }

  unmap(): void {}
  destroy(): void {}
}

/** Throws if a number exceeds a limit. */
function within(limits: Readonly<Record<string, number>>, name: string, value: number): void {
  if (value > limits[name]!) throw new Error(`validation: ${value} is more than ${name}, ${limits[name]}`);
}

/** A command encoder whose copies run at once. */
function encoder(limits: Readonly<Record<string, number>>): object {
  const dispatchWorkgroups = (...counts: number[]): void => {
    for (const count of counts) within(limits, "maxComputeWorkgroupsPerDimension", count);
  };
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups, end() {} };
  return {
    beginComputePass: () => pass,
    copyBufferToBuffer(from: FakeBuffer, start: number, to: FakeBuffer, at: number, bytes: number) {
      if (at + bytes <= to.bytes.length) to.bytes.set(from.bytes.subarray(start, start + bytes), at);
    },
    finish: () => ({}),
  };
}

/** Makes an adapter; by default one that is a GPU of an unknown vendor, with minimal limits and float16. */
export function fakeAdapter(
  { description = "a GPU that computes nothing", vendor = "", features = ["shader-f16"], limits = {} }:
    FakeAdapterOptions = {},
): FakeAdapter {
  const sources = new Map<string, string>();
  const all = { ...minimalLimits, ...limits };
  const device = {
    limits: all,
    features: new Set(features),
    lost: new Promise(() => {}),
    addEventListener() {},
    destroy() {},
    pushErrorScope() {},
    popErrorScope: () => Promise.resolve(null),
    createBuffer({ size }: { size: number }) {
      within(all, "maxBufferSize", size);
      return new FakeBuffer(size);
    },
    createShaderModule({ code, label }: { code: string; label: string }) {
      sources.set(label, code);
      return {};
    },
    createComputePipeline: () => ({}),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createBindGroup({ entries }: { entries: readonly { resource: { buffer: FakeBuffer; size?: number } }[] }) {
      for (const { resource: { buffer, size = buffer.size } } of entries) {
        within(all, "maxStorageBufferBindingSize", size);
      }
      return {};
    },
    createCommandEncoder: () => encoder(all),
    queue: {
      submit() {},
      writeBuffer(
        { bytes }: FakeBuffer,
        at: number,
        data: ArrayBufferView<ArrayBuffer>,
        from = 0,
        count?: number,
      ) {
        const unit = (data as Uint8Array).BYTES_PER_ELEMENT;
        const view = new Uint8Array(
          data.buffer,
          data.byteOffset + from * unit,
          count === undefined ? data.byteLength - from * unit : count * unit,
        );
        if (at + view.length <= bytes.length) bytes.set(view, at);
      },
    },
  };
  const adapter = {
    features: device.features,
    limits: all,
    info: { vendor, architecture: "", device: "", description },
    requestDevice: () => Promise.resolve(device),
  };
  return { adapter, sources };
}

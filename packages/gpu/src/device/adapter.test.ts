import { describe, expect, test } from "vitest";
import { openDevice } from "./adapter.ts";
import { findGpu } from "./runtime.ts";
import { findSubgroups } from "./subgroups.ts";

/** A GPU that records what it is asked for. */
function fakeGpu(
  info: object,
  features: string[] = [],
): { gpu: GPU; asked: GPUDeviceDescriptor[]; preferences: object[] } {
  const asked: GPUDeviceDescriptor[] = [];
  const preferences: object[] = [];
  const gpu = {
    requestAdapter(options: object) {
      preferences.push(options);
      return Promise.resolve({
        info: { vendor: "", architecture: "", device: "", description: "", ...info },
        features: new Set(features),
        limits: { maxBufferSize: 2 ** 31, minUniformBufferOffsetAlignment: 32 },
        requestDevice(descriptor: GPUDeviceDescriptor) {
          asked.push(descriptor);
          return Promise.resolve({});
        },
      });
    },
  } as unknown as GPU;
  return { gpu, asked, preferences };
}

/** A device that runs the kernel which finds out what threads exchange, and rejects shaders that match a pattern. */
function exchangingDevice(exchange: (lane: number, by: number) => number, rejected = /^$/): GPUDevice {
  let error: object | null = null;
  let code = "";
  const values = (): Uint32Array =>
    Uint32Array.from({ length: 256 }, (_, lane) =>
      [...code.matchAll(/subgroupShuffleXor\(lane, (\d+)u\)/g)].reduce(
        (sum, [, by]) => (sum | exchange(lane, Number(by)) ^ lane ^ Number(by)) >>> 0,
        0,
      ) + 1);
  const nothing = (): void => {};
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  return {
    pushErrorScope: () => error = null,
    popErrorScope: () => Promise.resolve(error),
    createShaderModule: (descriptor: { code: string }) => {
      ({ code } = descriptor);
      if (rejected.test(code)) error = { message: "rejected" };
    },
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createBuffer: () => ({
      mapAsync: () => Promise.resolve(),
      getMappedRange: () => values().buffer,
      destroy: nothing,
    }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({ beginComputePass: () => pass, copyBufferToBuffer: nothing, finish: () => ({}) }),
    queue: { submit: nothing },
  } as unknown as GPUDevice;
}

const found = (gpu: GPU) => (): Promise<GPU> => Promise.resolve(gpu);

describe("adapter", () => {
  test("the device is requested with all limits and the features that kernels use", async () => {
    const { gpu, asked, preferences } = fakeGpu({ vendor: "acme", architecture: "x1" }, [
      "shader-f16",
      "depth-clip-control",
    ]);
    const opened = await openDevice(found(gpu), { powerPreference: "low-power" });
    expect(opened).toMatchObject({ description: "acme x1", software: false });
    expect(opened.identity).toMatch(/^acme \| x1 \|.*\| (deno|bun|node) \d/);
    expect(preferences).toEqual([{ powerPreference: "low-power" }]);
    expect(asked).toEqual([{
      requiredFeatures: ["shader-f16"],
      requiredLimits: { maxBufferSize: 2 ** 31, minUniformBufferOffsetAlignment: 32 },
    }]);
  });

  test("subgroups that are granted without being listed are used, and those that are refused are not", async () => {
    for (const [granted, reported] of [[true, 8], [false, 8], [false, undefined]] as const) {
      const { gpu } = fakeGpu({ subgroupMinSize: reported });
      const asked: string[][] = [];
      const adapter = await gpu.requestAdapter() as GPUAdapter;
      adapter.requestDevice = ({ requiredFeatures = [] }: GPUDeviceDescriptor = {}) => {
        asked.push([...requiredFeatures]);
        return requiredFeatures.length > 0 && !granted
          ? Promise.reject(new TypeError("not a subset"))
          : Promise.resolve(exchangingDevice((lane, by) => lane ^ by));
      };
      const { subgroups } = await openDevice(found(gpu), { adapter });
      expect(subgroups.size).toBe(granted ? 8 : 1);
      expect(asked).toEqual(granted ? [["subgroups"]] : reported === undefined ? [[]] : [["subgroups"], []]);
    }
  });

  test("subgroups are as large as the adapter says, if adjacent threads can exchange values, and WGSL names them", async () => {
    const size = async (claimed: number | undefined, device: GPUDevice): Promise<[number, string]> => {
      const { size, directive } = await findSubgroups(device, claimed);
      return [size, directive];
    };
    const xor = (lane: number, by: number): number => lane ^ by;
    for (const [claimed, wanted] of [[undefined, 4], [0, 4], [4, 4], [24, 16], [32, 32], [256, 128]] as const) {
      expect(await size(claimed, exchangingDevice(xor))).toEqual([wanted, "enable subgroups;\n"]);
    }
    expect(await size(32, exchangingDevice(xor, /enable/))).toEqual([32, ""]);
    expect(await size(32, exchangingDevice(xor, /subgroup/))).toEqual([1, ""]);
    // Threads that are together are not adjacent ones: every second.
    expect(await size(32, exchangingDevice((lane, by) => lane ^ (2 * by)))).toEqual([1, ""]);
    // Subgroups of 16 where 32 are claimed.
    expect(await size(32, exchangingDevice((lane, by) => by < 16 ? lane ^ by : 0))).toEqual([1, ""]);
  });

  test("a software adapter is recognised by its name or its flag", async () => {
    for (
      const info of [{ description: "llvmpipe (LLVM 15.0.6, 256 bits)" }, { description: "SwiftShader driver 5.0.0" }, {
        isFallbackAdapter: true,
      }]
    ) {
      expect((await openDevice(found(fakeGpu(info).gpu), {})).software).toBe(true);
    }
  });

  test("no adapter: the error says what to install", async () => {
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(openDevice(found(none), {})).rejects.toThrow(
      /there is no adapter; install a driver .*mesa-vulkan-drivers/,
    );
  });
});

describe("WebGPU", () => {
  const missing = Object.assign(new Error("Cannot find package 'webgpu'"), { code: "ERR_MODULE_NOT_FOUND" });

  test("the built-in one is preferred", async () => {
    const { gpu } = fakeGpu({});
    expect(await findGpu(gpu, () => Promise.reject(missing))).toBe(gpu);
  });

  test("otherwise it comes from the package; if that is missing, the error names it", async () => {
    await expect(findGpu(null, () => Promise.reject(missing))).rejects.toThrow(
      /^webgpu: this runtime has no built-in WebGPU; install the package "webgpu" \(npm install webgpu\), or run on Deno$/,
    );
    await expect(findGpu(null, () => Promise.reject(new Error("libvulkan is no ELF file")))).rejects.toThrow(
      /npm install webgpu.*loading it failed: libvulkan is no ELF file/,
    );
    const { gpu } = fakeGpu({});
    const names: string[] = [];
    const load = (name: string) => Promise.resolve({ create: () => (names.push(name), gpu) });
    expect(await findGpu(null, load)).toBe(gpu);
    expect(await findGpu(null, load)).toBe(gpu);
    expect(names).toEqual(["webgpu"]);
  });
});

import { describe, expect, test } from "vitest";
import { openDevice } from "./adapter.ts";
import { findGpu } from "./runtime.ts";

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

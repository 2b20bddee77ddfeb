import { describe, expect, test } from "vitest";
import { openDevice } from "./adapter.ts";
import { findGpu } from "./runtime.ts";

/** A GPU that remembers what it was asked for. */
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

describe("adapter", () => {
  test("is asked for all its limits, and for the features that kernels use", async () => {
    const { gpu, asked, preferences } = fakeGpu({ vendor: "acme", architecture: "x1" }, [
      "shader-f16",
      "depth-clip-control",
    ]);
    const opened = await openDevice(gpu, { powerPreference: "low-power" });
    expect(opened).toMatchObject({ description: "acme x1", software: false });
    expect(preferences).toEqual([{ powerPreference: "low-power" }]);
    expect(asked).toEqual([{
      requiredFeatures: ["shader-f16"],
      requiredLimits: { maxBufferSize: 2 ** 31, minUniformBufferOffsetAlignment: 32 },
    }]);
  });

  test("that is a processor is known by its name, or says so", async () => {
    for (
      const info of [{ description: "llvmpipe (LLVM 15.0.6, 256 bits)" }, { description: "SwiftShader driver 5.0.0" }, {
        isFallbackAdapter: true,
      }]
    ) {
      expect((await openDevice(fakeGpu(info).gpu, {})).software).toBe(true);
    }
  });

  test("missing: the error says what to install", async () => {
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(openDevice(none, {})).rejects.toThrow(/there is no adapter; install a driver .*mesa-vulkan-drivers/);
  });
});

test("WebGPU is the runtime's own, or the package's, or the error names the package", async () => {
  const found = await findGpu().catch((error: Error) => error);
  if (found instanceof Error) expect(found.message).toMatch(/npm install webgpu/);
  else expect(typeof found.requestAdapter).toBe("function");
});

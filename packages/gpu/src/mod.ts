/**
 * The WebGPU backend of `@heddle/tensor`.
 *
 * @example
 * ```ts ignore
 * import { webgpu } from "@heddle/gpu";
 * import { tensor } from "@heddle/tensor";
 * const gpu = await webgpu();
 * const x = tensor([1, 2, 3], { device: gpu });
 * console.log(await x.mul(2).data()); // Float32Array [2, 4, 6]
 * ```
 * @module
 */
import { type Device, getDevice } from "@heddle/tensor";
import { registerDevice } from "@heddle/tensor/backend";
import { checkOptions } from "@heddle/tensor/engine";
import { GpuBackend } from "./backend.ts";
import { openDevice } from "./device/adapter.ts";
import { Engine, type EngineReport } from "./device/engine.ts";
import { findGpu } from "./device/runtime.ts";

export type { EngineReport };

/** What {@link webgpu} takes. */
export interface WebGpuOptions {
  /** The device's name, `"gpu"` unless given. */
  readonly name?: string;
  /** Of several adapters the fast one or the one that saves power; the runtime chooses by default. */
  readonly powerPreference?: GPUPowerPreference;
  /** An adapter instead of the one that the runtime offers; it is used up. */
  readonly adapter?: GPUAdapter;
  /**
   * Whether kernels with several forms are timed when a size is met first, and what was fastest is kept in the user's cache folder for later
   * processes (default false: fixed choices, no file). Only a runtime that reads at once (Deno) can time; elsewhere choices stay fixed.
   */
  readonly tune?: boolean;
  /** Bytes of freed memory to keep for reuse (default 1 GiB). */
  readonly poolBytes?: number;
  /** Bytes that all buffers together may have (default: what the driver gives). */
  readonly memoryBytes?: number;
  /** Kernels after which the GPU is set to work although nobody reads yet (default 500). */
  readonly flushAfter?: number;
}

/**
 * Opens a GPU and makes it a device, under its name: `tensor.to("gpu")`, `{ device: "gpu" }`. Opened again, the name stands for the new
 * device; tensors of the old one stay where they are.
 *
 * @throws Error when there is no WebGPU, no adapter, or only one that computes nothing; with what to install.
 *
 * @example
 * ```ts ignore
 * import { webgpu } from "@heddle/gpu";
 * import { randn, setDefaultDevice } from "@heddle/tensor";
 * setDefaultDevice(await webgpu({ powerPreference: "high-performance" }));
 * console.log(await randn([2, 2]).data());
 * ```
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<Device> {
  checkOptions("webgpu", options, [
    "adapter",
    "flushAfter",
    "memoryBytes",
    "name",
    "poolBytes",
    "powerPreference",
    "tune",
  ]);
  const { name = "gpu", tune = false, poolBytes = 2 ** 30, memoryBytes = Infinity, flushAfter = 500 } = options;
  const opened = await openDevice(await findGpu(), options);
  const engine = new Engine(opened, { tune, poolBytes, memoryBytes, flushAfter });
  await engine.readback.probe();
  registerDevice(name, () => new GpuBackend(name, engine));
  return getDevice(name);
}

/**
 * What a GPU device has done so far and what it holds: kernels, submissions, compiled shaders, buffers and bytes.
 *
 * @throws TypeError for a device that is not a GPU.
 */
export function gpuReport(device: Device): EngineReport {
  if (!(device.backend instanceof GpuBackend)) throw new TypeError(`gpuReport: "${device.name}" is not a GPU`);
  return device.backend.report();
}

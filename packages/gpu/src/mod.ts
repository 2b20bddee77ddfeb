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
import { Engine } from "./device/engine.ts";
import type { EngineReport } from "./device/engine_report.ts";
import { findGpu } from "./device/runtime.ts";

export type { EngineReport };

/**
 * The parts of a `GPUAdapter` that opening a device uses. Every `GPUAdapter` is assignable, whether its type comes from the DOM, Deno or
 * `@webgpu/types`, and projects without these types compile too.
 */
export interface AdapterLike {
  /** The names of its optional features. */
  readonly features: { has(name: string): boolean };
  /** Its limits by name. */
  readonly limits: object;
  /** What the driver calls it. */
  readonly info: object;
  /** Opens its device. */
  requestDevice(descriptor?: object): Promise<object>;
}

/** Options of {@link webgpu}. */
export interface WebGpuOptions {
  /** The device's name (default `"gpu"`). */
  readonly name?: string;
  /** Prefers the fastest adapter, or the one that uses the least power. By default the runtime chooses. */
  readonly powerPreference?: "low-power" | "high-performance";
  /** An adapter to use instead of requesting one. Opening the device consumes it. */
  readonly adapter?: AdapterLike;
  /**
   * Whether to time kernels that have several variants, when a size first occurs, and to keep the fastest in the user's
   * cache folder for later processes (default false: fixed choices, no file). Only runtimes with synchronous reads
   * (Deno) can time kernels; elsewhere the choices stay fixed.
   */
  readonly tune?: boolean;
  /** Bytes of freed memory to keep for reuse (default 1 GiB). */
  readonly poolBytes?: number;
  /** Most bytes of all buffers together (default: what the driver provides). */
  readonly memoryBytes?: number;
  /** Number of kernels after which work is submitted without a read (default 64). */
  readonly flushAfter?: number;
}

/**
 * Opens a GPU and registers it as a device under its name: `tensor.to("gpu")`, `{ device: "gpu" }`. Opening it again
 * replaces the device of that name; existing tensors stay on the old one.
 *
 * @throws Error when there is no WebGPU, no adapter, or only an adapter that computes nothing. The message says what to
 * install.
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
  const { name = "gpu", tune = false, poolBytes = 2 ** 30, memoryBytes = Infinity, flushAfter = 64 } = options;
  const opened = await openDevice(findGpu, { ...options, adapter: options.adapter as GPUAdapter | undefined });
  const engine = new Engine(opened, { tune, poolBytes, memoryBytes, flushAfter });
  await engine.readback.probe();
  registerDevice(name, () => new GpuBackend(name, engine));
  return getDevice(name);
}

/**
 * Counts of what a GPU device has done and holds: kernels, submissions, compiled shaders, buffers and bytes.
 *
 * @throws TypeError for a device that is not a GPU.
 */
export function gpuReport(device: Device): EngineReport {
  if (!(device.backend instanceof GpuBackend)) throw new TypeError(`gpuReport: "${device.name}" is not a GPU`);
  return device.backend.report();
}

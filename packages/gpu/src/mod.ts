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
import { tuneBackend } from "./autotune/tune.ts";
import { type TunedWork, TuneReport } from "./autotune/tune_report.ts";
import { GpuBackend } from "./backend.ts";
import { openDevice } from "./device/adapter.ts";
import { Engine } from "./device/engine.ts";
import type { EngineReport } from "./device/engine_report.ts";
import { findGpu } from "./device/runtime.ts";

export { type EngineReport, type TunedWork, TuneReport };

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
  ]);
  const { name = "gpu", poolBytes = 2 ** 30, memoryBytes = Infinity, flushAfter = 64 } = options;
  const opened = await openDevice(findGpu, { ...options, adapter: options.adapter as GPUAdapter | undefined });
  const engine = new Engine(opened, { poolBytes, memoryBytes, flushAfter });
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

/** Options of {@link tune}. */
export interface TuneOptions {
  /** Whether to time again what was tuned before (default false: its stored choice is taken). */
  readonly again?: boolean;
}

/**
 * Chooses the fastest kernels for a model on this GPU. Runs `step` once, times the forms of each matrix product and
 * convolution that occurs in it, and takes from then on those that are at least 5% faster than the default. The choices
 * are stored by adapter and version of the runtime, in the user's cache folder or in `localStorage`, and every later
 * {@link webgpu} takes them. The bits of results do not depend on them.
 *
 * Nothing else should use the GPU meanwhile. Choices apply to the sizes that occur: tune again for another batch size.
 *
 * @param step runs the forward and backward pass; it may be asynchronous. Its tensors are freed afterwards.
 * @throws TypeError for a device that is not a GPU, and if `step` is not a function; Error if nothing with several forms
 * runs in it, or the device is lost. Errors of `step` are passed on.
 *
 * @example
 * ```ts ignore
 * import { tune, webgpu } from "@heddle/gpu";
 * import { functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
 * import { randint, randn } from "@heddle/tensor";
 * const gpu = await webgpu();
 * const model = new Sequential(new Linear(784, 512), new ReLU(), new Linear(512, 10)).to(gpu);
 * const [images, labels] = [randn([100, 784]).to(gpu), randint(0, 10, [100], { dtype: "int32" }).to(gpu)];
 * const report = await tune(gpu, () => F.crossEntropy(model.forward(images), labels).backward());
 * console.log(String(report));
 * ```
 */
export async function tune(device: Device, step: () => unknown, options: TuneOptions = {}): Promise<TuneReport> {
  checkOptions("tune", options, ["again"]);
  const backend = device?.backend;
  if (!(backend instanceof GpuBackend)) {
    throw new TypeError(`tune: "${device?.name ?? device}" is not a GPU; open one with await webgpu()`);
  }
  if (typeof step !== "function") {
    throw new TypeError(
      `tune: the step is ${
        step === null ? "null" : `of type ${typeof step}`
      }, not a function; pass one that runs the ` +
        `forward and backward pass: await tune(gpu, () => model.forward(batch).sum().backward())`,
    );
  }
  return await tuneBackend(backend, step, options.again ?? false);
}

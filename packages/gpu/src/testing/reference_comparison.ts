/** Compares routines on the GPU with the reference backend, for operands of any dtype and memory layout. */
import { type Device, type DType, Generator, isFloat, type Tensor, tensor, tidy } from "@heddle/tensor";
import { type Attrs, type RoutinePrim, sizeOf } from "@heddle/tensor/backend";
import { applyAll } from "@heddle/tensor/engine";
import type { GpuBackend } from "../backend.ts";
import { webgpu } from "../mod.ts";
import { gpu } from "./gpu_device.ts";

/** The dtypes that every adapter supports, and float16 if this one does. */
export const dtypes: readonly DType[] = [
  ...["float32", "bfloat16", "int32", "int16", "int8", "uint8", "bool"] as const,
  ...(gpu?.backend.supports("float16") ? ["float16"] as const : []),
];

/** A device on the same adapter that takes the code paths of adapters that are not software. */
async function openParallel(): Promise<Device> {
  const device = await webgpu({ name: "parallel" });
  Object.assign((device.backend as GpuBackend).engine, { software: false });
  return device;
}

/** Devices for both code paths: those of this adapter, and those of an adapter with many threads. */
export const devices: readonly Device[] = gpu === null ? [] : [gpu, await openParallel()];

/** The layouts of an operand in memory. */
export type MemoryLayout = "contiguous" | "offset" | "permuted" | "stepped" | "repeated";
export const memoryLayouts: readonly MemoryLayout[] = ["contiguous", "offset", "permuted", "stepped", "repeated"];

/** Creates a tensor on a device. */
export type TensorMaker = (device: Device | string) => Tensor;

/** Random values of a dtype, in a range where many are equal. */
export function randomValues(
  dtype: DType,
  shape: readonly number[],
  seed: number,
  range: [number, number] = [-9, 9],
): Tensor {
  const count = sizeOf(shape);
  const [low, high] = range;
  const values = Array.from(new Generator(seed).uniforms(count), (u) => {
    const value = low + u * (high - low);
    return dtype === "bool" ? Number(u < 0.5) : isFloat(dtype) ? value : Math.floor(value);
  });
  const wide = tensor(values, { dtype: "float32", device: "reference" });
  return (dtype === "uint8" ? wide.abs() : wide).to(dtype).reshape(shape);
}

/** An operand with the given layout. `make` creates contiguous values of a shape. */
export function withLayout(
  shape: readonly number[],
  layout: MemoryLayout,
  make: (shape: readonly number[]) => Tensor,
): TensorMaker {
  const reversed = shape.map((_, d) => shape.length - 1 - d);
  const count = sizeOf(shape);
  switch (layout) {
    case "contiguous": {
      const base = make(shape);
      return (device) => base.to(device);
    }
    case "offset": {
      const base = make([count + 5]);
      return (device) => base.to(device).narrow(0, 3, count).reshape(shape);
    }
    case "permuted": {
      const base = make(reversed.map((d) => shape[d]!));
      return (device) => base.to(device).permute(reversed);
    }
    case "stepped": {
      if (shape.length === 0) return withLayout(shape, "contiguous", make);
      const base = make(shape.map((size, d) => d === shape.length - 1 ? 2 * size : size));
      return (device) => base.to(device).at("...", "1::2");
    }
    case "repeated": {
      const base = make(shape.map((size, d) => d === 0 && size > 0 ? 1 : size));
      return (device) => base.to(device).expand(shape);
    }
  }
}

/**
 * Runs a routine on every device and compares with the outputs of the reference backend. Integers and NaN must be
 * equal, floats within `rtol` of the larger of the value and 1 (at least 2e-3 for float16, 1e-2 for bfloat16).
 */
export function compare<P extends RoutinePrim>(
  prim: P,
  inputs: readonly TensorMaker[],
  attrs: Attrs[P],
  what: string,
  rtol = 1e-6,
): void {
  tidy(() => {
    const wanted = applyAll(prim, inputs.map((make) => make("reference")), attrs);
    for (const device of devices) {
      const found = applyAll(prim, inputs.map((make) => make(device)), attrs);
      found.forEach((output, i) =>
        expectSame(output, wanted[i]!, rtol, `${prim} on ${device.name}, ${what}, output ${i}`)
      );
    }
  });
}

/** Throws unless two tensors are equal as {@link compare} requires. */
export function expectSame(found: Tensor, wanted: Tensor, rtol: number, what: string): void {
  if (found.dtype !== wanted.dtype) throw new Error(`${what}: is ${found.dtype}, expected ${wanted.dtype}`);
  if (found.shape.join() !== wanted.shape.join()) {
    throw new Error(`${what}: has shape [${found.shape}], expected [${wanted.shape}]`);
  }
  const numbers = (x: Tensor): number[] => Array.from<number | bigint, number>(x.toTypedArray(), Number);
  const [a, b] = [numbers(found), numbers(wanted)];
  const least = wanted.dtype === "float16" ? 2e-3 : wanted.dtype === "bfloat16" ? 1e-2 : 0;
  const tolerance = Math.max(rtol, least);
  const wrong = b.findIndex((value, i) => {
    if (Object.is(value, a[i]) || value === a[i]) return false;
    return !isFloat(wanted.dtype) || !(Math.abs(value - a[i]!) <= tolerance * Math.max(Math.abs(value), 1));
  });
  if (wrong >= 0) throw new Error(`${what}: element ${wrong} is ${a[wrong]}, expected ${b[wrong]}`);
}

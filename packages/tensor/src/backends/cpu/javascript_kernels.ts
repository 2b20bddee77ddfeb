/** Kernels without a vector form, as the reference backend's JavaScript loops over the heap. */
import { type DType, itemSize, type Scalar, type TypedArray, typedArrayOver } from "../../dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { elementValue } from "../../scalar.ts";
import { type RenderedKernel, renderKernel, scalarDTypes } from "../reference/render.ts";
import { type Special, specialFunctions } from "../reference/special.ts";
import type { Heap } from "./heap.ts";

let special: Special | null = null;

/** Compiles a kernel to JavaScript. */
export function compileJavaScript(kernel: Kernel): RenderedKernel {
  return new Function("m", "shape", "o", "q", "os", "x", "p", "xs", "s", renderKernel(kernel)) as RenderedKernel;
}

/** Runs a compiled kernel. Addresses are in bytes. */
export function runJavaScript(
  rendered: RenderedKernel,
  kernel: Kernel,
  heap: Heap,
  inputs: readonly number[],
  output: number,
  scalars: readonly Scalar[],
): void {
  const { buffer } = heap.memory;
  const over = (dtype: DType): TypedArray =>
    typedArrayOver(dtype, buffer, 0, Math.floor(buffer.byteLength / itemSize(dtype)));
  const wanted = scalarDTypes(kernel.expr);
  rendered(
    special ??= specialFunctions(),
    kernel.shape,
    over(kernel.output.dtype),
    output / itemSize(kernel.output.dtype),
    kernel.output.strides,
    kernel.inputs.map(({ dtype }) => over(dtype)),
    kernel.inputs.map(({ dtype }, i) => inputs[i]! / itemSize(dtype)),
    kernel.inputs.map(({ strides }) => strides),
    scalars.map((value, i) => elementValue(value, wanted[i]!)),
  );
}

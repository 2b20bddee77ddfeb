/** Sum pooling: the scaled sum of each window, and the gradient. */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import { floatBits, type GpuContext, type GpuOperand } from "../../gpu_context.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { dispatch } from "../shared/dispatch.ts";
import { windowCode } from "../shared/windows.ts";

/** Computes the sums, with one thread for each output. */
export function sumPool(
  gpu: GpuContext,
  [x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["sumPool"],
): void {
  const type = computeType(x!.dtype);
  const windows = windowCode(gpu, "avgPool", attrs, { x: x!, y: out! }, "x", "y");
  dispatch(gpu, {
    key: `sumPool ${windows.key}`,
    reads: { x: x! },
    writes: { out: out! },
    params: { ...windows.params, scale: floatBits(attrs.scale) },
    threads: sizeOf(out!.shape),
    body: () =>
      `${windows.coordinates("y")}
var sum = ${type}(0);
${windows.forEachTap("x", `sum += x_get(${windows.position("x", "i")});`)}
out_set(p.yOffset + thread, ${type}(f32(sum) * bitcast<f32>(p.scale)));
`,
  });
}

/** Computes the gradient, with one thread for each element of the image. */
export function sumPoolGrad(
  gpu: GpuContext,
  [g]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["sumPoolGrad"],
): void {
  const type = computeType(g!.dtype);
  const windows = windowCode(gpu, "avgPool", attrs, { x: out!, g: g! }, "x", "g");
  dispatch(gpu, {
    key: `sumPoolGrad ${windows.key}`,
    reads: { g: g! },
    writes: { out: out! },
    params: { ...windows.params, scale: floatBits(attrs.scale) },
    threads: sizeOf(out!.shape),
    body: () =>
      `${windows.coordinates("x")}
var sum = ${type}(0);
${windows.forEachWindow("g", `sum += g_get(${windows.position("g", "o")});`)}
out_set(p.xOffset + thread, ${type}(f32(sum) * bitcast<f32>(p.scale)));
`,
  });
}

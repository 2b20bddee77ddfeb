/**
 * Max pooling: the maximum of each window and its index in the plane (the first of equal values; NaN is the largest),
 * and the gradient.
 */
import { isFloat } from "@heddle/tensor";
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { isNan } from "../../render/math/functions.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { dispatch } from "../shared/dispatch.ts";
import { windowCode } from "../shared/windows.ts";

/** Computes maxima and indices. A window outside the image has the value 0 and the index −1. */
export function maxPool(
  gpu: GpuContext,
  [x]: readonly GpuOperand[],
  [values, indices]: readonly GpuOperand[],
  attrs: Attrs["maxPool"],
): void {
  const float = isFloat(x!.dtype);
  const larger = float ? "(v > top && !is_nan(top)) || (is_nan(v) && !is_nan(top))" : "v > top";
  const windows = windowCode(gpu, "maxPool", attrs, { x: x!, y: values! }, "x", "y");
  dispatch(gpu, {
    key: `maxPool ${windows.key}`,
    reads: { x: x! },
    writes: { values: values!, indices: indices! },
    params: { ...windows.params, indicesOffset: indices!.offset },
    declarations: () => float ? isNan : "",
    threads: sizeOf(values!.shape),
    body: () =>
      `${windows.coordinates("y")}
var best = -1;
var top = ${computeType(x!.dtype)}(0);
${
        windows.forEachTap(
          "x",
          `let v = x_get(${windows.position("x", "i")});
if (best < 0 || ${larger}) { top = v; best = i32(${windows.place("x", (d) => `i${d}`)}); }`,
        )
      }
values_set(p.yOffset + thread, top);
indices_set(p.indicesOffset + thread, best);
`,
  });
}

/**
 * Computes the gradient. A thread sums, for one element of the image, the gradients of the windows whose maximum it is.
 * If the windows tile the image, there is a thread for each window instead.
 */
export function maxPoolGrad(
  gpu: GpuContext,
  [g, indices]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["maxPoolGrad"],
): void {
  const windows = windowCode(gpu, "maxPool", attrs, { x: out!, g: g!, at: indices! }, "x", "g");
  if (windows.tiled) {
    return dispatch(gpu, {
      key: `maxPoolGrad tiled ${windows.key}`,
      reads: { g: g!, indices: indices! },
      writes: { out: out! },
      params: windows.params,
      threads: sizeOf(g!.shape),
      body: () =>
        `${windows.coordinates("g")}
${attrs.kernel.map((_, d) => `let o${d} = c${windows.lead + d};`).join(" ")}
let best = indices_get(${windows.position("at", "o")});
let value = g_get(${windows.position("g", "o")});
${
          windows.forEachTap(
            "x",
            `out_set(${windows.position("x", "i")}, select(${computeType(out!.dtype)}(0), value, i32(${
              windows.place("x", (d) => `i${d}`)
            }) == best));`,
          )
        }
`,
    });
  }
  dispatch(gpu, {
    key: `maxPoolGrad ${windows.key}`,
    reads: { g: g!, indices: indices! },
    writes: { out: out! },
    params: windows.params,
    threads: sizeOf(out!.shape),
    body: () =>
      `${windows.coordinates("x")}
let own = i32(${windows.place("x", (d) => `c${windows.lead + d}`)});
var sum = ${computeType(out!.dtype)}(0);
${
        windows.forEachWindow(
          "g",
          `if (indices_get(${windows.position("at", "o")}) == own) { sum += g_get(${windows.position("g", "o")}); }`,
        )
      }
out_set(p.xOffset + thread, sum);
`,
  });
}

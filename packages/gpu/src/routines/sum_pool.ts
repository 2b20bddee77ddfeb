/** The sum of each window, times a scale, and the gradient. */
import type { Attrs } from "@heddle/tensor";
import { floatBits, type Gpu, type GpuOperand } from "../gpu.ts";
import { dispatch } from "./dispatch.ts";
import { laneType } from "./element.ts";
import { sizeOf } from "./geometry.ts";
import { eachInWindow, eachWindowAround, elementAt, ownCoordinates, planes, windows } from "./windows.ts";

/** A thread an output. */
export function sumPool(
  gpu: Gpu,
  [x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["sumPool"],
): void {
  const type = laneType(x!.dtype);
  dispatch(gpu, {
    key: "sumPool",
    reads: { x: x! },
    writes: { out: out! },
    params: {
      ...{ ...planes("x", x!), ...planes("y", out!), scale: floatBits(attrs.scale) },
      ...windows(gpu, "avgPool", attrs),
    },
    threads: sizeOf(out!.shape),
    body: () =>
      `${ownCoordinates("y")}
var sum = ${type}(0);
${eachInWindow("x", `sum += x_get(${elementAt("x", "i")});`)}
out_set(p.yOffset + thread, ${type}(f32(sum) * bitcast<f32>(p.scale)));
`,
  });
}

/** A thread an element of the image. */
export function sumPoolGrad(
  gpu: Gpu,
  [g]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["sumPoolGrad"],
): void {
  const type = laneType(g!.dtype);
  dispatch(gpu, {
    key: "sumPoolGrad",
    reads: { g: g! },
    writes: { out: out! },
    params: {
      ...{ ...planes("x", out!), ...planes("g", g!), scale: floatBits(attrs.scale) },
      ...windows(gpu, "avgPool", attrs),
    },
    threads: sizeOf(out!.shape),
    body: () =>
      `${ownCoordinates("x")}
var sum = ${type}(0);
${eachWindowAround("g", `sum += g_get(${elementAt("g", "o")});`)}
out_set(p.xOffset + thread, ${type}(f32(sum) * bitcast<f32>(p.scale)));
`,
  });
}

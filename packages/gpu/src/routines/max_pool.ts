/** The largest element of each window (the first of equals; a NaN wins) with its place in its plane, and the gradient. */
import { type Attrs, isFloat } from "@heddle/tensor";
import type { Gpu, GpuOperand } from "../gpu.ts";
import { dispatch } from "./dispatch.ts";
import { isNan, laneType } from "./element.ts";
import { sizeOf } from "./geometry.ts";
import { eachInWindow, eachWindowAround, elementAt, ownCoordinates, planes, windows } from "./windows.ts";

/** A window that reaches no element has the value 0 and the place −1. */
export function maxPool(
  gpu: Gpu,
  [x]: readonly GpuOperand[],
  [values, indices]: readonly GpuOperand[],
  attrs: Attrs["maxPool"],
): void {
  const float = isFloat(x!.dtype);
  const larger = float ? "(v > top && !is_nan(top)) || (is_nan(v) && !is_nan(top))" : "v > top";
  dispatch(gpu, {
    key: "maxPool",
    reads: { x: x! },
    writes: { values: values!, indices: indices! },
    params: {
      ...{ ...planes("x", x!), ...planes("y", values!), indicesOffset: indices!.offset },
      ...windows(gpu, "maxPool", attrs),
    },
    declarations: () => float ? isNan : "",
    threads: sizeOf(values!.shape),
    body: () =>
      `${ownCoordinates("y")}
var best = -1;
var top = ${laneType(x!.dtype)}(0);
${
        eachInWindow(
          "x",
          `let v = x_get(${elementAt("x", "i")});
if (best < 0 || ${larger}) { top = v; best = i32((i0 * p.x3 + i1) * p.x4 + i2); }`,
        )
      }
values_set(p.yOffset + thread, top);
indices_set(p.indicesOffset + thread, best);
`,
  });
}

/** A thread an element of the image: the sum of the gradients of those windows of which it is the largest. */
export function maxPoolGrad(
  gpu: Gpu,
  [g, indices]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["maxPoolGrad"],
): void {
  dispatch(gpu, {
    key: "maxPoolGrad",
    reads: { g: g!, indices: indices! },
    writes: { out: out! },
    params: {
      ...{ ...planes("x", out!), ...planes("g", g!), ...planes("at", indices!) },
      ...windows(gpu, "maxPool", attrs),
    },
    threads: sizeOf(out!.shape),
    body: () =>
      `${ownCoordinates("x")}
let own = i32((c2 * p.x3 + c3) * p.x4 + c4);
var sum = ${laneType(out!.dtype)}(0);
${
        eachWindowAround(
          "g",
          `if (indices_get(${elementAt("at", "o")}) == own) { sum += g_get(${elementAt("g", "o")}); }`,
        )
      }
out_set(p.xOffset + thread, sum);
`,
  });
}

/**
 * Convolution as an implicit matrix product: the contraction reads elements directly from the images, and nothing is
 * unfolded in memory. Groups are the batch, filters are the rows, and positions in all images are the columns.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import type { KernelConfigName } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import {
  type BareContraction,
  dims,
  each,
  geometryOf,
  hasNoPadding,
  imageAndPosition,
  imageElements,
  windowParams,
} from "./conv_params.ts";
import { depthwise, isDepthwise } from "./depthwise.ts";

/** Convolves `[N, C, …]` with `[O, C / groups, …]`. A third input is a bias for each filter. */
export function conv(
  gpu: GpuContext,
  [x, w, bias]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["conv"],
  name?: KernelConfigName,
): void {
  if (name === undefined && isDepthwise(gpu, w!.shape, attrs, false)) {
    return depthwise(gpu, bias === undefined ? [x!, w!] : [x!, w!, bias], out!, attrs);
  }
  runContraction(gpu, {
    ...forward(x!, w!, out!, attrs),
    bias: bias === undefined ? null : { operand: bias, along: "row" },
    relu: attrs.activation === "relu",
  }, name);
}

function forward(x: GpuOperand, w: GpuOperand, out: GpuOperand, attrs: Attrs["conv"]): BareContraction {
  const rank = x.shape.length - 2;
  const last = rank - 1;
  const [all, rows] = [dims(rank), dims(last)];
  const positions = sizeOf(out.shape.slice(2));
  const kernel = w.shape.slice(2);
  const inside = hasNoPadding(attrs);
  // A filter with one tap sums over the channels only.
  const single = inside && sizeOf(kernel) === 1;
  return {
    key: `conv ${rank}${inside ? " inside" : ""}${single ? " single" : ""}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m: w.shape[0]! / attrs.groups,
    n: x.shape[0]! * positions,
    outer: single ? 1 : w.shape[1]! * sizeOf(kernel.slice(0, -1)),
    inner: single ? w.shape[1]! : kernel[last]!,
    nested: !single,
    left: w,
    right: x,
    out,
    params: { ...geometryOf({ x, w, out }), ...windowParams(attrs), positions },
    batchCode: "",
    rowCode: coordinates("r", "r", ["p.wSize1", ...paramNames("wSize", rank + 1, 2)]),
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + (z * p.m + ${index}) * p.wStride0;\n`,
      enter: (v) =>
        single ? "" : `let ${v}k = ${v} + r0 * p.wStride1${each(rows, (d) => ` + r${d + 1} * p.wStride${d + 2}`)};\n`,
      element: (v, t) =>
        single ? `left_get(${v} + ${t} * p.wStride1)` : `left_get(${v}k + ${t} * p.wStride${last + 2})`,
    },
    columns: {
      lane: (v, index) =>
        imageAndPosition(v, index, "p.positions", paramNames("outSize", rank + 2, 2)) +
        each(all, (d) => `let ${v}h${d} = ${v}q${d} * p.stride${d} - p.padding${d};\n`) +
        `let ${v} = p.xAt + ${v}n * p.xStride0 + z * p.wSize1 * p.xStride1${
          each(single ? all : [], (d) => ` + ${v}h${d} * p.xStride${d + 2}`)
        };\n`,
      ...(single
        ? { enter: () => "", element: (v, t) => `right_get(${v} + ${t} * p.xStride1)` }
        : imageElements(x, { first: 1, step: "dilation", inside })),
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.positions;\n`,
    outColumn: (v, index) =>
      `let ${v} = (${index} / p.positions) * (p.outSize1 * p.positions) + ${index} % p.positions;\n`,
    leftAlongSum: true,
    rightAlongSum: false,
  };
}

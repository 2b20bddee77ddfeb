/**
 * Convolution as an implicit matrix product: the contraction reads elements directly from the images, and nothing is
 * unfolded in memory. Groups are the batch, filters are the rows, and positions in all images are the columns.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { paramNames } from "../../render/index_math.ts";
import type { BareContraction } from "../contraction/contraction.ts";
import { isLinear, quadsOf } from "../contraction/factor.ts";
import type { KernelConfigName } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import {
  constantTaps,
  dims,
  each,
  fewTaps,
  geometryOf,
  hasNoPadding,
  imageAndPosition,
  imageFactor,
  imageMoves,
  windowParams,
} from "./conv_params.ts";
import { depthwise, isDepthwise } from "./depthwise.ts";
import { isWinograd, winograd } from "./winograd.ts";

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
  if (name === undefined && isWinograd(gpu, [x!, w!, out!], w!.shape, out!.shape, attrs)) {
    return winograd(gpu, [x!, w!, bias ?? null], out!, attrs.padding, attrs.activation === "relu");
  }
  runContraction(gpu, {
    ...forward(x!, w!, out!, attrs),
    bias: bias === undefined ? null : { operand: bias, along: "row" },
    relu: attrs.activation === "relu",
  }, name);
}

function forward(x: GpuOperand, w: GpuOperand, out: GpuOperand, attrs: Attrs["conv"]): BareContraction {
  const rank = x.shape.length - 2;
  const all = dims(rank);
  const positions = sizeOf(out.shape.slice(2));
  const kernel = w.shape.slice(2);
  const inside = hasNoPadding(attrs);
  // A filter with one tap sums over the channels only.
  const single = inside && sizeOf(kernel) === 1;
  const channels = w.shape[1]!;
  const m = w.shape[0]! / attrs.groups;
  const taps = { sizes: w.shape.slice(1), strides: w.strides.slice(1) };
  const channel = { sizes: [channels], strides: [x.strides[1]!] };
  const places = {
    sizes: [x.shape[0]!, ...out.shape.slice(2)],
    strides: [x.strides[0]!, ...all.map((d) => attrs.stride[d]! * x.strides[d + 2]!)],
  };
  return {
    key: `conv ${rank}${inside ? " inside" : ""}${single ? " single" : ""}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m,
    n: x.shape[0]! * positions,
    outer: single ? 1 : channels * sizeOf(kernel.slice(0, -1)),
    inner: single ? channels : kernel[rank - 1]!,
    digits: single ? ["p.wSize1"] : ["p.wSize1", ...paramNames("wSize", rank + 2, 2)],
    constants: constantTaps(kernel),
    left: w,
    right: x,
    out,
    params: { ...geometryOf({ x, w, out }), ...windowParams(attrs), ...imageMoves(x, attrs.dilation), positions },
    batchCode: "",
    rows: {
      lane: (v, index) => `let ${v} = p.wAt + (z * p.m + ${index}) * p.wStride0;\n`,
      strides: single ? ["p.wStride1"] : paramNames("wStride", rank + 2, 1),
      bounds: [],
      taps: null,
      linear: single || isLinear(taps),
      alongSum: true,
      quads: quadsOf({ sizes: [m], strides: [w.strides[0]!] }, taps, [w.offset, m * w.strides[0]!]),
    },
    columns: {
      lane: (v, index) =>
        imageAndPosition(v, index, "p.positions", paramNames("outSize", rank + 2, 2)) +
        each(all, (d) => `let ${v}h${d} = ${v}q${d} * p.stride${d} - p.padding${d};\n`) +
        `let ${v} = p.xAt + ${v}n * p.xStride0 + z * p.wSize1 * p.xStride1${
          each(inside ? all : [], (d) => ` + ${v}h${d} * p.xStride${d + 2}`)
        };\n`,
      alongSum: false,
      ...(single
        ? {
          strides: ["p.xStride1"],
          bounds: [],
          taps: null,
          linear: true,
          quads: quadsOf(places, channel, [x.offset, channels * x.strides[1]!]),
        }
        : imageFactor(x, { first: 1, step: "dilation", inside, taps: fewTaps(kernel) })),
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * p.positions;\n`,
    outColumn: (v, index) =>
      `let ${v} = (${index} / p.positions) * (p.outSize1 * p.positions) + ${index} % p.positions;\n`,
  };
}

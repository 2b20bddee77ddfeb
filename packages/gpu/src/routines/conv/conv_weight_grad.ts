/**
 * The gradient of a convolution's weight: a sum over all images and positions, split where there are few outputs.
 * Groups are the batch, filters are the rows, and pairs of channel and tap are the columns.
 */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import type { BareContraction } from "../contraction/contraction.ts";
import { quadsOf } from "../contraction/factor.ts";
import type { KernelConfigName } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import { dims, each, geometryOf, hasNoPadding, imageFactor, imageMoves, windowParams } from "./conv_params.ts";
import { depthwiseWeightGrad, isDepthwise } from "./depthwise.ts";
import { isWinograd, winogradWeightGrad } from "./winograd.ts";

/** Computes the gradient. `name` selects a configuration, for tests and timing. */
export function convWeightGrad(
  gpu: GpuContext,
  [g, x]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["convWeightGrad"],
  name?: KernelConfigName,
): void {
  if (name === undefined && isDepthwise(gpu, out!.shape, attrs, false)) {
    return depthwiseWeightGrad(gpu, [g!, x!], out!, attrs);
  }
  if (name === undefined && isWinograd(gpu, [g!, x!, out!], out!.shape, g!.shape, attrs)) {
    return winogradWeightGrad(gpu, [g!, x!], out!, attrs);
  }
  runContraction(gpu, { ...weightGradient(g!, x!, out!, attrs), bias: null, relu: false }, name);
}

function weightGradient(
  g: GpuOperand,
  x: GpuOperand,
  out: GpuOperand,
  attrs: Attrs["convWeightGrad"],
): BareContraction {
  const rank = g.shape.length - 2;
  const all = dims(rank);
  const m = g.shape[1]! / attrs.groups;
  const taps = sizeOf(attrs.kernelSize);
  const inside = hasNoPadding(attrs);
  return {
    key: `conv weight gradient ${rank}${inside ? " inside" : ""}`,
    dtype: out.dtype,
    batch: attrs.groups,
    m,
    n: out.shape[1]! * taps,
    outer: g.shape[0]! * sizeOf(g.shape.slice(2, -1)),
    inner: g.shape.at(-1)!,
    digits: ["p.gSize0", ...paramNames("gSize", rank + 2, 2)],
    constants: {},
    left: g,
    right: x,
    out,
    params: { ...geometryOf({ g, x, out }), ...windowParams(attrs), ...imageMoves(x, attrs.stride), taps },
    batchCode: "",
    rows: {
      lane: (v, index) => `let ${v} = p.gAt + (z * p.m + ${index}) * p.gStride1;\n`,
      strides: ["p.gStride0", ...paramNames("gStride", rank + 2, 2)],
      bounds: [],
      taps: null,
      linear: false,
      alongSum: true,
      quads: quadsOf(
        { sizes: [m], strides: [g.strides[1]!] },
        { sizes: [g.shape[0]!, ...g.shape.slice(2)], strides: [g.strides[0]!, ...g.strides.slice(2)] },
        [g.offset, m * g.strides[1]!],
      ),
    },
    columns: {
      lane: (v, index) =>
        `let ${v}c = ${index} / p.taps; let ${v}q = ${index} % p.taps;\n` +
        coordinates(`${v}q`, `${v}q`, paramNames("outSize", rank + 2, 2)) +
        each(all, (d) => `let ${v}h${d} = ${v}q${d} * p.dilation${d} - p.padding${d};\n`) +
        `let ${v} = p.xAt + (z * p.outSize1 + ${v}c) * p.xStride1${
          each(inside ? all : [], (d) => ` + ${v}h${d} * p.xStride${d + 2}`)
        };\n`,
      alongSum: true,
      ...imageFactor(x, { first: 0, step: "stride", inside, taps: null }),
    },
    outRow: (v, index) => `let ${v} = p.outAt + (z * p.m + ${index}) * (p.outSize1 * p.taps);\n`,
    outColumn: (v, index) => `let ${v} = ${index};\n`,
  };
}

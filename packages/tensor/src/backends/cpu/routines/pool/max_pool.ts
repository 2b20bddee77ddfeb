/** Max-pooling in one to three dimensions, with the index of each maximum in its plane. */
import type { PoolAttrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import { imageStrides } from "../conv/conv_geometry.ts";
import { fittingBytes } from "../conv/image_blocks.ts";
import { contiguousOutput, inDType } from "../operand_copies.ts";
import { computeKind, dtypeOf, element } from "../element.ts";
import { quadWords } from "./max_pool_kernels.ts";
import { maxPoolModule, maxPoolParams } from "./max_pool_module.ts";
import type { Plan, PlanOperand } from "../plan.ts";
import { planned } from "../plan_cache.ts";
import type { CpuRoutine } from "../cpu_routine.ts";

/** The comparisons of a chunk. */
const grain = 100_000;

/** The number of taps up to which the vector code is unrolled. */
const mostTaps = 36;
/** The number of outputs per plane up to which a table lists the beginnings of their windows. */
const mostScattered = 4096;

/** The largest value of each window (the first of equal ones; NaN wins), and its index. */
export const maxPool: CpuRoutine<"maxPool"> = planned((plan, inputs, outputs, attrs) => {
  if (sizeOf(outputs[0]!.shape) === 0) return;
  const dtype = dtypeOf(computeKind(outputs[0]!.dtype));
  inDType(plan, dtype, inputs, [outputs[0]!], ([x], [values]) => {
    contiguousOutput(plan, values!, (y) => {
      contiguousOutput(plan, outputs[1]!, (at) => pool(plan, x!, y, at, attrs));
    });
  });
});

function pool(plan: Plan, x: PlanOperand, y: PlanOperand, at: PlanOperand, attrs: PoolAttrs): void {
  const kind = computeKind(x.dtype);
  const { bytes } = element(kind, false);
  const three = (values: readonly number[], fill: number) =>
    [values.at(-3) ?? fill, values.at(-2) ?? fill, values.at(-1)!] as const;
  const [inDepth, inRows, inColumns] = three(x.shape.slice(2), 1);
  const [outDepth, outRows, outColumns] = three(y.shape.slice(2), 1);
  const [kernelDepth, kernelRows, kernel] = three(attrs.kernel, 1);
  const [strideDepth, strideRows, stride] = three(attrs.stride, 1);
  const [padDepth, padRows, padColumns] = three(attrs.padding, 0);
  const [dilationDepth, dilationRows, dilation] = three(attrs.dilation, 1);
  const [xBatch, xChannel, xDepth, xRow, xColumn] = imageStrides(x, bytes);
  /** The range of outputs whose windows are inside the image along a dimension. */
  const inside = (out: number, size: number, kernel: number, stride: number, pad: number, dilation: number) => {
    const from = Math.min(Math.ceil(pad / stride), out);
    const last = Math.floor((size - 1 - (kernel - 1) * dilation + pad) / stride);
    return [from, Math.max(Math.min(last + 1, out), from)] as const;
  };
  const [from, to] = inside(outColumns, inColumns, kernel, stride, padColumns, dilation);
  const [rowFrom, rowTo] = inside(outRows, inRows, kernelRows, strideRows, padRows, dilationRows);
  const [depthFrom, depthTo] = inside(outDepth, inDepth, kernelDepth, strideDepth, padDepth, dilationDepth);
  const whole = padDepth + padRows + padColumns === 0 && !attrs.ceilMode;
  const outputs = outDepth * outRows * outColumns;
  const reading = kind !== "f32" || kernelDepth * kernelRows * kernel > mostTaps
    ? "single"
    : xColumn === bytes && stride <= 3 && to - from >= 4
    ? "rows"
    : whole && outputs >= 4 && outputs <= mostScattered
    ? "scattered"
    : "single";
  const window = [kernelDepth, kernelRows, kernel] as const;
  const widest = fittingBytes((to - from) * bytes);
  const entry = plan.module(
    `max pool ${kind} ${window} ${stride} ${dilation} ${reading} ${widest}`,
    (vectorBytes) => maxPoolModule({ kind, kernel: window, stride, dilation, reading }, Math.min(vectorBytes, widest)),
  );
  // Windows that are read one by one need no tables, and may be far larger than the image.
  const listed = reading === "single" ? [0, 0, 0] as const : window;
  /** The index of the element at an input position. */
  const number = (z: number, r: number, c: number): number => (z * inRows + r) * inColumns + c;
  const taps: number[] = [];
  for (let z = 0; z < listed[0]; z++) {
    for (let r = 0; r < listed[1]; r++) {
      for (let c = 0; c < listed[2]; c++) {
        const distance = number(z * dilationDepth, r * dilationRows, c * dilation);
        taps.push(distance, distance, distance, distance);
      }
    }
  }
  const quadCount = reading === "scattered" ? Math.ceil(outputs / 4) : 0;
  const table = new Int32Array(quadCount * quadWords);
  for (let i = 0; i < quadCount; i++) {
    const first = Math.min(4 * i, outputs - 4);
    for (let lane = 0; lane < 4; lane++) {
      const o = first + lane;
      const z = Math.floor(o / (outRows * outColumns)) * strideDepth;
      const r = (Math.floor(o / outColumns) % outRows) * strideRows;
      const c = (o % outColumns) * stride;
      table[i * quadWords + lane] = z * xDepth + r * xRow + c * xColumn;
      table[i * quadWords + 4 + lane] = number(z, r, c);
    }
    table[i * quadWords + 8] = first;
  }
  const values = {
    channels: x.shape[1]!,
    x: x.pointer,
    xBatch,
    xChannel,
    xDepth,
    xRow,
    xColumn,
    y: y.pointer,
    at: at.pointer,
    inDepth,
    inRows,
    inColumns,
    outDepth,
    outRows,
    outColumns,
    kernelDepth,
    kernelRows,
    strideDepth,
    strideRows,
    padDepth,
    padRows,
    padColumns,
    dilationDepth,
    dilationRows,
    from,
    to,
    depthFrom,
    depthTo,
    rowFrom,
    rowTo,
    numbers: plan.put(taps),
    quads: plan.put(table),
    quadCount,
  };
  const comparisons = outputs * kernelDepth * kernelRows * kernel;
  plan.run(entry, maxPoolParams, values, x.shape[0]! * x.shape[1]!, Math.max(Math.ceil(grain / comparisons), 1));
}

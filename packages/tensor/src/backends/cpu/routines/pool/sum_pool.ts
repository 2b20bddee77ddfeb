/** Sum-pooling in one or two dimensions, times a scale, and its gradient. */
import type { SumPoolAttrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import { imageStrides } from "../conv/conv_geometry.ts";
import { contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { element } from "../element.ts";
import { sumPoolModule, sumPoolParams } from "./sum_pool_module.ts";
import { blockOf, mostColumns, overlap, type SumPoolShape } from "./sum_pool_rows.ts";
import type { Plan, PlanOperand } from "../plan.ts";
import { planned } from "../plan_cache.ts";
import type { CpuRoutine } from "../cpu_routine.ts";

/** The additions of a chunk. */
const grain = 65_536;

/** Sums of windows. */
export const sumPool: CpuRoutine<"sumPool"> = planned((plan, [x], [y], attrs) => pool(plan, x!, y!, attrs, "sums"));

/** For every element, the sum of the gradients of the windows that contain it, row by row. */
export const sumPoolGrad: CpuRoutine<"sumPoolGrad"> = planned((plan, [x], [y], attrs) =>
  pool(plan, x!, y!, attrs, "gradient")
);

function pool(plan: Plan, x: PlanOperand, y: PlanOperand, attrs: SumPoolAttrs, of: SumPoolShape["of"]): void {
  if (sizeOf(y.shape) === 0) return;
  inDType(plan, y.dtype === "float64" ? "float64" : "float32", [x], [y], ([from], [to]) => {
    contiguousOutput(plan, to!, (out) => {
      // Rows may be anywhere, but their elements must be contiguous.
      if (from!.strides.at(-1) === 1 || from!.shape.at(-1) === 1) poolRows(plan, from!, out, attrs, of);
      else contiguousInputs(plan, [from!], ([copy]) => poolRows(plan, copy!, out, attrs, of));
    });
  });
}

function poolRows(plan: Plan, x: PlanOperand, y: PlanOperand, attrs: SumPoolAttrs, of: SumPoolShape["of"]): void {
  const kind = y.dtype === "float64" ? "f64" : "f32";
  const { bytes, lanes } = element(kind, false);
  const two = (values: readonly number[], fill: number) => [values.at(-2) ?? fill, values.at(-1)!] as const;
  const [xRows, xColumns] = two(x.shape.slice(2), 1);
  const [yRows, yColumns] = two(y.shape.slice(2), 1);
  const [kernelRows, kernel] = two(attrs.kernel, 1);
  const [strideRows, stride] = two(attrs.stride, 1);
  const [padRows, padColumns] = two(attrs.padding, 0);
  const [xBatch, xChannel, , xRow] = imageStrides(x, bytes);
  const sums = of === "sums";
  const short = kernel <= mostColumns && stride <= mostColumns;
  const before = overlap(kernel, stride);
  const outColumns = sums ? yColumns : xColumns;
  // When a block reads a row directly, it must not reach beyond its windows; and only windows that do not overlap can be expanded
  // one by one.
  const direct = short && padColumns === 0 && outColumns >= lanes &&
    (sums ? (yColumns - 1) * stride + kernel <= xColumns : before === 0 && yColumns === xColumns * stride);
  const columns = sums ? lanes : lanes * stride;
  const [blocks, rest] = [Math.floor(yColumns / columns), yColumns % columns];
  const shape: SumPoolShape = {
    kind,
    of,
    kernel,
    stride,
    scale: attrs.scale,
    rows: sums ? kernelRows : Math.ceil(kernelRows / strideRows),
    phase: sums ? 0 : padColumns % stride,
    direct,
    rest,
    moveBack: blocks > 0 && (sums || rest % stride === 0),
    xRest: xColumns % lanes,
    xWhole: xColumns >= lanes,
  };
  const key = `sum pool ${Object.values(shape).join()}`;
  const entry = plan.module(key, () => sumPoolModule(shape));
  // The scratch row: the elements before it, where the first column of y reads, and how far the last one reads.
  const [left, skip] = sums ? [padColumns, 0] : [before, Math.floor(padColumns / stride)];
  const reach = sums ? (yColumns - 1) * stride + kernel : Math.floor((yColumns - 1 + padColumns) / stride) + before + 1;
  // Rows of the gradient's image up to the end of the first window.
  const begin = padRows - kernelRows + strideRows;
  const block = short ? blockOf(shape, lanes) : null;
  const read = block === null ? 0 : skip + (Math.ceil(yColumns / columns) - 1) * block.step + block.span;
  const scratchBytes = direct ? 0 : 64 * Math.ceil(Math.max(left + xColumns, reach, read) * bytes / 64 + 1);
  const scratch = direct ? 0 : plan.borrow(scratchBytes * plan.threads);
  if (!direct) plan.zero(scratch, scratchBytes * plan.threads);
  const values = {
    channels: x.shape[1]!,
    x: x.pointer,
    xBatch,
    xChannel,
    xRow,
    xColumns,
    xRows,
    y: y.pointer,
    yRows,
    yColumns,
    yRowBytes: yColumns * bytes,
    strideRows,
    first: sums ? -padRows : Math.floor(begin / strideRows),
    firstPhase: sums ? 0 : begin - Math.floor(begin / strideRows) * strideRows,
    last: sums ? kernelRows - padRows : Math.floor(padRows / strideRows) + 1,
    lastPhase: padRows % strideRows,
    blocks,
    left: left * bytes,
    skip: skip * bytes,
    scratch,
    scratchBytes,
  };
  const work = Math.max(yRows * yColumns, xRows * xColumns);
  plan.run(entry, sumPoolParams, values, x.shape[0]! * x.shape[1]!, Math.max(Math.ceil(grain / work), 1));
  if (!direct) plan.giveBack(scratch);
}

/** `[…, M, K] · […, K, N]` with broadcast batches, any strides and dtype, plus a bias `[N]`. */
import type { MatmulAttrs } from "../../../../prims/attrs.ts";
import { broadcastStrides, sizeOf } from "../../../../shape.ts";
import { contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { computeKind, dtypeOf, element } from "../element.ts";
import { gemm } from "./gemm.ts";
import type { GemmWork } from "./gemm_work.ts";
import type { Plan, PlanOperand } from "../plan.ts";
import { planned } from "../plan_cache.ts";
import type { CpuRoutine } from "../cpu_routine.ts";

/** The strides of the batch dimensions and of the matrix. */
interface Layout {
  readonly batch: readonly number[];
  readonly row: number;
  readonly column: number;
}

function layoutOf({ shape, strides }: PlanOperand, batch: readonly number[]): Layout {
  const own = shape.slice(0, -2);
  return { batch: broadcastStrides(own, strides.slice(0, -2), batch), row: strides.at(-2)!, column: strides.at(-1)! };
}

/** The same product, with batch dimensions in which the right operand is constant merged into the rows. */
function rowsFromBatch(
  shape: readonly number[],
  m: number,
  [left, right, out]: readonly [Layout, Layout, Layout],
): { batch: number; m: number; leftRow: number; outRow: number } {
  let [batch, rows, leftRow, outRow] = [shape.length, m, left.row, out.row];
  for (; batch > 0; batch--) {
    const d = batch - 1;
    if (shape[d] === 1) continue;
    if (right.batch[d] !== 0) break;
    if (rows === 1) [leftRow, outRow] = [left.batch[d]!, out.batch[d]!];
    else if (left.batch[d] !== leftRow * rows || out.batch[d] !== outRow * rows) break;
    rows *= shape[d]!;
  }
  return { batch, m: rows, leftRow, outRow };
}

/** The routine `matmul`. */
export const matmul: CpuRoutine<"matmul"> = planned((plan, inputs, outputs, { activation, rounded }: MatmulAttrs) => {
  const dtype = dtypeOf(computeKind(outputs[0]!.dtype));
  inDType(plan, dtype, inputs, outputs, ([a, b, ...rest], [c]) => {
    if (sizeOf(c!.shape) === 0) return;
    contiguousInputs(plan, rest, ([bias]) => {
      const product = (out: PlanOperand): void =>
        multiply(plan, a!, b!, out, { bias: bias?.pointer, activation, rounded });
      // Rows may be anywhere, but each must be contiguous.
      if (c!.strides.at(-1) === 1 || c!.shape.at(-1) === 1) return product(c!);
      contiguousOutput(plan, c!, product);
    });
  });
});

function multiply(
  plan: Plan,
  a: PlanOperand,
  b: PlanOperand,
  c: PlanOperand,
  options: Pick<GemmWork, "bias" | "activation" | "rounded">,
): void {
  const kind = computeKind(c.dtype);
  const { bytes } = element(kind, false);
  const shape = c.shape.slice(0, -2);
  const [left, right, out] = [layoutOf(a, shape), layoutOf(b, shape), layoutOf(c, shape)];
  const [n, k] = [c.shape.at(-1)!, a.shape.at(-1)!];
  const { batch, m, leftRow, outRow } = rowsFromBatch(shape, c.shape.at(-2)!, [left, right, out]);
  // Rounded operands are packed along rows or columns.
  if (options.rounded) {
    if (m > 1 && leftRow !== 1 && left.column !== 1) {
      return contiguousInputs(plan, [a], ([a]) => multiply(plan, a!, b, c, options));
    }
    if (n > 1 && right.row !== 1 && right.column !== 1) {
      return contiguousInputs(plan, [b], ([b]) => multiply(plan, a, b!, c, options));
    }
  }
  const sizes = shape.slice(0, batch);
  const count = sizeOf(sizes);
  const products: number[] = [];
  const index = new Array<number>(batch).fill(0);
  const at = [a.pointer, b.pointer, c.pointer];
  const move = (d: number, by: number): void =>
    [left, right, out].forEach((layout, o) => at[o]! += by * layout.batch[d]! * bytes);
  for (let i = 0; i < count; i++) {
    products.push(...at);
    for (let d = batch - 1; d >= 0; d--) {
      move(d, 1);
      if (++index[d]! < sizes[d]!) break;
      move(d, -sizes[d]!);
      index[d] = 0;
    }
  }
  gemm(plan, {
    ...options,
    kind,
    m,
    n,
    k,
    leftM: leftRow * bytes,
    leftK: left.column * bytes,
    rightK: right.row * bytes,
    rightN: right.column * bytes,
    outStride: outRow * bytes,
    leftSource: a.source,
    rightSource: b.source,
    products,
  });
}

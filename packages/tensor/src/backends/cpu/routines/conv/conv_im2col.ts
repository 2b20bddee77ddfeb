/**
 * Convolutions by im2col and a matrix product. They handle all geometries, and are used for those that no kernel reads in place,
 * such as outputs narrower than a vector. The copies limit their speed.
 */
import { sizeOf } from "../../../../shape.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import { type ConvGeometry, convGeometry, imageLayout, imageStrides, sizeOfVolume } from "./conv_geometry.ts";
import { convIm2colModule, convIm2colParams } from "./conv_im2col_module.ts";
import { rowTable } from "./conv_image.ts";
import { computeKind, element } from "../element.ts";
import { gemm } from "../matmul/gemm.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** The most bytes of a column matrix. Batches are split to stay below it. */
const columnBytes = 2 ** 25;

/** The three products: the output, the input gradient and the weight gradient. */
export type ConvProduct = "output" | "input" | "weight";

/** Computes a product. `y`, `w` and `bias` are contiguous, and so is `x` if it is the result. */
export function convIm2col(
  plan: Plan,
  product: ConvProduct,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: Attrs["conv"],
  bias?: PlanOperand,
): void {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const kind = computeKind(x.dtype);
  const { relaxedMadd } = plan.features;
  const { bytes } = element(kind, relaxedMadd);
  const strides = imageStrides(x, bytes);
  const entry = plan.module(`columns ${kind}`, (wide) => convIm2colModule(element(kind, relaxedMadd, wide)));
  const layout = imageLayout(g, strides, bytes, true);
  const tables = {
    rows: plan.put(rowTable(layout)),
    taps: plan.put(taps(g, layout)),
    positions: plan.put(positions(g, layout)),
  };
  const [tapCount, positionCount] = [sizeOfVolume(g.kernel), sizeOfVolume(g.output)];
  const depth = g.channels * tapCount;
  const block = Math.max(Math.min(Math.floor(columnBytes / (depth * positionCount * bytes)), g.batch), 1);
  const preparedBytes = g.channels * layout.bytes;
  const positionBytes = block * positionCount * bytes;
  const biasBytes = bias ? 0 : g.filters * bytes;
  const biasAt = block * preparedBytes + positionBytes * (depth + g.filters);
  const scratch = biasAt + biasBytes;
  const columns = plan.borrow(scratch);
  plan.zero(columns + biasAt, biasBytes);
  const matrix = columns + positionBytes * depth;
  const prepared = matrix + positionBytes * g.filters;
  if (product === "input" && !layout.complete) {
    plan.zero(x.pointer, sizeOf(x.shape) * bytes);
  }

  for (let group = 0; group < g.groups; group++) {
    const weights = w.pointer + group * g.filters * depth * bytes;
    for (let first = 0; first < g.batch; first += block) {
      const images = Math.min(block, g.batch - first);
      const matrixRow = images * positionCount * bytes;
      const values = {
        phase: 0,
        image: x.pointer + first * strides[0] + group * g.channels * strides[1],
        imageBatch: strides[0],
        imageChannel: strides[1],
        prepared,
        preparedBatch: preparedBytes,
        preparedChannel: layout.bytes,
        preparedBytes,
        ...tables,
        rowCount: layout.rows.length,
        step: layout.step,
        channels: g.channels,
        images,
        tapCount,
        positionCount,
        columns,
        plain: y.pointer + (first * g.groups + group) * g.filters * positionCount * bytes,
        plainBatch: g.groups * g.filters * positionCount * bytes,
        matrix,
        matrixRow,
        bias: bias ? bias.pointer + group * g.filters * bytes : columns + biasAt,
        rectifies: attrs.activation === "relu" ? 1 : 0,
      };
      const phase = (number: number, items: number): void =>
        plan.run(entry, convIm2colParams, { ...values, phase: number }, items, 1);
      phase(2, images);
      if (product !== "input") {
        phase(0, images);
        phase(1, g.channels);
      }
      if (product !== "output") phase(5, g.filters);
      if (product === "output") {
        gemm(plan, {
          kind,
          products: [weights, columns, matrix],
          leftSource: w.source,
          m: g.filters,
          k: depth,
          n: images * positionCount,
          leftM: depth * bytes,
          leftK: bytes,
          rightK: matrixRow,
          rightN: bytes,
          outStride: matrixRow,
        });
        phase(6, g.filters);
      } else if (product === "input") {
        gemm(plan, {
          kind,
          products: [weights, matrix, columns],
          leftSource: w.source,
          m: depth,
          k: g.filters,
          n: images * positionCount,
          leftM: bytes,
          leftK: depth * bytes,
          rightK: matrixRow,
          rightN: bytes,
          outStride: matrixRow,
        });
        phase(3, g.channels);
        phase(4, images);
      } else {
        gemm(plan, {
          kind,
          products: [matrix, columns, weights],
          m: g.filters,
          k: images * positionCount,
          n: depth,
          leftM: matrixRow,
          leftK: bytes,
          rightK: bytes,
          rightN: matrixRow,
          outStride: depth * bytes,
          adds: first > 0,
        });
      }
    }
  }
  plan.giveBack(columns);
}

type Layout = ReturnType<typeof imageLayout>;

/** The byte offsets of a channel's taps. */
function taps({ kernel: [kd, kh, kw] }: ConvGeometry, layout: Layout): Int32Array {
  const table: number[] = [];
  for (let a = 0; a < kd; a++) {
    for (let b = 0; b < kh; b++) for (let c = 0; c < kw; c++) table.push(layout.tap(a, b, c));
  }
  return Int32Array.from(table);
}

/** The byte offsets of the output positions. */
function positions({ output: [od, oh, ow] }: ConvGeometry, layout: Layout): Int32Array {
  const table: number[] = [];
  for (let a = 0; a < od; a++) {
    for (let b = 0; b < oh; b++) for (let c = 0; c < ow; c++) table.push(layout.position(a, b, c));
  }
  return Int32Array.from(table);
}

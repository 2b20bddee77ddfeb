/**
 * Convolutions by im2col and a matrix product. They handle all geometries, and are used for those that no kernel reads in place,
 * such as outputs narrower than a vector. The copies limit their speed.
 */
import { sizeOf } from "../../../../shape.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import type { Engine } from "../../engine.ts";
import {
  type ConvGeometry,
  convGeometry,
  geometryKey,
  imageLayout,
  imageStrides,
  sizeOfVolume,
} from "./conv_geometry.ts";
import { convIm2colModule, convIm2colParams } from "./conv_im2col_module.ts";
import { rowTable } from "./conv_image.ts";
import { computeKind, element } from "../element.ts";
import { gemm } from "../matmul/gemm.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { tablesFor } from "../table_cache.ts";

/** The most bytes of a column matrix. Batches are split to stay below it. */
const columnBytes = 2 ** 25;

/** The three products: the output, the input gradient and the weight gradient. */
export type ConvProduct = "output" | "input" | "weight";

/** Computes a product. `y`, `w` and `bias` are contiguous, and so is `x` if it is the result. */
export function convIm2col(
  engine: Engine,
  product: ConvProduct,
  x: CpuOperand,
  w: CpuOperand,
  y: CpuOperand,
  attrs: Attrs["conv"],
  bias?: CpuOperand,
): void {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const kind = computeKind(x.dtype);
  const { relaxedMadd } = engine.features;
  const { bytes } = element(kind, relaxedMadd);
  const strides = imageStrides(x, bytes);
  const entry = cachedModule(engine, `columns ${kind}`, (wide) => convIm2colModule(element(kind, relaxedMadd, wide)));
  const key = `columns ${bytes} ${strides} ${geometryKey(g)}`;
  const tables = tablesFor(engine, key, (put) => {
    const layout = imageLayout(g, strides, bytes, true);
    return { layout, rows: put(rowTable(layout)), taps: put(taps(g, layout)), positions: put(positions(g, layout)) };
  });
  const { layout } = tables;
  const { heap } = engine;
  const [tapCount, positionCount] = [sizeOfVolume(g.kernel), sizeOfVolume(g.output)];
  const depth = g.channels * tapCount;
  const block = Math.max(Math.min(Math.floor(columnBytes / (depth * positionCount * bytes)), g.batch), 1);
  const preparedBytes = g.channels * layout.bytes;
  const positionBytes = block * positionCount * bytes;
  const biasBytes = bias ? 0 : g.filters * bytes;
  const biasAt = block * preparedBytes + positionBytes * (depth + g.filters);
  const scratch = biasAt + biasBytes;
  const columns = heap.borrow(scratch);
  heap.bytes.fill(0, columns + biasAt, columns + scratch);
  const matrix = columns + positionBytes * depth;
  const prepared = matrix + positionBytes * g.filters;
  if (product === "input" && !layout.complete) {
    new Uint8Array(heap.memory.buffer, x.pointer, sizeOf(x.shape) * bytes).fill(0);
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
        rows: tables.rows,
        rowCount: layout.rows.length,
        step: layout.step,
        channels: g.channels,
        images,
        taps: tables.taps,
        tapCount,
        positions: tables.positions,
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
        engine.parallel(entry, convIm2colParams.write(engine, { ...values, phase: number }), items, 1);
      const product2d = { kind, products: new Int32Array(3) };
      phase(2, images);
      if (product !== "input") {
        phase(0, images);
        phase(1, g.channels);
      }
      if (product !== "output") phase(5, g.filters);
      if (product === "output") {
        product2d.products.set([weights, columns, matrix]);
        gemm(engine, {
          ...product2d,
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
        product2d.products.set([weights, matrix, columns]);
        gemm(engine, {
          ...product2d,
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
        product2d.products.set([matrix, columns, weights]);
        gemm(engine, {
          ...product2d,
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
  heap.giveBack(columns);
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

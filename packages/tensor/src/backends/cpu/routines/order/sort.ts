/** Stable sort along a dimension; NaN counts as the largest value. */
import { itemSize } from "../../../../dtype.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import type { Engine } from "../../engine.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { countBytes, recordBytes, sortFields, sortMethod, sortModule } from "./sort_module.ts";
import { type Space, StridedLoop } from "../strided_loop.ts";

/** The approximate number of elements per chunk. */
const grain = 16384;

/** The routine `sort`. Outputs are the sorted values and their original indices (int32). */
export function sort(
  engine: Engine,
  [x]: readonly CpuOperand[],
  [sorted, order]: readonly CpuOperand[],
  { dim, descending }: Attrs["sort"],
): void {
  const { dtype, shape } = x!;
  const length = shape[dim] ?? 1;
  const outer = shape.filter((_, d) => d !== dim);
  const count = sizeOf(outer);
  if (count * length === 0) return;
  const bytes = itemSize(dtype);
  // Rows are visited by number, without an innermost dimension.
  const without = ({ pointer, strides }: CpuOperand, bytes: number) => ({
    pointer,
    strides: [...strides.filter((_, d) => d !== dim), 0],
    bytes,
  });
  const operands = [without(sorted!, bytes), without(order!, 4), without(x!, bytes)];
  const space: Space = { outer, inner: 1, operands };
  const loop = new StridedLoop(outer.length, 3, sortFields);
  const method = sortMethod(length);
  const key = `sort ${dtype} ${descending} ${method} ${outer.length}`;
  const entry = cachedModule(engine, key, () => sortModule(loop, dtype, descending, method));
  const workBytes = Math.ceil((2 * length * recordBytes(dtype) + countBytes(method)) / 64) * 64;
  const work = engine.heap.borrow(workBytes * engine.threads);
  try {
    const params = loop.write(engine, space, {
      length,
      valueStep: (sorted!.strides[dim] ?? 0) * bytes,
      orderStep: (order!.strides[dim] ?? 0) * 4,
      inStep: (x!.strides[dim] ?? 0) * bytes,
      work,
      workBytes,
    });
    engine.parallel(entry, params, count, Math.ceil(grain / length));
  } finally {
    engine.heap.giveBack(work);
  }
}

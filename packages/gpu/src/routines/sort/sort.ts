/** Stable sort along a dimension. NaN is the largest value. */
import { type DType, isFloat } from "@heddle/tensor";
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { isNan } from "../../render/math/functions.ts";
import { dispatch } from "../shared/dispatch.ts";
import { type Lanes, lanesOf } from "../shared/lanes.ts";
import { runLength, sortRows } from "./merge_sort.ts";

/** `key_of(value)`: an integer that sorts in the given order. Both zeros have the same key, and so have all NaN. */
function keyOf(dtype: DType, descending: boolean): string {
  const result = descending ? "~key" : "key";
  if (!isFloat(dtype)) return `fn key_of(key: i32) -> i32 { return ${result}; }\n`;
  return `${isNan}fn key_of(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  var key = bits ^ ((bits >> 31u) & 0x7fffffff);
  if ((bits & 0x7fffffff) == 0) { key = 0; }
  if (is_nan(x)) { key = 0x7fffffff; }
  return ${result};
}
`;
}

/** Sorts values and returns their original positions as indices. */
export function sort(
  gpu: GpuContext,
  [x]: readonly GpuOperand[],
  [values, indices]: readonly GpuOperand[],
  { dim, descending }: Attrs["sort"],
): void {
  if (sizeOf(x!.shape) === 0) return;
  const length = x!.shape[dim] ?? 1;
  const lanes = lanesOf(x!.shape, dim, { x: x!, values: values!, indices: indices! });
  const operands: SortOperands = { x: x!, values: values!, indices: indices!, lanes, length, descending };
  if (length <= 2 * runLength(gpu)) sortShort(gpu, operands);
  else sortLong(gpu, operands);
}

interface SortOperands {
  readonly x: GpuOperand;
  readonly values: GpuOperand;
  readonly indices: GpuOperand;
  readonly lanes: Lanes;
  readonly length: number;
  readonly descending: boolean;
}

/** Sorts short lanes: every element counts those that come before it. */
function sortShort(gpu: GpuContext, { x, values, indices, lanes, length, descending }: SortOperands): void {
  dispatch(gpu, {
    key: `sort short ${lanes.rank} ${descending}`,
    reads: { x },
    writes: { values, indices },
    params: { length, ...lanes.params },
    declarations: () => keyOf(x.dtype, descending),
    threads: lanes.count * length,
    body: () =>
      `let k = thread % p.length;
${lanes.code("(thread / p.length)")}
let value = x_get(x_lane + k * p.xStep);
let mine = key_of(value);
var place = 0u;
for (var other = 0u; other < p.length; other++) {
  let key = key_of(x_get(x_lane + other * p.xStep));
  if (key < mine || (key == mine && other < k)) { place++; }
}
values_set(values_lane + place * p.valuesStep, value);
indices_set(indices_lane + place * p.indicesStep, i32(k));
`,
  });
}

function sortLong(gpu: GpuContext, { x, values, indices, lanes, length, descending }: SortOperands): void {
  const count = lanes.count * length;
  const keys = gpu.scratch(4 * count);
  dispatch(gpu, {
    key: `sort keys ${lanes.rank} ${descending}`,
    reads: { x },
    writes: { keys: { buffer: keys, dtype: "int32" } },
    params: { length, ...lanes.params },
    declarations: () => keyOf(x.dtype, descending),
    threads: count,
    body: () =>
      `${lanes.code("(thread / p.length)")}
keys[thread] = key_of(x_get(x_lane + (thread % p.length) * p.xStep));
`,
  });
  const sorted = sortRows(gpu, keys, lanes.count, length);
  dispatch(gpu, {
    key: `sort values ${lanes.rank}`,
    reads: { x, order: { buffer: sorted.order, dtype: "int32" } },
    writes: { values, indices },
    params: { length, ...lanes.params },
    threads: count,
    body: () =>
      `let k = thread % p.length;
${lanes.code("(thread / p.length)")}
let chosen = order[thread];
values_set(values_lane + k * p.valuesStep, x_get(x_lane + u32(chosen) * p.xStep));
indices_set(indices_lane + k * p.indicesStep, chosen);
`,
  });
  gpu.release(sorted.keys);
  gpu.release(sorted.order);
}

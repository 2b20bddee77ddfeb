/**
 * `out = x`, then `out[index[i][j]][j] = combine(out[…], source[i][j])`, in the order of the index, so that sums of
 * floats are the same in every run. There are three algorithms:
 * - search: each element of the output searches the index for itself. For short indices.
 * - by lane: a thread for each lane of the index goes through it and updates the output. For many lanes, and on
 *   software adapters.
 * - sort: the index is sorted, stably, and each element of the output finds its entries by bisection. For long indices
 *   with few lanes.
 */
import { type DType, isFloat, isHalfDType, type ScatterMode } from "@heddle/tensor";
import { type Attrs, contiguousStrides, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { isNan } from "../../render/math/functions.ts";
import { copy } from "../shared/copy.ts";
import { dispatch } from "../shared/dispatch.ts";
import { lanesOf } from "../shared/lanes.ts";
import { dot, numbered } from "../shared/params.ts";
import { sortRows } from "../sort/merge_sort.ts";

/** Most iterations of a loop in one launch: lavapipe ends loops after 65,535, and browsers stop long launches. */
const maxLoopIterations = 32768;

interface Scatter {
  readonly x: GpuOperand;
  readonly index: GpuOperand;
  readonly source: GpuOperand;
  readonly out: GpuOperand;
  readonly dim: number;
  readonly mode: ScatterMode;
}

/** A scalar as a vector of one element. */
function asVector(operand: GpuOperand): GpuOperand {
  return operand.shape.length > 0 ? operand : { ...operand, shape: [1], strides: [1] };
}

/** Scatters along a dimension. Indices out of range, which the host cannot check on a GPU, have no effect. */
export function scatter(
  gpu: GpuContext,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  { dim, mode }: Attrs["scatter"],
): void {
  const [x, index, source] = inputs.map(asVector);
  const s: Scatter = { x: x!, index: index!, source: source!, out: asVector(outputs[0]!), dim, mode };
  const total = sizeOf(s.out.shape);
  const indices = sizeOf(s.index.shape);
  if (total === 0) return;
  if (indices === 0) {
    copy(gpu, s.x, s.out);
    return;
  }
  const length = s.index.shape[dim]!;
  const lanes = indices / length;
  if (gpu.software ? total * length <= 2 ** 12 : length <= 16 || total * length <= 2 ** 20) scatterBySearch(gpu, s);
  else if (gpu.software || lanes >= 4096) scatterByLane(gpu, s);
  else scatterBySort(gpu, s);
}

/** `combine(old, value)`: the new value of an output. */
function combine(mode: ScatterMode, dtype: DType): string {
  const type = isFloat(dtype) ? "f32" : "i32";
  const better = (operator: string): string =>
    type === "f32"
      ? `select(old, value, (value ${operator} old && !is_nan(old)) || is_nan(value))`
      : `select(old, value, value ${operator} old)`;
  const result = {
    set: () => "value",
    // For bool: whether any or all values are true.
    sum: () => dtype === "bool" ? "old | value" : "old + value",
    prod: () => dtype === "bool" ? "old & value" : "old * value",
    amax: () => better(">"),
    amin: () => better("<"),
  }[mode]();
  return `${type === "f32" ? isNan : ""}fn combine(old: ${type}, value: ${type}) -> ${type} { return ${result}; }\n`;
}

/**
 * Code for each element of the output: its coordinates, whether the index covers it, and the start of its lanes in the
 * index and the source.
 */
function outputElement({ x, index, source, out, dim }: Scatter): { params: Record<string, number>; code: string } {
  const rank = out.shape.length;
  const beside = (values: readonly number[]): number[] => values.map((value, d) => d === dim ? 0 : value);
  const reached = out.shape.flatMap((_, d) => d === dim ? [] : [`c${d} < p.reach${d}`]).join(" && ");
  return {
    params: {
      ...{ count: index.shape[dim]!, step: index.strides[dim]!, sourceStep: source.strides[dim]! },
      ...{ xOffset: x.offset, indexOffset: index.offset, sourceOffset: source.offset, outOffset: out.offset },
      ...numbered("size", out.shape),
      ...numbered("reach", index.shape),
      ...numbered("xStride", x.strides),
      ...numbered("indexStride", beside(index.strides)),
      ...numbered("sourceStride", beside(source.strides)),
    },
    code: `${coordinates("c", "thread", paramNames("size", rank))}
var result = x_get(p.xOffset + ${dot("c", "p.xStride", rank)});
let own = i32(c${dim});
let reached = ${reached === "" ? "true" : reached};
let source_lane = p.sourceOffset + ${dot("c", "p.sourceStride", rank)};
`,
  };
}

function scatterBySearch(gpu: GpuContext, s: Scatter): void {
  const { x, index, source, out, dim, mode } = s;
  const rank = out.shape.length;
  const { params, code } = outputElement(s);
  dispatch(gpu, {
    key: `scatter scatterBySearch ${mode} ${rank} ${dim}`,
    reads: { x, indices: index, source },
    writes: { out },
    params,
    declarations: () => combine(mode, out.dtype),
    threads: sizeOf(out.shape),
    body: () =>
      `${code}
let index_lane = p.indexOffset + ${dot("c", "p.indexStride", rank)};
if (reached) {
  for (var k = 0u; k < p.count; k++) {
    if (indices_get(index_lane + k * p.step) == own) {
      result = combine(result, source_get(source_lane + k * p.sourceStep));
    }
  }
}
out_set(p.outOffset + thread, result);
`,
  });
}

function scatterByLane(gpu: GpuContext, { x, index, source, out, dim, mode }: Scatter): void {
  // Sums and products of float16 and bfloat16 are computed in float32.
  const wide = isHalfDType(out.dtype) && mode !== "set";
  const written: GpuOperand = wide
    ? { ...out, buffer: gpu.scratch(4 * sizeOf(out.shape)), offset: 0, dtype: "float32" }
    : out;
  copy(gpu, x, written);
  const length = index.shape[dim]!;
  const lanes = lanesOf(index.shape, dim, { index, source, out: written });
  for (let begin = 0; begin < length; begin += maxLoopIterations) {
    dispatch(gpu, {
      key: `scatter scatterByLane ${mode} ${lanes.rank}`,
      reads: { indices: index, source },
      writes: { out: written },
      params: { begin, end: Math.min(begin + maxLoopIterations, length), size: out.shape[dim]!, ...lanes.params },
      declarations: () => combine(mode, out.dtype),
      threads: lanes.count,
      body: () =>
        `${lanes.code("thread")}
for (var k = p.begin; k < p.end; k++) {
  let chosen = u32(indices_get(index_lane + k * p.indexStep));
  if (chosen < p.size) {
    let place = out_lane + chosen * p.outStep;
    out_set(place, combine(out_get(place), source_get(source_lane + k * p.sourceStep)));
  }
}
`,
    });
  }
  if (wide) {
    copy(gpu, written, out);
    gpu.release(written.buffer);
  }
}

function scatterBySort(gpu: GpuContext, s: Scatter): void {
  const { x, index, source, out, dim, mode } = s;
  const length = index.shape[dim]!;
  const rank = out.shape.length;
  // An index shared by many lanes (as for the rows of an embedding) is sorted once.
  const distinct = index.shape.map((size, d) => d === dim || index.strides[d] === 0 ? 1 : size);
  const rows = sizeOf(distinct);
  const rowStrides = contiguousStrides(distinct).map((stride, d) => distinct[d] === 1 ? 0 : stride);
  const keys = gpu.scratch(4 * rows * length);
  const lanes = lanesOf(distinct, dim, { index });
  dispatch(gpu, {
    key: `scatter keys ${lanes.rank}`,
    reads: { indices: index },
    writes: { keys: { buffer: keys, dtype: "int32" } },
    params: { length, ...lanes.params },
    threads: rows * length,
    body: () =>
      `${lanes.code("(thread / p.length)")}
keys[thread] = indices_get(index_lane + (thread % p.length) * p.indexStep);
`,
  });
  const sorted = sortRows(gpu, keys, rows, length);
  const { params, code } = outputElement(s);
  dispatch(gpu, {
    key: `scatter scatterBySort ${mode} ${rank} ${dim}`,
    reads: {
      ...{ x, source },
      keys: { buffer: sorted.keys, dtype: "int32" },
      order: { buffer: sorted.order, dtype: "int32" },
    },
    writes: { out },
    params: { ...params, ...numbered("rowStride", rowStrides) },
    declarations: () => combine(mode, out.dtype),
    threads: sizeOf(out.shape),
    body: () =>
      `${code}
if (reached) {
  let row = (${dot("c", "p.rowStride", rank)}) * p.count;
  var low = 0u;
  var high = p.count;
  while (low < high) {
    let half = (low + high) / 2u;
    if (keys[row + half] < own) { low = half + 1u; } else { high = half; }
  }
  for (; low < p.count; low++) {
    if (keys[row + low] != own) { break; }
    result = combine(result, source_get(source_lane + u32(order[row + low]) * p.sourceStep));
  }
}
out_set(p.outOffset + thread, result);
`,
  });
  gpu.release(sorted.keys);
  gpu.release(sorted.order);
}

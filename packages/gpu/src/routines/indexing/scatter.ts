/**
 * `out = x`, then `out[index[i][j]][j] = combine(out[…], source[i][j])`, in the order of the index, so that sums of
 * floats are the same in every run. There are three algorithms:
 * - search: each element of the output searches the index for itself. For short indices.
 * - by lane: a thread for each lane of the index goes through it and updates the output. For many lanes of moderate
 *   length, and on software adapters.
 * - sort: the index is sorted, stably, and each element of the output combines a run of entries. For long indices. Blocks
 *   within a run are combined beforehand, so that one frequent value is no chain of thousands of steps.
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
import { inSteps, stepsOf, within } from "../shared/steps.ts";
import { sortRows } from "../sort/merge_sort.ts";

/** Most iterations of a loop in one launch: lavapipe ends loops after 65,535, and browsers stop long launches. */
const maxLoopIterations = 32768;

/** The longest index that GPUs go through entry by entry. */
const longestWalk = 1024;

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
  const short = gpu.software
    ? total * length <= 2 ** 12
    : length <= 16 || (length <= longestWalk && total * length <= 2 ** 20);
  if (short) scatterBySearch(gpu, s);
  else if (gpu.software || (lanes >= 4096 && length <= longestWalk)) scatterByLane(gpu, s);
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
  const steps = stepsOf(gpu);
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
  for (var k = 0u; k < p.count; k += ${steps}u) {
    ${inSteps(steps, (i) => `let chosen${i} = indices_get(index_lane + (k + ${i}u) * p.step);`)}
    ${
        inSteps(steps, (i) =>
          `if (chosen${i} == own && ${
            within(i, "k", "p.count")
          }) { result = combine(result, source_get(source_lane + (k + ${i}u) * p.sourceStep)); }`)
      }
  }
}
out_set(p.outOffset + thread, result);
`,
  });
}

function scatterByLane(gpu: GpuContext, { x, index, source, out, dim, mode }: Scatter): void {
  const steps = stepsOf(gpu);
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
for (var k = p.begin; k < p.end; k += ${steps}u) {
  ${
          inSteps(steps, (i) =>
            `let chosen${i} = u32(indices_get(index_lane + (k + ${i}u) * p.indexStep)); ` +
            `let value${i} = source_get(source_lane + (k + ${i}u) * p.sourceStep);`)
        }
  ${
          inSteps(steps, (i) =>
            `if (chosen${i} < p.size && ${within(i, "k", "p.end")}) { let place = out_lane + chosen${i} * p.outStep; ` +
            `out_set(place, combine(out_get(place), value${i})); }`)
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
  const bound = {
    keys: { buffer: sorted.keys, dtype: "int32" },
    order: { buffer: sorted.order, dtype: "int32" },
  } as const;
  // Where the entries of each value of the index begin; those of one value end where those of the next begin.
  const size = out.shape[dim]!;
  const starts = { buffer: gpu.scratch(4 * rows * (size + 1)), dtype: "int32" } as const;
  dispatch(gpu, {
    key: "scatter starts",
    reads: { keys: bound.keys },
    writes: { starts },
    params: { length, values: size + 1 },
    threads: rows * (size + 1),
    body: () =>
      `let row = thread / p.values * p.length;
let own = i32(thread % p.values);
var low = 0u;
var high = p.length;
while (low < high) {
  let half = (low + high) / 2u;
  if (keys[row + half] < own) { low = half + 1u; } else { high = half; }
}
starts[thread] = i32(low);
`,
  });
  // The combination of each whole block of equal entries, for every lane. Blocks and runs are about equally long chains.
  const block = Math.min(256, Math.max(16, 2 ** Math.round(Math.log2(length) / 2)));
  const blocks = Math.floor(length / block);
  const beside = index.shape.map((each, d) => d === dim ? 1 : each);
  const count = sizeOf(beside);
  const type = isFloat(out.dtype) ? "float32" : "int32";
  const partial = { buffer: gpu.scratch(4 * Math.max(1, blocks * count)), dtype: type } as const;
  const laneStrides = contiguousStrides(beside).map((stride, d) => d === dim ? 0 : stride);
  const each = lanesOf(index.shape, dim, { source, row: { strides: rowStrides, offset: 0 } });
  dispatch(gpu, {
    key: `scatter blocks ${mode} ${each.rank} ${block}`,
    reads: { source, ...bound },
    writes: { partial },
    params: { length, lanes: count, ...each.params },
    declarations: () => combine(mode, out.dtype),
    threads: blocks * count,
    body: () =>
      `${each.code("(thread % p.lanes)")}
let first = row_lane * p.length + thread / p.lanes * ${block}u;
if (keys[first] != keys[first + ${block - 1}u]) { return; }
var result = source_get(source_lane + u32(order[first]) * p.sourceStep);
for (var k = 1u; k < 4u; k++) { result = combine(result, source_get(source_lane + u32(order[first + k]) * p.sourceStep)); }
for (var k = first + 4u; k < first + ${block}u; k += 4u) {
  ${inSteps(4, (i) => `let value${i} = source_get(source_lane + u32(order[k + ${i}u]) * p.sourceStep);`)}
  ${inSteps(4, (i) => `result = combine(result, value${i});`)}
}
partial[thread] = result;
`,
  });
  const { params, code } = outputElement(s);
  dispatch(gpu, {
    key: `scatter scatterBySort ${mode} ${rank} ${dim} ${block}`,
    reads: { ...{ x, source, starts, partial }, order: bound.order },
    writes: { out },
    params: {
      ...params,
      values: size + 1,
      lanes: count,
      ...numbered("rowStride", rowStrides),
      ...numbered("laneStride", laneStrides),
    },
    declarations: () => combine(mode, out.dtype),
    threads: sizeOf(out.shape),
    body: () =>
      `${code}
if (reached) {
  let row = ${dot("c", "p.rowStride", rank)};
  let lane_number = ${dot("c", "p.laneStride", rank)};
  var k = u32(starts[row * p.values + u32(own)]);
  let end = u32(starts[row * p.values + u32(own) + 1u]);
  // Entries up to a block, whole blocks, and the rest.
  while (k < end) {
    if (k % ${block}u == 0u && k + ${block}u <= end) {
      result = combine(result, partial[k / ${block}u * p.lanes + lane_number]);
      k += ${block}u;
    } else {
      result = combine(result, source_get(source_lane + u32(order[row * p.count + k]) * p.sourceStep));
      k++;
    }
  }
}
out_set(p.outOffset + thread, result);
`,
  });
  for (const buffer of [sorted.keys, sorted.order, starts.buffer, partial.buffer]) gpu.release(buffer);
}

/**
 * Stable merge sort for rows of integers. In short runs every element counts those that come before it. Runs are then
 * merged in pairs: each thread writes one stretch of the result and finds where it starts in both runs by bisection
 * (the "merge path" of Green, McColl and Bader, ICS 2012).
 */
import type { GpuContext } from "../../gpu_context.ts";
import { dispatch } from "../shared/dispatch.ts";
import { inSteps, stepsOf, within } from "../shared/steps.ts";

/**
 * Sorted keys, and the original position of each in its row: int32 `[rows, length]`, in scratch memory that the caller
 * releases.
 */
export interface Sorted {
  readonly keys: GPUBuffer;
  readonly order: GPUBuffer;
}

/** Length of the runs that are sorted by counting. With many threads counting is faster than merging. */
export function runLength({ software }: GpuContext): number {
  return software ? 16 : 64;
}

/** Sorts each of `rows` rows of `length` int32 keys. Releases `keys`, which is scratch memory. */
export function sortRows(gpu: GpuContext, keys: GPUBuffer, rows: number, length: number): Sorted {
  const count = rows * length;
  const scratch = (): Sorted => ({ keys: gpu.scratch(4 * count), order: gpu.scratch(4 * count) });
  const run = runLength(gpu);
  let sorted = scratch();
  dispatch(gpu, {
    key: "sort runs",
    reads: { keys: { buffer: keys, dtype: "int32" } },
    writes: { sorted: { buffer: sorted.keys, dtype: "int32" }, order: { buffer: sorted.order, dtype: "int32" } },
    params: { length, run },
    threads: count,
    body: () =>
      `let k = thread % p.length;
let row = thread - k;
let begin = row + k - k % p.run;
let end = min(begin + p.run, row + p.length);
let mine = keys[thread];
var place = begin;
for (var other = begin; other < end; other++) {
  let key = keys[other];
  if (key < mine || (key == mine && other < thread)) { place++; }
}
sorted[place] = mine;
order[place] = i32(k);
`,
  });
  gpu.release(keys);
  for (let width = run; width < length; width *= 2) {
    const merged = scratch();
    merge(gpu, sorted, merged, rows, length, width);
    gpu.release(sorted.keys);
    gpu.release(sorted.order);
    sorted = merged;
  }
  return sorted;
}

/** Merges runs of `width` elements in pairs. */
function merge(gpu: GpuContext, x: Sorted, out: Sorted, rows: number, length: number, width: number): void {
  // A stretch is within one pair of runs, as both are powers of two.
  const stretch = Math.min(2 * width, gpu.software ? 256 : 16);
  const stretches = Math.ceil(length / stretch);
  const steps = stepsOf(gpu);
  dispatch(gpu, {
    key: "sort merge",
    reads: { keys: { buffer: x.keys, dtype: "int32" }, order: { buffer: x.order, dtype: "int32" } },
    writes: { merged: { buffer: out.keys, dtype: "int32" }, places: { buffer: out.order, dtype: "int32" } },
    params: { length, width, stretch, stretches },
    threads: rows * stretches,
    body: () =>
      `let row = (thread / p.stretches) * p.length;
let place = (thread % p.stretches) * p.stretch;
let pair = place - place % (2u * p.width);
let middle = min(pair + p.width, p.length);
let left = row + pair;
let right = row + middle;
let left_count = middle - pair;
let right_count = min(pair + 2u * p.width, p.length) - middle;
let before = place - pair;
// The number of elements from the left run before the stretch. Of equal elements, those of the left run come first.
var a = before - min(before, right_count);
var most = min(before, left_count);
while (a < most) {
  let half = (a + most) / 2u;
  if (keys[left + half] <= keys[right + before - 1u - half]) { a = half + 1u; } else { most = half; }
}
var b = before - a;
let end = row + min(place + p.stretch, p.length);
for (var at = row + place; at < end; at += ${steps}u) {
  ${
        inSteps(steps, (i) =>
          `if (${within(i, "at", "end")}) {
    var taken = left + a;
    if (a < left_count && (b >= right_count || keys[left + a] <= keys[right + b])) { a++; } else { taken = right + b; b++; }
    merged[at + ${i}u] = keys[taken];
    places[at + ${i}u] = order[taken];
  }`)
      }
}
`,
  });
}

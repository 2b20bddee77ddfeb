/** Max-pooling and average-pooling. */
import { addRoutines } from "../backends/add_routines.ts";
import { maxPool as maxPoolRoutine } from "../backends/cpu/routines/pool/max_pool.ts";
import { maxPoolGrad } from "../backends/cpu/routines/pool/max_pool_grad.ts";
import { sumPool, sumPoolGrad } from "../backends/cpu/routines/pool/sum_pool.ts";
import * as reference from "../backends/reference/pool.ts";
import { apply, applyAll } from "../engine/apply.ts";
import { integerRange, isFloat } from "../dtype.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { windowCount } from "../prims/routines.ts";
import { checkHostSize, checkShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { batched, checkPadded, type PerDim, perDim } from "./spatial.ts";
import { pad } from "./join.ts";
import { checkOptions } from "../options.ts";
import { fromElements } from "./from_elements.ts";
import { checkDivisor } from "./pool_divisor.ts";

addRoutines({ maxPool: maxPoolRoutine, maxPoolGrad, sumPool, sumPoolGrad }, reference);

/** Options of max-pooling. */
export interface MaxPoolOptions {
  /** By default the window's size. */
  readonly stride?: PerDim;
  /** How many elements are added at each side, by default 0. */
  readonly padding?: PerDim;
  /** The distance between the elements of a window, by default 1. */
  readonly dilation?: PerDim;
  /** Whether windows that begin inside the padded image but end outside it count. */
  readonly ceilMode?: boolean;
}

/** Options of average-pooling. */
export interface AvgPoolOptions {
  /** The step from one window to the next, by default the size of the window. */
  readonly stride?: PerDim;
  /** How many elements are added at each side, by default 0. */
  readonly padding?: PerDim;
  /** Whether a last window that is partly outside counts, by default false. */
  readonly ceilMode?: boolean;
  /** Whether padding counts in the mean (default true). */
  readonly countIncludePad?: boolean;
  /** What sums are divided by, instead of the number of elements. */
  readonly divisorOverride?: number | null;
}

/** Maxima, and their indices in the flattened plane (int32). */
export interface Pooled {
  /** The largest element of each window. */
  readonly values: Tensor;
  /** Its index in the flattened plane (int32). */
  readonly indices: Tensor;
}

function checkWindow(
  operation: string,
  x: Tensor,
  kernel: readonly number[],
  padding: readonly number[],
  counts: readonly number[],
): void {
  if (padding.some((p, i) => p > kernel[i]! / 2)) {
    throw new RangeError(
      `${operation}: padding [${padding.join(", ")}] is more than half the window [${
        kernel.join(", ")
      }]; some windows would be empty`,
    );
  }
  if (counts.some((n) => n < 1)) {
    throw new RangeError(
      `${operation}: a window of [${kernel.join(", ")}] does not fit shape ${showShape(x.shape)} padded by [${
        padding.join(", ")
      }]`,
    );
  }
}

function maxPool(
  operation: string,
  x: Tensor,
  kernelSize: PerDim,
  dims: number,
  options: MaxPoolOptions & { readonly returnIndices?: boolean },
): Pooled {
  checkOptions(operation, options, ["ceilMode", "dilation", "padding", "returnIndices", "stride"]);
  const { input, single } = batched(operation, x, dims);
  const kernel = perDim(operation, "kernel", kernelSize, dims, 1);
  const stride = perDim(operation, "stride", options.stride ?? kernel, dims, 1);
  const padding = perDim(operation, "padding", options.padding ?? 0, dims, 0);
  const dilation = perDim(operation, "dilation", options.dilation ?? 1, dims, 1);
  const { ceilMode = false } = options;
  const counts = kernel.map((k, i) =>
    windowCount(input.shape[i + 2]!, k, stride[i]!, padding[i]!, dilation[i]!, ceilMode)
  );
  checkWindow(operation, x, kernel, padding, counts);
  checkPadded(operation, input.shape.slice(2), kernel, padding, dilation);
  let [values, indices] = applyAll("maxPool", [input], { kernel, stride, padding, dilation, ceilMode });
  const missesAll = (o: number, i: number): boolean =>
    Array.from({ length: kernel[i]! }, (_, k) => o * stride[i]! - padding[i]! + k * dilation[i]!)
      .every((at) => at < 0 || at >= input.shape[i + 2]!);
  // With a large dilation all taps of a window can be in the padding, which counts as −∞.
  const someEmpty = kernel.some((_, i) =>
    dilation[i]! > 1 && padding[i]! > 0 && Array.from({ length: counts[i]! }).some((_, o) => missesAll(o, i))
  );
  if (someEmpty) values = values!.maskedFill(indices!.lt(0), isFloat(x.dtype) ? -Infinity : integerRange(x.dtype)[0]);
  return single ? { values: values!.squeeze(0), indices: indices!.squeeze(0) } : { values: values!, indices: indices! };
}

function avgPool(operation: string, x: Tensor, kernelSize: PerDim, dims: number, options: AvgPoolOptions): Tensor {
  checkOptions(operation, options, ["ceilMode", "countIncludePad", "divisorOverride", "padding", "stride"]);
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${operation}: needs a floating-point tensor, got ${x.dtype}; cast with .to("float32")`);
  }
  const { input, single } = batched(operation, x, dims);
  const kernel = perDim(operation, "kernel", kernelSize, dims, 1);
  const stride = perDim(operation, "stride", options.stride ?? kernel, dims, 1);
  const padding = perDim(operation, "padding", options.padding ?? 0, dims, 0);
  const { ceilMode = false, countIncludePad = true, divisorOverride = null } = options;
  checkDivisor(operation, divisorOverride);
  const counts = kernel.map((k, i) => windowCount(input.shape[i + 2]!, k, stride[i]!, padding[i]!, 1, ceilMode));
  checkWindow(operation, x, kernel, padding, counts);
  checkPadded(operation, input.shape.slice(2), kernel, padding, null);
  // Elements that ceilMode adds beyond the padding are zero, and never count in the mean.
  const beyond = kernel.map((k, i) =>
    Math.max((counts[i]! - 1) * stride[i]! + k - input.shape[i + 2]! - 2 * padding[i]!, 0)
  );
  const uniform = divisorOverride !== null ||
    beyond.every((n) => n === 0) && (countIncludePad || padding.every((p) => p === 0));
  const routine = input.device.backend.hasRoutine("sumPool");
  const whole = divisorOverride === null && counts.every((n) => n === 1) &&
    kernel.every((k, i) => k === input.shape[i + 2]! && padding[i] === 0);
  if (isHalf(x) && !whole && !(routine && uniform)) {
    return inFloat32([x], (x) => avgPool(operation, x, kernelSize, dims, options));
  }
  const count = divisorOverride ?? sizeOf(kernel);
  let y: Tensor;
  if (whole) y = input.mean(kernel.map((_, i) => i + 2), { keepdim: true });
  else {
    const sums = routine
      ? apply("sumPool", [input], { kernel, stride, padding, ceilMode, scale: uniform ? 1 / count : 1 })
      : windowSums(input, kernel, stride, padding, beyond);
    if (!uniform) y = sums.div(divisors(input, kernel, stride, padding, counts, countIncludePad));
    else y = routine ? sums : sums.div(count);
  }
  return single ? y.squeeze(0) : y;
}

/** The sums, for backends without the routine: windows are a view of the padded input. */
function windowSums(
  input: Tensor,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  beyond: readonly number[],
): Tensor {
  const amounts = kernel.flatMap((_, i) => [padding[i]!, padding[i]! + beyond[i]!]);
  let windows = amounts.some((n) => n > 0) ? pad(input, pairsFromLast(amounts)) : input;
  kernel.forEach((size, i) => windows = windows.unfold(i + 2, size, stride[i]!));
  return windows.sum(kernel.map((_, i) => kernel.length + 2 + i));
}

function pairsFromLast(amounts: readonly number[]): number[] {
  const result: number[] = [];
  for (let i = amounts.length - 2; i >= 0; i -= 2) result.push(amounts[i]!, amounts[i + 1]!);
  return result;
}

/** The number of elements in each window's mean: the product of a count for each dimension. */
function divisors(
  x: Tensor,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  counts: readonly number[],
  countIncludePad: boolean,
): Tensor {
  let result: Tensor | null = null;
  kernel.forEach((k, i) => {
    const size = x.shape[i + 2]!;
    const along = (o: number): number => {
      const start = o * stride[i]! - padding[i]!;
      const end = Math.min(start + k, size + padding[i]!);
      return countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
    };
    const shape = kernel.map((_, j) => j === i ? counts[i]! : 1);
    const factor = fromElements("avgPool", x.dtype, shape, x.device, along);
    result = result === null ? factor : result.mul(factor);
  });
  return result!;
}

/** Output sizes. Null keeps a dimension's size. */
export type OutputSize = number | null | readonly (number | null)[];

/** Adaptive pooling of one dimension as a matrix `[out, size]` of means: window i spans ⌊i·size/out⌋ to ⌈(i + 1)·size/out⌉. */
function meanMatrix(x: Tensor, size: number, out: number): Tensor {
  return fromElements("adaptiveAvgPool", x.dtype, [out, size], x.device, (at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    const start = Math.floor(i * size / out);
    const end = Math.ceil((i + 1) * size / out);
    return j >= start && j < end ? 1 / (end - start) : 0;
  });
}

function adaptiveAvgPool(operation: string, x: Tensor, outputSize: OutputSize, dims: number): Tensor {
  const { input, single } = batched(operation, x, dims);
  const given = Array.isArray(outputSize)
    ? outputSize as readonly (number | null)[]
    : Array<number | null>(dims).fill(outputSize as number | null);
  const sizes = given.map((size, i) => size ?? input.shape[i + 2]!);
  if (sizes.length !== dims || sizes.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new RangeError(
      `${operation}: output size ${
        JSON.stringify(outputSize)
      } must be one or ${dims} positive integers (null keeps a size)`,
    );
  }
  checkShape(operation, [...input.shape.slice(0, 2), ...sizes]);
  for (const [i, n] of sizes.entries()) checkHostSize(operation, [n, input.shape[i + 2]!], 2 ** 26);
  const exact = sizes.every((n, i) => input.shape[i + 2]! % n === 0);
  let y: Tensor;
  if (exact) y = avgPool(operation, input, sizes.map((n, i) => input.shape[i + 2]! / n), dims, {});
  else if (isHalf(x)) y = inFloat32([input], (x) => adaptiveAvgPool(operation, x, outputSize, dims));
  else {
    y = input;
    sizes.forEach((n, i) => {
      const d = i + 2;
      y = y.movedim(d, -1).matmul(meanMatrix(x, input.shape[d]!, n).t()).movedim(-1, d);
    });
  }
  return single ? y.squeeze(0) : y;
}

/** The largest element of each window of `[N, C, L]`. See {@link maxPool2d}. */
export function maxPool1d(
  x: Tensor,
  kernel: PerDim,
  options?: MaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
/** With `returnIndices`, the largest elements and their indices in the flattened row (int32). */
export function maxPool1d(
  x: Tensor,
  kernel: PerDim,
  options: MaxPoolOptions & { readonly returnIndices: true },
): Pooled;
export function maxPool1d(
  x: Tensor,
  kernel: PerDim,
  options: MaxPoolOptions & { readonly returnIndices?: boolean } = {},
): Tensor | Pooled {
  const pooled = maxPool("maxPool1d", x, kernel, 1, options);
  return options.returnIndices ? pooled : pooled.values;
}

/**
 * The largest element of each window of `[N, C, H, W]` (or `[C, H, W]`). With `returnIndices`, also its index in the flattened plane.
 *
 * @throws RangeError if a window does not fit, or the padding is more than half of it.
 *
 * @example
 * ```ts
 * import { arange, maxPool2d } from "@heddle/tensor";
 * maxPool2d(arange(16).reshape(1, 1, 4, 4), 2).toArray(); // [[[[5, 7], [13, 15]]]]
 * ```
 */
export function maxPool2d(
  x: Tensor,
  kernel: PerDim,
  options?: MaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
/** With `returnIndices`, the largest elements and their indices in the flattened plane (int32). */
export function maxPool2d(
  x: Tensor,
  kernel: PerDim,
  options: MaxPoolOptions & { readonly returnIndices: true },
): Pooled;
export function maxPool2d(
  x: Tensor,
  kernel: PerDim,
  options: MaxPoolOptions & { readonly returnIndices?: boolean } = {},
): Tensor | Pooled {
  const pooled = maxPool("maxPool2d", x, kernel, 2, options);
  return options.returnIndices ? pooled : pooled.values;
}

/** The mean of each window of `[N, C, L]`. */
export function avgPool1d(x: Tensor, kernel: PerDim, options: AvgPoolOptions = {}): Tensor {
  return avgPool("avgPool1d", x, kernel, 1, options);
}

/** The mean of each window of `[N, C, H, W]` (or `[C, H, W]`). */
export function avgPool2d(x: Tensor, kernel: PerDim, options: AvgPoolOptions = {}): Tensor {
  return avgPool("avgPool2d", x, kernel, 2, options);
}

/** Means of windows that are chosen to give an output of the given length. */
export function adaptiveAvgPool1d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool1d", x, outputSize, 1);
}

/** Means of windows that are chosen to give an output of the given sizes. */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAvgPool("adaptiveAvgPool2d", x, outputSize, 2);
}

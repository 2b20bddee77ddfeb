/** Pooling beyond what `@heddle/tensor` has: in three dimensions, and adaptive maxima. */
import {
  adaptiveAvgPool2d,
  avgPool2d,
  type AvgPoolOptions,
  maxPool2d,
  type MaxPoolOptions,
  type OutputSize,
  type Pooled,
  type Tensor,
  tensor,
} from "@heddle/tensor";
import { checkDivisor, checkHostSize, checkOptions, hasHalfGradient, inFloat32, isHalf } from "@heddle/tensor/engine";
import { showSizes, type Sizes, spread } from "../sizes.ts";
import { pooledInFloat32, withBatch } from "./pool_inputs.ts";

/** Option of the pools that can return the indices of their maxima. */
export interface ReturnIndices {
  /** Whether to return `{ values, indices }`, with indices into the flattened plane or volume; false by default. */
  readonly returnIndices?: boolean;
}

interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** Windows in three dimensions. @throws RangeError when the padding exceeds half a window, or a window does not fit. */
function windows3d(operation: string, x: Tensor, kernelSize: Sizes, options: MaxPoolOptions): Windows {
  const kernel = spread(operation, "kernel", kernelSize, 3);
  const stride = spread(operation, "stride", options.stride ?? kernel, 3);
  const padding = spread(operation, "padding", options.padding ?? 0, 3, 0);
  const dilation = spread(operation, "dilation", options.dilation ?? 1, 3);
  for (const [i, size] of x.shape.slice(-3).entries()) {
    if (padding[i]! > kernel[i]! / 2) {
      throw new RangeError(
        `${operation}: padding ${showSizes(padding)} is more than half the window ${showSizes(kernel)}`,
      );
    }
    const room = size + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1;
    // With ceilMode a window that begins inside may be cut off by less than a stride.
    if (options.ceilMode ? room <= -stride[i]! : room < 0) {
      throw new RangeError(
        `${operation}: a window of ${showSizes(kernel)} does not fit shape ${showSizes(x.shape)} padded by ${
          showSizes(padding)
        }`,
      );
    }
  }
  return { kernel, stride, padding, dilation };
}

/** `[N, C, D, H, W]` as a batch of H × W images. */
const asPlanes = (x: Tensor): Tensor => x.flatten(1, 2);

/** Images of H × W as one of D × HW for each channel: the third dimension, once the other two are pooled. */
function asColumns(planes: Tensor, channels: number, depth: number): Tensor {
  return planes.reshape([planes.shape[0]!, channels, depth, planes.shape[2]! * planes.shape[3]!]);
}

/**
 * Largest element of each window of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.functional.max_pool3d`.
 *
 * The maximum over a box is that over depth of the maxima of its planes, and the first of equals is the same either way.
 *
 * @throws RangeError when a window does not fit, or the padding is more than half of it.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.maxPool3d(arange(8).reshape(1, 1, 2, 2, 2), 2).item(); // 7
 * ```
 */
export function maxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options?: MaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
export function maxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options: MaxPoolOptions & { readonly returnIndices: true },
): Pooled;
export function maxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options: MaxPoolOptions & ReturnIndices = {},
): Tensor | Pooled {
  checkOptions("maxPool3d", options, ["stride", "padding", "dilation", "ceilMode", "returnIndices"]);
  const { input, restore } = withBatch("maxPool3d", x, 3);
  const { kernel: [kd, kh, kw], stride: [sd, sh, sw], padding: [pd, ph, pw], dilation: [dd, dh, dw] } = windows3d(
    "maxPool3d",
    x,
    kernelSize,
    options,
  ) as { readonly [K in keyof Windows]: readonly [number, number, number] };
  const { ceilMode = false, returnIndices = false } = options;
  const [batch, channels, depth, height, width] = input.shape as [number, number, number, number, number];
  if (hasHalfGradient(x)) {
    return pooledInFloat32(x, (x) => maxPool3d(x, kernelSize, { ...options, returnIndices: true }), returnIndices);
  }
  const planes = maxPool2d(asPlanes(input), [kh, kw], {
    stride: [sh, sw],
    padding: [ph, pw],
    dilation: [dh, dw],
    ceilMode,
    returnIndices: true,
  });
  const along = { stride: [sd, 1], padding: [pd, 0], dilation: [dd, 1], ceilMode, returnIndices: true } as const;
  const columns = maxPool2d(asColumns(planes.values, channels, depth), [kd, 1], along);
  const shape = [batch, channels, columns.values.shape[2]!, ...planes.values.shape.slice(2)];
  const values = restore(columns.values.reshape(shape));
  if (!returnIndices) return values;
  const indices = boxIndices(columns.indices, asColumns(planes.indices, channels, depth), height * width);
  return { values, indices: restore(indices.reshape(shape)) };
}

/**
 * Mean of each window of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.functional.avg_pool3d`.
 *
 * @throws RangeError when a window does not fit, or the padding is more than half of it. TypeError for integers.
 */
export function avgPool3d(x: Tensor, kernelSize: Sizes, options: AvgPoolOptions = {}): Tensor {
  checkOptions("avgPool3d", options, ["ceilMode", "countIncludePad", "divisorOverride", "padding", "stride"]);
  const { divisorOverride = null, ...others } = options;
  checkDivisor("avgPool3d", divisorOverride);
  const { input, restore } = withBatch("avgPool3d", x, 3);
  const { kernel: [kd, kh, kw], stride: [sd, sh, sw], padding: [pd, ph, pw] } = windows3d(
    "avgPool3d",
    x,
    kernelSize,
    options,
  ) as { readonly [K in keyof Windows]: readonly [number, number, number] };
  const [batch, channels, depth] = input.shape as [number, number, number];
  if (isHalf(x)) return inFloat32([x], (x) => avgPool3d(x, kernelSize, options));
  // The divisor of a mean is a product of one factor for each dimension, so the dimensions can be pooled one after the other.
  const planes = avgPool2d(asPlanes(input), [kh, kw], {
    ...others,
    divisorOverride,
    stride: [sh, sw],
    padding: [ph, pw],
  });
  const columns = avgPool2d(asColumns(planes, channels, depth), [kd, 1], {
    ...others,
    divisorOverride: divisorOverride === null ? null : 1,
    stride: [sd, 1],
    padding: [pd, 0],
  });
  return restore(columns.reshape([batch, channels, columns.shape[2]!, ...planes.shape.slice(2)]));
}

/** One size for each dimension. @throws RangeError unless they are positive. */
function outputSizes(operation: string, x: Tensor, outputSize: OutputSize, dims: number): number[] {
  const given = typeof outputSize === "object" && outputSize !== null
    ? outputSize
    : Array<number | null>(dims).fill(outputSize);
  const sizes = given.map((size, i) => size ?? x.shape[x.ndim - dims + i]!);
  if (sizes.length !== dims || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new RangeError(
      `${operation}: output size ${
        JSON.stringify(outputSize)
      } must be one or ${dims} positive integers (null keeps a size)`,
    );
  }
  for (const size of sizes) checkHostSize(operation, [size], 2 ** 26);
  checkHostSize(operation, [...x.shape.slice(0, x.ndim - dims), ...sizes]);
  return sizes;
}

/**
 * Means of windows chosen so that the output has given sizes. PyTorch: `torch.nn.functional.adaptive_avg_pool3d`.
 *
 * @throws RangeError for sizes that are not positive.
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: OutputSize): Tensor {
  const { input, restore } = withBatch("adaptiveAvgPool3d", x, 3);
  const [depth, ...plane] = outputSizes("adaptiveAvgPool3d", x, outputSize, 3);
  if (isHalf(x)) return inFloat32([x], (x) => adaptiveAvgPool3d(x, outputSize));
  const planes = adaptiveAvgPool2d(asPlanes(input), plane);
  const [batch, channels] = input.shape as [number, number];
  const columns = adaptiveAvgPool2d(asColumns(planes, channels, input.shape[2]!), [depth!, null]);
  return restore(columns.reshape([batch, channels, depth!, ...planes.shape.slice(2)]));
}

/** The most windows along a dimension that are computed on the host. */
const mostWindows = 2 ** 24;

/** The elements of each window. Short windows repeat their last element, which changes no maximum. */
function windowIndices(size: number, out: number): { readonly list: number[]; readonly longest: number } {
  if (out > mostWindows) {
    throw new RangeError(
      `adaptive pooling: an output size of ${out} is too large; at most ${mostWindows} are computed`,
    );
  }
  const bounds = Array.from({ length: out }, (_, i) => [Math.floor(i * size / out), Math.ceil((i + 1) * size / out)]);
  const longest = bounds.reduce((most, [start, end]) => Math.max(most, end! - start!), 0);
  const list = bounds.flatMap(([start, end]) =>
    Array.from({ length: longest }, (_, i) => Math.min(start! + i, end! - 1))
  );
  return { list, longest };
}

/** Adaptive maxima of planes; lines are planes of height 1. The indices are computed on demand. */
function adaptiveMax(
  input: Tensor,
  sizes: readonly number[],
): { readonly values: Tensor; readonly indices: () => Tensor } {
  const windows = sizes.map((out, i) => windowIndices(input.shape[i + 2]!, out));
  const kernel = windows.map(({ longest }) => longest);
  const index = (values: readonly number[]): Tensor => tensor(values, { dtype: "int32", device: input.device });
  const laidOut = windows.reduce(
    (x, { list }, i) => list.length === x.shape[i + 2]! ? x : x.indexSelect(i + 2, index(list)),
    input,
  );
  const { values, indices } = maxPool2d(laidOut, kernel, { returnIndices: true });
  if (laidOut === input) return { values, indices: () => indices };
  const [rows, columns] = windows.map(({ list }) => list) as [number[], number[]];
  return {
    values,
    indices() {
      const row = index(rows).take(indices.floorDivide(columns.length));
      return row.mul(input.shape[3]!).add(index(columns).take(indices.remainder(columns.length)));
    },
  };
}

/**
 * Maxima of windows of `[N, C, L]` (or `[C, L]`) chosen so that the output has a given length: window i goes from ⌊i·L/out⌋ to
 * ⌈(i + 1)·L/out⌉. PyTorch: `torch.nn.functional.adaptive_max_pool1d`.
 *
 * @throws RangeError for a size that is not positive, or an input without elements.
 */
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: OutputSize,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool1d(
  x: Tensor,
  outputSize: OutputSize,
  options: { readonly returnIndices: true },
): Pooled;
export function adaptiveMaxPool1d(x: Tensor, outputSize: OutputSize, options: ReturnIndices = {}): Tensor | Pooled {
  checkOptions("adaptiveMaxPool1d", options, ["returnIndices"]);
  const { input, restore } = withBatch("adaptiveMaxPool1d", x, 1);
  const [length] = outputSizes("adaptiveMaxPool1d", x, outputSize, 1);
  checkElements("adaptiveMaxPool1d", x, 1);
  if (hasHalfGradient(x)) {
    const wide = (x: Tensor): Pooled => adaptiveMaxPool1d(x, outputSize, { returnIndices: true });
    return pooledInFloat32(x, wide, options.returnIndices);
  }
  const pooled = adaptiveMax(input.unsqueeze(2), [1, length!]);
  const values = restore(pooled.values.squeeze(2));
  return options.returnIndices ? { values, indices: restore(pooled.indices().squeeze(2)) } : values;
}

/**
 * Maxima of windows of `[N, C, H, W]` (or `[C, H, W]`) chosen so that the output has given sizes. PyTorch:
 * `torch.nn.functional.adaptive_max_pool2d`.
 *
 * @throws RangeError for sizes that are not positive, or an input without elements.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.adaptiveMaxPool2d(arange(15).reshape(1, 1, 3, 5), [1, 2]).toArray(); // [[[[12, 14]]]]
 * ```
 */
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool2d(
  x: Tensor,
  outputSize: OutputSize,
  options: { readonly returnIndices: true },
): Pooled;
export function adaptiveMaxPool2d(x: Tensor, outputSize: OutputSize, options: ReturnIndices = {}): Tensor | Pooled {
  checkOptions("adaptiveMaxPool2d", options, ["returnIndices"]);
  const { input, restore } = withBatch("adaptiveMaxPool2d", x, 2);
  const sizes = outputSizes("adaptiveMaxPool2d", x, outputSize, 2);
  checkElements("adaptiveMaxPool2d", x, 2);
  if (hasHalfGradient(x)) {
    const wide = (x: Tensor): Pooled => adaptiveMaxPool2d(x, outputSize, { returnIndices: true });
    return pooledInFloat32(x, wide, options.returnIndices);
  }
  const pooled = adaptiveMax(input, sizes);
  const values = restore(pooled.values);
  return options.returnIndices ? { values, indices: restore(pooled.indices()) } : values;
}

/**
 * Maxima of windows of `[N, C, D, H, W]` (or `[C, D, H, W]`) chosen so that the output has given sizes. PyTorch:
 * `torch.nn.functional.adaptive_max_pool3d`.
 *
 * @throws RangeError for sizes that are not positive, or an input without elements.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.adaptiveMaxPool3d(arange(12).reshape(1, 1, 2, 2, 3), [2, 1, 1]).flatten().toArray(); // [5, 11]
 * ```
 */
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: OutputSize,
  options?: { readonly returnIndices?: false },
): Tensor;
export function adaptiveMaxPool3d(
  x: Tensor,
  outputSize: OutputSize,
  options: { readonly returnIndices: true },
): Pooled;
export function adaptiveMaxPool3d(x: Tensor, outputSize: OutputSize, options: ReturnIndices = {}): Tensor | Pooled {
  checkOptions("adaptiveMaxPool3d", options, ["returnIndices"]);
  const { input, restore } = withBatch("adaptiveMaxPool3d", x, 3);
  const [depth, ...plane] = outputSizes("adaptiveMaxPool3d", x, outputSize, 3) as [number, number, number];
  checkElements("adaptiveMaxPool3d", x, 3);
  if (hasHalfGradient(x)) {
    const wide = (x: Tensor): Pooled => adaptiveMaxPool3d(x, outputSize, { returnIndices: true });
    return pooledInFloat32(x, wide, options.returnIndices);
  }
  const [, channels, planes, height, width] = input.shape as [number, number, number, number, number];
  const inPlanes = adaptiveMax(asPlanes(input), plane);
  const area = plane[0] * plane[1];
  const columns = adaptiveMax(asColumns(inPlanes.values, channels, planes), [depth, area]);
  const shape = [input.shape[0]!, channels, depth, ...plane];
  const values = restore(columns.values.reshape(shape));
  if (!options.returnIndices) return values;
  const indices = boxIndices(columns.indices(), asColumns(inPlanes.indices(), channels, planes), height * width);
  return { values, indices: restore(indices.reshape(shape)) };
}

/** The positions of maxima in volumes, from those in columns of planes and those in each plane. */
function boxIndices(inColumns: Tensor, inPlanes: Tensor, area: number): Tensor {
  const plane = inColumns.floorDivide(inPlanes.shape[3]!);
  return plane.mul(area).add(inPlanes.gather(2, plane));
}

/** @throws RangeError for an empty window, which has no maximum. */
function checkElements(operation: string, x: Tensor, dims: number): void {
  if (x.shape.slice(-dims).every((size) => size > 0)) return;
  throw new RangeError(`${operation}: an input of shape ${showSizes(x.shape)} has nothing to take a maximum of`);
}

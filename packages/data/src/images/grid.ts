import { fromTypedArray, isFloat, stack, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkValues } from "../transforms/pictures.ts";

export const GRID_OPTIONS = ["nrow", "padding", "normalize", "valueRange", "scaleEach", "padValue"] as const;

/** Options of {@link makeGrid}. */
export interface GridOptions {
  /** Pictures in a row (default 8). */
  nrow?: number;
  /** Pixels between pictures and around them (default 2). */
  padding?: number;
  /** Whether values are scaled to the range from 0 to 1 (default false). */
  normalize?: boolean;
  /** With `normalize`: what becomes 0 and 1; by default the smallest and the largest value. */
  valueRange?: readonly [low: number, high: number];
  /** With `normalize`: whether each picture has its own smallest and largest value (default false). */
  scaleEach?: boolean;
  /** What the padding is filled with (default 0). */
  padValue?: number;
}

/**
 * Arranges pictures in a grid, row by row (torchvision's `make_grid`): [C, height, width], a single picture without
 * padding. Grey pictures get three channels.
 *
 * @param images [N, C, H, W], [C, H, W], [H, W], or a list of pictures of one shape; uint8 or float
 * @throws for other shapes and dtypes, an empty batch, or options that are out of range
 *
 * @example
 * ```ts
 * import { DrawnDigits, makeGrid } from "@heddle/data";
 *
 * const [digits] = new DrawnDigits({ size: 20 }).getBatch([...Array(20).keys()]);
 * console.log(makeGrid(digits, { nrow: 5, padding: 1 }).shape); // [ 3, 117, 146 ]
 * ```
 */
export function makeGrid(images: Tensor | readonly Tensor[], options: GridOptions = {}): Tensor {
  checkOptions("makeGrid", options, GRID_OPTIONS);
  const { nrow = 8, padding = 2, padValue = 0 } = options;
  if (!Number.isInteger(nrow) || nrow < 1 || !Number.isInteger(padding) || padding < 0) {
    throw new RangeError(
      `makeGrid: nrow must be an integer from 1 and padding one from 0, got ${nrow} and ${padding}.`,
    );
  }
  const batch = asBatch(images);
  const [count, stored, height, width] = batch.shape as [number, number, number, number];
  const channels = stored === 1 ? 3 : stored;
  const single = count === 1;
  const across = Math.min(nrow, count);
  const gap = single ? 0 : padding;
  const gridHeight = (height + gap) * Math.ceil(count / across) + gap;
  const gridWidth = (width + gap) * across + gap;
  checkValues(`makeGrid: padding is ${padding}`, 1, channels, gridHeight, gridWidth);
  const values = scaled(batch.toTypedArray(batch.dtype === "uint8" ? "uint8" : "float32"), count, options);
  const length = channels * gridHeight * gridWidth;
  const grid = values instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  grid.fill(padValue);
  for (let i = 0; i < count; i++) {
    const top = gap + (height + gap) * Math.floor(i / across);
    const left = gap + (width + gap) * (i % across);
    for (let c = 0; c < channels; c++) {
      const plane = (i * stored + (stored === 1 ? 0 : c)) * height * width;
      for (let y = 0; y < height; y++) {
        const row = values.subarray(plane + y * width, plane + (y + 1) * width);
        grid.set(row, (c * gridHeight + top + y) * gridWidth + left);
      }
    }
  }
  return fromTypedArray(grid, [channels, gridHeight, gridWidth]);
}

function asBatch(images: Tensor | readonly Tensor[]): Tensor {
  const list = Array.isArray(images);
  if (list && images.length === 0) throw new Error("makeGrid: the list of pictures is empty.");
  let batch = list ? stack([...images] as Tensor[], 0) : images as Tensor;
  if (list && batch.ndim === 3) batch = batch.unsqueeze(1);
  while (batch.ndim === 2 || batch.ndim === 3) batch = batch.unsqueeze(0);
  if (batch.ndim !== 4 || batch.numel === 0) {
    throw new Error(
      `makeGrid: expected pictures [N, C, H, W], [C, H, W] or [H, W], got [${batch.shape.join(", ")}].`,
    );
  }
  if (batch.dtype === "uint8" || batch.dtype === "float32") return batch;
  if (isFloat(batch.dtype)) return batch.to("float32");
  throw new Error(`makeGrid: expected uint8 or float pictures, got ${batch.dtype}.`);
}

/** Values scaled to the range from 0 to 1, if the options say so. */
function scaled(values: Float32Array | Uint8Array, count: number, options: GridOptions): Float32Array | Uint8Array {
  const { normalize = false, valueRange, scaleEach = false } = options;
  if (!normalize) {
    if (valueRange === undefined && !scaleEach) return values;
    throw new Error(`makeGrid: valueRange and scaleEach go with normalize: true.`);
  }
  if (valueRange !== undefined && !(valueRange.length === 2 && valueRange[0] <= valueRange[1])) {
    throw new RangeError(
      `makeGrid: valueRange must be two numbers in ascending order, got [${valueRange.join(", ")}].`,
    );
  }
  const result = Float32Array.from(values);
  const part = scaleEach ? result.length / count : result.length;
  for (let start = 0; start < result.length; start += part) {
    const own = result.subarray(start, start + part);
    const [low, high] = valueRange ?? extremes(own);
    // As in torchvision, so that a picture of one value does not divide by zero.
    const range = Math.max(high - low, 1e-5);
    for (let p = 0; p < own.length; p++) own[p] = (Math.min(high, Math.max(low, own[p]!)) - low) / range;
  }
  return result;
}

function extremes(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

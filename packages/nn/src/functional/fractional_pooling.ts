/** Max-pooling over windows at random places: Graham, "Fractional Max-Pooling" (2014). */
import { arange, cat, full, type Generator, type Pooled, rand, type Tensor } from "@heddle/tensor";
import { checkHostSize, checkOptions, hasHalfGradient } from "@heddle/tensor/engine";
import { checkNumber, showSizes, type Sizes, spread } from "../sizes.ts";
import { pooledInFloat32, withBatch } from "./pool_inputs.ts";

/** Options of fractional max-pooling. Exactly one of `outputSize` and `outputRatio` is needed. */
export interface FractionalMaxPoolOptions {
  /** Sizes of the output: one for each dimension, or one for all. */
  readonly outputSize?: Sizes;
  /** Sizes of the output as parts of the input's, between 0 and 1: one for each dimension, or one for all. */
  readonly outputRatio?: Sizes;
  /**
   * Numbers from 0 up to 1 that place the windows of each plane; drawn by default. `[N, C, 2]` for width and height, `[N, C, 3]` for
   * depth, height and width. PyTorch: `_random_samples`.
   */
  readonly randomSamples?: Tensor;
  /** Whether to return `{ values, indices }`, with indices into the flattened plane or volume; false by default. */
  readonly returnIndices?: boolean;
  /** Source of random numbers; by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

const names = ["outputSize", "outputRatio", "randomSamples", "returnIndices", "generator"] as const;

/** @throws RangeError unless one of the sizes and the ratios is given, and is valid. TypeError for what is no number. */
export function checkFractions(
  operation: string,
  dims: number,
  { outputSize, outputRatio }: Pick<FractionalMaxPoolOptions, "outputSize" | "outputRatio">,
): void {
  if ((outputSize === undefined) === (outputRatio === undefined)) {
    throw new RangeError(`${operation}: expected one of outputSize and outputRatio`);
  }
  if (outputSize !== undefined) spread(operation, "outputSize", outputSize, dims);
  if (outputRatio === undefined) return;
  const ratios = typeof outputRatio === "number" ? Array<number>(dims).fill(outputRatio) : outputRatio;
  for (const ratio of ratios) checkNumber(operation, "outputRatio", ratio);
  if (ratios.length !== dims || !ratios.every((ratio) => ratio > 0 && ratio < 1)) {
    throw new RangeError(
      `${operation}: outputRatio ${showSizes(ratios)} must be one or ${dims} numbers between 0 and 1`,
    );
  }
}

/** Where the windows of each plane begin along one dimension: `[N, C, out]`, from samples of `[N, C]`. The last ends at the edge. */
function starts(samples: Tensor, size: number, out: number, kernel: number): Tensor {
  const last = full([...samples.shape, 1], size - kernel, { dtype: "int32", device: samples.device });
  if (out === 1) return last;
  const alpha = (size - kernel) / (out - 1);
  const sample = samples.unsqueeze(-1);
  const steps = arange(out - 1, { dtype: samples.dtype, device: samples.device });
  const inner = steps.add(sample).mul(alpha).floor().sub(sample.mul(alpha).floor());
  return cat([inner.to("int32"), last], -1);
}

function fractional(
  operation: string,
  x: Tensor,
  kernelSize: Sizes,
  dims: number,
  options: FractionalMaxPoolOptions,
): Tensor | Pooled {
  checkOptions(operation, options, names);
  checkFractions(operation, dims, options);
  const kernel = spread(operation, "kernelSize", kernelSize, dims);
  const { input, restore } = withBatch(operation, x, dims);
  const { outputRatio, outputSize, generator, returnIndices = false } = options;
  const sizes = input.shape.slice(2);
  const out = outputSize !== undefined
    ? spread(operation, "outputSize", outputSize, dims)
    : sizes.map((size, d) => Math.floor(size * (typeof outputRatio === "number" ? outputRatio : outputRatio![d]!)));
  if (!out.every((count, d) => count > 0 && count + kernel[d]! - 1 <= sizes[d]!)) {
    throw new RangeError(
      `${operation}: windows of ${showSizes(kernel)} and an output of ${showSizes(out)} do not fit shape ${
        showSizes(x.shape)
      }; output plus window may be at most the size plus 1`,
    );
  }
  const lead = input.shape.slice(0, 2);
  checkHostSize(operation, [...lead, ...out, ...kernel]);
  if (hasHalfGradient(x)) {
    const pool = (wide: Tensor): Pooled =>
      fractional(operation, wide, kernelSize, dims, { ...options, returnIndices: true }) as Pooled;
    return pooledInFloat32(x, pool, returnIndices);
  }
  const { dtype, device } = x;
  const drawn = { dtype: dtype === "float64" ? dtype : "float32", device, generator } as const;
  const samples = options.randomSamples?.to(drawn.dtype) ?? rand([...lead, dims], drawn);
  if (showSizes(samples.shape) !== showSizes([...lead, dims])) {
    throw new RangeError(
      `${operation}: randomSamples have shape ${showSizes(samples.shape)}; expected ${showSizes([...lead, dims])}`,
    );
  }
  // Indices of the elements of every window: [N, C, …out, …kernel], added up over the dimensions.
  let index = full([1], 0, { dtype: "int32", device });
  for (const [d, size] of sizes.entries()) {
    const along = (length: number, axis: number) => Array.from({ length: 2 * dims }, (_, i) => i === axis ? length : 1);
    // PyTorch's order of the samples: width, height; but depth, height, width.
    const sample = samples.select(2, dims === 2 ? 1 - d : d);
    const first = starts(sample, size, out[d]!, kernel[d]!).reshape([...lead, ...along(out[d]!, d)]);
    const step = arange(kernel[d]!, { dtype: "int32", device }).reshape(along(kernel[d]!, dims + d));
    index = index.mul(size).add(first.add(step));
  }
  const windows = index.flatten(2 + dims);
  const pooled = input.flatten(2).gather(2, windows.flatten(2)).reshape(windows.shape).max(-1);
  const values = restore(pooled.values);
  if (!returnIndices) return values;
  return { values, indices: restore(windows.gather(-1, pooled.indices.unsqueeze(-1)).squeeze(-1)) };
}

/**
 * Largest element of windows of `[N, C, H, W]` (or `[C, H, W]`) at random places, which divide the input into parts of nearly the same
 * size: Graham, "Fractional Max-Pooling" (2014). PyTorch: `torch.nn.functional.fractional_max_pool2d`.
 *
 * @param kernelSize size of the windows: one number, or one for each dimension.
 * @throws RangeError unless exactly one of `outputSize` and `outputRatio` is given, and the windows fit.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * F.fractionalMaxPool2d(randn([2, 8, 16, 16]), 2, { outputRatio: 0.7 }).shape; // [2, 8, 11, 11]
 * ```
 */
export function fractionalMaxPool2d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
export function fractionalMaxPool2d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions & { readonly returnIndices: true },
): Pooled;
export function fractionalMaxPool2d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions,
): Tensor | Pooled {
  return fractional("fractionalMaxPool2d", x, kernelSize, 2, options);
}

/**
 * {@link fractionalMaxPool2d} of `[N, C, D, H, W]` (or `[C, D, H, W]`). PyTorch: `torch.nn.functional.fractional_max_pool3d`.
 *
 * @throws RangeError unless exactly one of `outputSize` and `outputRatio` is given, and the windows fit.
 */
export function fractionalMaxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions & { readonly returnIndices?: false },
): Tensor;
export function fractionalMaxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions & { readonly returnIndices: true },
): Pooled;
export function fractionalMaxPool3d(
  x: Tensor,
  kernelSize: Sizes,
  options: FractionalMaxPoolOptions,
): Tensor | Pooled {
  return fractional("fractionalMaxPool3d", x, kernelSize, 3, options);
}

/** Puts maxima back where they were taken from. */
import { type Tensor, zeros } from "@heddle/tensor";
import { checkHostSize, checkOptions } from "@heddle/tensor/engine";
import { shown, showSizes, type Sizes, spread } from "../sizes.ts";
import { checkIndices } from "./embedding.ts";
import { lookUp } from "./lookup.ts";

/** Options of the reverses of max-pooling. */
export interface MaxUnpoolOptions {
  /** The pool's stride; the window's size by default. */
  readonly stride?: Sizes;
  /** The pool's padding; 0 by default. */
  readonly padding?: Sizes;
  /** The sizes that the pool's input had, where several give the same output: the last dimensions, or all. */
  readonly outputSize?: readonly number[] | null;
}

function sizesOf(operation: string, x: Tensor, kernelSize: Sizes, dims: number, options: MaxUnpoolOptions): number[] {
  const kernel = spread(operation, "kernelSize", kernelSize, dims);
  const stride = spread(operation, "stride", options.stride ?? kernel, dims);
  const padding = spread(operation, "padding", options.padding ?? 0, dims, 0);
  const usual = kernel.map((k, d) => (x.shape[x.ndim - dims + d]! - 1) * stride[d]! - 2 * padding[d]! + k);
  const { outputSize } = options;
  if (outputSize && !Array.isArray(outputSize)) {
    throw new TypeError(`${operation}: outputSize is ${shown(outputSize)}; expected an array of sizes`);
  }
  const sizes = outputSize ? outputSize.slice(-dims) : usual;
  const fits = (size: number, d: number): boolean => !outputSize || Math.abs(size - usual[d]!) < stride[d]!;
  if (sizes.length !== dims || !sizes.every((size, d) => Number.isInteger(size) && size > 0 && fits(size, d))) {
    throw new RangeError(
      `${operation}: outputSize ${showSizes(sizes)} does not fit; expected sizes less than the stride ${
        showSizes(stride)
      } away from ${showSizes(usual)}`,
    );
  }
  return sizes;
}

function unpooled(
  operation: string,
  x: Tensor,
  indices: Tensor,
  kernelSize: Sizes,
  dims: number,
  options: MaxUnpoolOptions,
): Tensor {
  checkOptions(operation, options, ["outputSize", "padding", "stride"]);
  if (x.ndim !== dims + 2 && x.ndim !== dims + 1 || showSizes(x.shape) !== showSizes(indices.shape)) {
    throw new RangeError(
      `${operation}: got an input of shape ${showSizes(x.shape)} and indices of shape ${
        showSizes(indices.shape)
      }; expected both as [N, C, ${["L", "H, W", "D, H, W"][dims - 1]}] or, without a batch, [C, …]`,
    );
  }
  checkIndices(operation, indices);
  const sizes = sizesOf(operation, x, kernelSize, dims, options);
  const lead = x.shape.slice(0, -dims);
  const plane = sizes.reduce((product, size) => product * size, 1);
  checkHostSize(operation, [...lead, ...sizes]);
  const start = lead.length;
  const explain = (index: number | bigint): string =>
    `${operation}: index ${index} is out of range for an output of ${showSizes(sizes)}; expected 0 to ${plane - 1}`;
  const blank = zeros([...lead, plane], { dtype: x.dtype, device: x.device });
  const at = indices.flatten(start);
  return lookUp(at, plane, explain, () => blank.scatter(start, at, x.flatten(start))).reshape([...lead, ...sizes]);
}

/** The reverse of `maxPool1d`: see {@link maxUnpool2d}. PyTorch: `torch.nn.functional.max_unpool1d`. */
export function maxUnpool1d(x: Tensor, indices: Tensor, kernelSize: Sizes, options: MaxUnpoolOptions = {}): Tensor {
  return unpooled("maxUnpool1d", x, indices, kernelSize, 1, options);
}

/**
 * Puts maxima `[N, C, H, W]` (or `[C, H, W]`) back where `maxPool2d` took them from, by the indices that it returns; all else is 0. Where
 * windows overlap, the same maximum is written more than once. PyTorch: `torch.nn.functional.max_unpool2d`.
 *
 * @throws RangeError for indices out of range, or an `outputSize` that the pool's input cannot have had.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[[[1, 5], [3, 2]]]]);
 * const { values, indices } = F.maxPool2d(x, 2, { returnIndices: true });
 * F.maxUnpool2d(values, indices, 2).toArray(); // [[[[0, 5], [0, 0]]]]
 * ```
 */
export function maxUnpool2d(x: Tensor, indices: Tensor, kernelSize: Sizes, options: MaxUnpoolOptions = {}): Tensor {
  return unpooled("maxUnpool2d", x, indices, kernelSize, 2, options);
}

/** The reverse of `maxPool3d`: see {@link maxUnpool2d}. PyTorch: `torch.nn.functional.max_unpool3d`. */
export function maxUnpool3d(x: Tensor, indices: Tensor, kernelSize: Sizes, options: MaxUnpoolOptions = {}): Tensor {
  return unpooled("maxUnpool3d", x, indices, kernelSize, 3, options);
}

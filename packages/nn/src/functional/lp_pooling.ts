/** Pooling by a norm: the root of the sum of powers, over windows or over channels. */
import { avgPool1d, avgPool2d, type Tensor, where } from "@heddle/tensor";
import { checkOptions, inFloat32 } from "@heddle/tensor/engine";
import { checkSize, showSizes, type Sizes, spread } from "../sizes.ts";

const lpPoolOptions = ["ceilMode", "stride"] as const;

/** Options of pooling by a norm. */
export interface LpPoolOptions {
  /** By default the window's size. */
  readonly stride?: Sizes;
  /** Whether windows that begin inside but end outside count. */
  readonly ceilMode?: boolean;
}

/** The p-th root of sums of powers; its gradient, infinite at 0, is 0 there. */
function root(sums: Tensor, p: number): Tensor {
  const zero = sums.eq(0);
  return where(zero, 0, where(zero, 1, sums).pow(1 / p));
}

function checkPower(operation: string, p: number): void {
  if (!(p > 0 && p < Infinity)) {
    throw new RangeError(`${operation}: the power is ${p}; expected one above 0 (maxima are maxPool's)`);
  }
}

const power = (x: Tensor, p: number): Tensor => p === 2 ? x.square() : x.pow(p);

/**
 * (Σ xᵖ)^(1/p) of each window of `[N, C, L]`; see {@link lpPool2d}. PyTorch: `torch.nn.functional.lp_pool1d`.
 *
 * @throws RangeError for a power that is not positive, or when a window does not fit.
 */
export function lpPool1d(x: Tensor, normType: number, kernelSize: Sizes, options: LpPoolOptions = {}): Tensor {
  checkOptions("lpPool1d", options, lpPoolOptions);
  checkPower("lpPool1d", normType);
  const [kernel] = spread("lpPool1d", "kernel", kernelSize, 1) as [number];
  return inFloat32([x], (x) => root(avgPool1d(power(x, normType), kernel, options).mul(kernel), normType));
}

/**
 * (Σ xᵖ)^(1/p) of each window of `[N, C, H, W]` (or `[C, H, W]`): p = 1 is the sum, p = 2 the length of the vector of its elements (L2
 * pooling), and the larger p, the closer to the maximum. As in PyTorch powers keep their sign, so an odd p needs positive inputs.
 * PyTorch: `torch.nn.functional.lp_pool2d`.
 *
 * @throws RangeError for a power that is not positive, or when a window does not fit.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.lpPool2d(tensor([[[[3, 0], [0, 4]]]]), 2, 2).item(); // 5
 * ```
 */
export function lpPool2d(x: Tensor, normType: number, kernelSize: Sizes, options: LpPoolOptions = {}): Tensor {
  checkOptions("lpPool2d", options, lpPoolOptions);
  checkPower("lpPool2d", normType);
  const kernel = spread("lpPool2d", "kernel", kernelSize, 2) as [number, number];
  const count = kernel[0] * kernel[1];
  return inFloat32([x], (x) => root(avgPool2d(power(x, normType), kernel, options).mul(count), normType));
}

/** Options of {@link featureLpPool}. */
export interface FeatureLpPoolOptions {
  /** Channels from one group to the next; by default the size of a group. */
  readonly stride?: number;
}

/**
 * (Σ xᵖ)^(1/p) over groups of `size` neighbouring channels of `[N, C, …]`, separately at each position: `[N, C / size, …]`. With p = 2
 * the result is the length of the group's feature vector, which is invariant to rotations within the group. Torch7 had it as
 * `nn.FeatureLPPooling`; PyTorch has none.
 *
 * Kavukcuoglu, Ranzato, Fergus, LeCun: Learning invariant features through topographic filter maps, 2009.
 *
 * @throws RangeError for a power that is not positive, or when the channels cannot be split that way.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.featureLpPool(tensor([[3, 4, 6, 8]]), 2, 2).toArray(); // [[5, 10]]
 * ```
 */
export function featureLpPool(x: Tensor, normType: number, size: number, options: FeatureLpPoolOptions = {}): Tensor {
  checkOptions("featureLpPool", options, ["stride"]);
  checkPower("featureLpPool", normType);
  checkSize("featureLpPool", "size", size);
  const stride = checkSize("featureLpPool", "stride", options.stride ?? size);
  const channels = x.shape[1] ?? 0;
  if (channels < size || (channels - size) % stride !== 0) {
    throw new RangeError(
      `featureLpPool: an input of shape ${
        showSizes(x.shape)
      } has ${channels} channels, which groups of ${size} at a distance of ` +
        `${stride} do not fill; expected [N, C, …] with C = ${size} + a multiple of ${stride}`,
    );
  }
  return inFloat32([x], (x) => root(power(x, normType).unfold(1, size, stride).sum(-1), normType));
}

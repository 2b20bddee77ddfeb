/** Normalisation by adjacent channels. */
import { avgPool2d, pad, type Tensor } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { checkSize, showSizes } from "../sizes.ts";

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Factor of the mean square; 1e-4 by default. */
  readonly alpha?: number;
  /** Exponent of the divisor; 0.75 by default. */
  readonly beta?: number;
  /** Added to the divisor; 1 by default. */
  readonly k?: number;
}

/**
 * Each element of `[N, C, …]` divided by (k + α · mean of the squares of `size` neighbouring channels at its place)^β, with zeros for
 * channels beyond the ends: Krizhevsky, Sutskever, Hinton, "ImageNet classification" (2012), section 3.3; their α is this one divided by
 * `size`. PyTorch: `torch.nn.functional.local_response_norm`.
 *
 * @throws RangeError for fewer than three dimensions, or a size that is not positive.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.localResponseNorm(ones([1, 1, 1, 1]), 1, { alpha: 3, beta: 0.5 }).item(); // 0.5
 * ```
 */
export function localResponseNorm(input: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  checkOptions("localResponseNorm", options, ["alpha", "beta", "k"]);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  checkSize("localResponseNorm", "size", size);
  if (input.ndim < 3) {
    throw new RangeError(
      `localResponseNorm: got an input of shape ${
        showSizes(input.shape)
      }; expected [N, C, L], [N, C, H, W] or [N, C, …]`,
    );
  }
  if (input.numel === 0) return input.clone();
  if (isHalf(input)) return inFloat32([input], (x) => localResponseNorm(x, size, options));
  const [batch, channels] = input.shape as readonly [number, number];
  const squares = input.square().reshape([batch, 1, channels, input.numel / (batch * channels)]);
  const before = Math.floor(size / 2);
  const padded = pad(squares, [0, 0, before, size - 1 - before]);
  const means = avgPool2d(padded, [size, 1], { stride: 1 }).reshape(input.shape);
  return input.div(means.mul(alpha).add(k).pow(beta));
}

/** Normalisation by the root mean square. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions, rmsNormalize } from "@heddle/tensor/engine";
import { checkNumber, showSizes } from "../sizes.ts";

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions {
  /** Factor after normalising, in the normalised shape. */
  readonly weight?: Tensor | null;
  /** Added to the mean square; 1e-6 by default. */
  readonly eps?: number;
}

/**
 * x / √(mean(x²) + eps) · weight over the last dimensions, those of `normalizedShape`: Zhang & Sennrich, "Root mean square layer
 * normalization" (2019). PyTorch: `torch.nn.functional.rms_norm`.
 *
 * @throws RangeError when the input does not end in that shape, or the weight has another.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.rmsNorm(tensor([[3, 4]]), [2]).toArray(); // about [[0.849, 1.131]]
 * ```
 */
export function rmsNorm(input: Tensor, normalizedShape: readonly number[], options: RmsNormOptions = {}): Tensor {
  checkOptions("rmsNorm", options, ["eps", "weight"]);
  const { eps = 1e-6, weight } = options;
  checkNumber("rmsNorm", "eps", eps);
  const start = input.ndim - normalizedShape.length;
  if (normalizedShape.length === 0 || start < 0 || normalizedShape.some((size, d) => size !== input.shape[start + d])) {
    throw new RangeError(
      `rmsNorm: the input has shape ${showSizes(input.shape)}, but should end in the normalised shape ${
        showSizes(normalizedShape)
      }`,
    );
  }
  if (weight && showSizes(weight.shape) !== showSizes(normalizedShape)) {
    throw new RangeError(
      `rmsNorm: weight has shape ${showSizes(weight.shape)}; expected ${showSizes(normalizedShape)}`,
    );
  }
  const dims = normalizedShape.map((_, d) => start + d);
  return rmsNormalize(input, dims, { weight: weight ?? null, eps });
}

/** Normalisation by the root mean square. */
import { empty, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { rmsNorm } from "../functional/rms_norm.ts";
import { ones_ } from "../init/mod.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { checkNumber, checkSize, listOf, showSizes, type Sizes } from "../sizes.ts";

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends Omit<LayerOptions, "generator"> {
  /** Added to the mean square; 1e-6 by default (PyTorch: the spacing of the dtype's numbers at 1). */
  readonly eps?: number;
  /** Whether a scale is learned; true by default. */
  readonly elementwiseAffine?: boolean;
}

/**
 * Divides the last dimensions, those of `normalizedShape`, by their root mean square: Zhang & Sennrich, "Root mean square layer
 * normalization" (2019). PyTorch: `torch.nn.RMSNorm`.
 *
 * @throws RangeError from `forward` when the input does not end in that shape.
 *
 * @example
 * ```ts
 * import { RMSNorm } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new RMSNorm(16).forward(randn([4, 10, 16])).shape; // [4, 10, 16]
 * ```
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  /** Scale in the normalised shape, initially ones. */
  weight: Parameter | null;

  constructor(normalizedShape: Sizes, options: RMSNormOptions = {}) {
    checkOptions("RMSNorm", options, ["device", "dtype", "elementwiseAffine", "eps"]);
    super();
    const { eps = 1e-6, elementwiseAffine = true, ...placement } = options;
    this.normalizedShape = listOf("RMSNorm", "normalizedShape", normalizedShape, 1);
    for (const size of this.normalizedShape) checkSize("RMSNorm", "normalizedShape", size);
    this.eps = checkNumber("RMSNorm", "eps", eps, 0);
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, placement)) : null;
    if (this.weight !== null) ones_(this.weight);
  }

  forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, { weight: this.weight, eps: this.eps });
  }

  override extraRepr(): string {
    return `${showSizes(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`;
  }
}

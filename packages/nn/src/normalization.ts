/** Layer, group and local response normalisation: within each sample, without running statistics. */
import { empty, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { localResponseNorm, type LocalResponseNormOptions } from "./functional/local_response_norm.ts";
import { groupNorm, layerNorm } from "./functional/normalization.ts";
import { resetAffine } from "./initial_values.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { Parameter } from "./parameter.ts";
import { checkNumber, checkNumbers, checkSize, listOf, showSizes, type Sizes } from "./sizes.ts";

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends Omit<LayerOptions, "generator"> {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Whether a scale and a shift are learned; true by default. */
  readonly elementwiseAffine?: boolean;
  /** Whether a shift is learned too; true by default. */
  readonly bias?: boolean;
}

/**
 * Normalises the last dimensions, those of `normalizedShape`: Ba et al., "Layer normalization" (2016). PyTorch: `torch.nn.LayerNorm`.
 *
 * @throws RangeError from `forward` when the input does not end in that shape.
 *
 * @example
 * ```ts
 * import { LayerNorm } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new LayerNorm(16).forward(randn([4, 10, 16])).shape; // [4, 10, 16]
 * ```
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  /** Scale in the normalised shape, initially ones. */
  weight: Parameter | null;
  /** Shift in the normalised shape, initially zeros. */
  bias: Parameter | null;

  constructor(normalizedShape: Sizes, options: LayerNormOptions = {}) {
    checkOptions("LayerNorm", options, ["bias", "device", "dtype", "elementwiseAffine", "eps"]);
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true, ...placement } = options;
    this.normalizedShape = listOf("LayerNorm", "normalizedShape", normalizedShape, 1);
    for (const size of this.normalizedShape) checkSize("LayerNorm", "normalizedShape", size);
    this.eps = checkNumber("LayerNorm", "eps", eps, 0);
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, placement)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(empty(this.normalizedShape, placement)) : null;
    this.resetParameters();
  }

  /** Resets scale and shift. */
  resetParameters(): void {
    resetAffine(this);
  }

  forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps });
  }

  override extraRepr(): string {
    return `${showSizes(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`;
  }
}

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions extends Omit<LayerOptions, "generator"> {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Whether a scale and a shift are learned; true by default. */
  readonly affine?: boolean;
}

/**
 * Normalises groups of channels of each sample of `[N, C, …]`: Wu & He, "Group normalization" (2018). PyTorch: `torch.nn.GroupNorm`.
 *
 * @throws RangeError when the channels cannot be split into that many groups.
 *
 * @example
 * ```ts
 * import { GroupNorm } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new GroupNorm(2, 6).forward(randn([4, 6, 8, 8])).shape; // [4, 6, 8, 8]
 * ```
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  /** Scale `[numChannels]`, initially ones. */
  weight: Parameter | null;
  /** Shift `[numChannels]`, initially zeros. */
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    checkOptions("GroupNorm", options, ["affine", "device", "dtype", "eps"]);
    super();
    const { eps = 1e-5, affine = true, ...placement } = options;
    this.numGroups = checkSize("GroupNorm", "numGroups", numGroups);
    this.numChannels = checkSize("GroupNorm", "numChannels", numChannels);
    if (numChannels % numGroups !== 0) {
      throw new RangeError(`GroupNorm: ${numChannels} channels cannot be split into ${numGroups} groups`);
    }
    this.eps = checkNumber("GroupNorm", "eps", eps, 0);
    this.weight = affine ? new Parameter(empty([numChannels], placement)) : null;
    this.bias = affine ? new Parameter(empty([numChannels], placement)) : null;
    this.resetParameters();
  }

  /** Resets scale and shift. */
  resetParameters(): void {
    resetAffine(this);
  }

  forward(input: Tensor): Tensor {
    if (input.ndim < 2 || input.shape[1] !== this.numChannels) {
      throw new RangeError(
        `GroupNorm: got an input of shape ${showSizes(input.shape)}; expected [N, ${this.numChannels}, …]`,
      );
    }
    return groupNorm(input, this.numGroups, { weight: this.weight, bias: this.bias, eps: this.eps });
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${this.eps}, affine=${this.weight !== null}`;
  }
}

/**
 * Divides by the size of adjacent channels, as in AlexNet: see `functional.localResponseNorm`. PyTorch: `torch.nn.LocalResponseNorm`.
 *
 * @example
 * ```ts
 * import { LocalResponseNorm } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new LocalResponseNorm(5, { alpha: 5e-4, k: 2 }).forward(randn([1, 96, 8, 8])).shape; // [1, 96, 8, 8]
 * ```
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly options: LocalResponseNormOptions;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    checkOptions("LocalResponseNorm", options, ["alpha", "beta", "k"]);
    super();
    this.size = checkSize("LocalResponseNorm", "size", size);
    checkNumbers("LocalResponseNorm", options, { alpha: -Infinity, beta: -Infinity, k: -Infinity });
    this.options = ownOptions(options);
  }

  forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.options);
  }

  override extraRepr(): string {
    const { alpha = 1e-4, beta = 0.75, k = 1 } = this.options;
    return `${this.size}, alpha=${alpha}, beta=${beta}, k=${k}`;
  }
}

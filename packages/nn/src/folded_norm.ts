/** Convolutions and linear layers with the batch normalisation that follows folded into their weight and bias. */
import { fused, isFloat, type Tensor } from "@heddle/tensor";
import { isHalf, keepsPrepared } from "@heddle/tensor/engine";
import { derived } from "./derived_tensors.ts";
import { foldableLayer, type Weighted } from "./foldable.ts";
import { type BatchNormOptions, checkActivation, checkResidual, runningAffine } from "./functional/normalization.ts";
import type { Layer } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** What a batch normalisation applies in evaluation. */
export interface Normaliser {
  readonly numFeatures: number;
  readonly eps: number;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
}

/** The statistics and parameters of {@link fuseConvBnWeights}: vectors of `[outChannels]`. */
export interface FusedNorm {
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  /** Added to the variance. */
  readonly eps: number;
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
}

/**
 * The weight `[outChannels, …]` and bias `[outChannels]` of a convolution or linear layer that does the batch normalisation after it by
 * running statistics, too. In evaluation under `noGrad` they are computed once, until one of the tensors changes, and belong to
 * `runningMean`: do not write to them. PyTorch: `torch.nn.utils.fusion.fuse_conv_bn_weights`.
 *
 * @example
 * ```ts
 * import { fuseConvBnWeights } from "@heddle/nn";
 * import { ones, zeros } from "@heddle/tensor";
 * const [runningMean, runningVar] = [zeros([2]), ones([2]).mul(3)];
 * const [weight, bias] = fuseConvBnWeights(ones([2, 1, 3, 3]), ones([2]), { runningMean, runningVar, eps: 1 });
 * weight.shape; // [2, 1, 3, 3]
 * bias.toArray(); // [0.5, 0.5]
 * ```
 */
export function fuseConvBnWeights(
  weight: Tensor,
  bias: Tensor | null,
  { runningMean, runningVar, eps, weight: scale = null, bias: shift = null }: FusedNorm,
): readonly [weight: Tensor, bias: Tensor] {
  return derived(runningMean, [weight, bias, scale, shift, runningMean, runningVar], [eps], () => {
    const { factor, offset } = runningAffine(runningMean, runningVar, scale, shift, eps);
    const perFilter = factor.reshape([-1, ...Array<number>(weight.ndim - 1).fill(1)]);
    return [weight.mul(perFilter), bias === null ? offset : bias.mul(factor).add(offset)];
  }) as unknown as readonly [Tensor, Tensor];
}

/** The operations after a normalisation. */
export type Following = Pick<BatchNormOptions, "residual" | "activation">;

const addResidual = fused("batchNorm", (y, residual) => y.add(residual));
const addAndRectify = fused("batchNorm", (y, residual) => y.add(residual).relu());

/**
 * The layer applied to the input, normalised by running statistics, as one product with the normalisation's scale and shift folded into
 * weight and bias. They are computed once, until a parameter or a statistic changes. Returns null where that is not possible: gradients
 * are recorded, the layer is another one, has hooks or computes its weight, or the dtypes differ.
 */
export function foldedAfter(
  layer: Layer,
  norm: Normaliser,
  input: Tensor,
  { residual = null, activation = "none" }: Following,
): Tensor | null {
  const { numFeatures, eps, weight: scale, bias: shift, runningMean, runningVar } = norm;
  const apply = foldableLayer(layer);
  if (!keepsPrepared() || runningMean === null || runningVar === null || apply === undefined) return null;
  const { weight, bias } = layer as Layer & Weighted;
  if (!(weight instanceof Parameter) || weight.shape[0] !== numFeatures || input.ndim !== weight.ndim) return null;
  const others = [bias, scale, shift, runningMean, runningVar, input, residual];
  if (!isFloat(weight.dtype) || isHalf(weight) || others.some((x) => x && x.dtype !== weight.dtype)) return null;

  checkActivation(activation);
  const [folded, offset] = fuseConvBnWeights(weight, bias, {
    runningMean,
    runningVar,
    eps,
    weight: scale,
    bias: shift,
  });
  const applied = residual === null ? activation : "none";
  const y = apply(layer as Layer & Weighted, input, folded, offset, applied);
  checkResidual(residual, y.shape);
  if (residual === null) return y;
  return (activation === "relu" ? addAndRectify : addResidual)([y, residual], y);
}

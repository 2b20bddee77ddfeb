/** Zero mean and unit variance over some dimensions: what the normalising layers are made of. */
import { applyAll } from "../engine/apply.ts";
import { checkOption, checkOptions } from "../options.ts";
import { inFloat32 } from "../engine/upcast.ts";
import { type Activation, activations } from "../prims/attrs.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What {@link normalize} takes. */
export interface NormalizeOptions {
  /** Factor after normalising; broadcast to the input. */
  readonly weight?: Tensor | null;
  /** Added after that; broadcast to the input. */
  readonly bias?: Tensor | null;
  /** Added to the variance. */
  readonly eps: number;
  /** Added last, in the shape of the input: the other branch of a residual block. */
  readonly residual?: Tensor | null;
  /** What is applied to the result; "none" by default. */
  readonly activation?: Activation | undefined;
}

/** What {@link rmsNormalize} takes. */
export type RmsNormalizeOptions = Pick<NormalizeOptions, "weight" | "eps">;

/** A normalised tensor, and the statistics of it; these have the dimensions kept, with size 1, and of float16 are float32. */
export interface Normalized {
  readonly result: Tensor;
  readonly mean: Tensor;
  /** Biased: the mean of the squared deviations. */
  readonly variance: Tensor;
}

/**
 * `activation((x − mean) / √(variance + eps) · weight + bias + residual)`, with mean and variance over `dims` of `x`. Gradients flow
 * through the result; what the statistics are used for is outside the history.
 *
 * @param dims not negative, without repetition.
 * @throws TypeError for an activation that there is not.
 */
export function normalize(x: Tensor, dims: readonly number[], options: NormalizeOptions): Normalized {
  checkOptions("normalize", options, ["activation", "bias", "eps", "residual", "weight"]);
  const { weight = null, bias = null, eps, residual = null, activation = "none" } = options;
  checkOption("normalize", "activation", activation, activations);
  // One of the two alone is rare, and so is another branch of another shape: they are operations of their own.
  const affine = (weight === null) === (bias === null);
  const taken = residual !== null && affine && weight !== null && residual.dtype === x.dtype &&
    sameShape(residual.shape, x.shape);
  const whole = residual === null ? affine : taken;
  if (x.dtype === "float16" && !whole) {
    let statistics: Normalized | null = null;
    const result = inFloat32([x, weight, bias, residual], (x, weight, bias, residual) => {
      statistics = normalize(x, dims, { weight, bias, eps, residual, activation });
      return statistics.result;
    });
    return { ...statistics!, result };
  }
  const inputs = [x, ...(affine && weight ? [weight, bias!] : []), ...(taken ? [residual.contiguous()] : [])];
  const own = { dims: [...dims], eps };
  const attrs = whole && activation === "relu" ? { ...own, activation } : own;
  const [normalized, mean, variance] = applyAll("normalize", inputs, attrs);
  if (whole) return { result: normalized!, mean: mean!, variance: variance! };
  const scaled = affine || weight === null ? normalized! : normalized!.mul(weight);
  const result = following(affine || bias === null ? scaled : scaled.add(bias), residual, activation);
  return { result, mean: mean!, variance: variance! };
}

/** What a kernel of its own does where the normalising one does not. */
function following(result: Tensor, residual: Tensor | null, activation: Activation): Tensor {
  const sum = residual === null ? result : result.add(residual);
  return activation === "relu" ? sum.relu() : sum;
}

/**
 * `x / √(mean(x²) + eps) · weight`, with the mean over `dims` of `x`: a normalisation without a mean.
 *
 * @param dims not negative, without repetition.
 * @param options.weight broadcast to the input.
 */
export function rmsNormalize(x: Tensor, dims: readonly number[], options: RmsNormalizeOptions): Tensor {
  checkOptions("rmsNormalize", options, ["eps", "weight"]);
  const { weight = null, eps } = options;
  return applyAll("rmsNormalize", weight === null ? [x] : [x, weight], { dims: [...dims], eps })[0]!;
}

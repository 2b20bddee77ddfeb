/** Normalisation over dimensions, for the layers of `@heddle/nn`. */
import { applyAll } from "../engine/apply.ts";
import { checkOption, checkOptions } from "../options.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { type Activation, activations } from "../prims/attrs.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Factor of the normalised values; broadcast to the input. */
  readonly weight?: Tensor | null;
  /** Added after the factor; broadcast to the input. */
  readonly bias?: Tensor | null;
  /** Added to the variance. */
  readonly eps: number;
  /** Added last, in the shape of the input: the other branch of a residual block. */
  readonly residual?: Tensor | null;
  /** Applied to the result; "none" by default. */
  readonly activation?: Activation | undefined;
}

/** Options of {@link rmsNormalize}. */
export type RmsNormalizeOptions = Pick<NormalizeOptions, "weight" | "eps">;

/** A normalised tensor and its statistics. The statistics keep the reduced dimensions with size 1; for float16 they are float32. */
export interface Normalized {
  readonly result: Tensor;
  readonly mean: Tensor;
  /** Biased: the mean of the squared deviations. */
  readonly variance: Tensor;
}

/**
 * `activation((x − mean) / √(variance + eps) · weight + bias + residual)`, with mean and variance over `dims` of `x`. Gradients
 * flow through the result, not through the returned statistics.
 *
 * @param dims non-negative and distinct.
 */
export function normalize(x: Tensor, dims: readonly number[], options: NormalizeOptions): Normalized {
  checkOptions("normalize", options, ["activation", "bias", "eps", "residual", "weight"]);
  const { weight = null, bias = null, eps, residual = null, activation = "none" } = options;
  checkOption("normalize", "activation", activation, activations);
  // A weight without a bias (or the reverse) is rare, and so is a residual of another shape. They run as separate operations.
  const affine = (weight === null) === (bias === null);
  const taken = residual !== null && affine && weight !== null && residual.dtype === x.dtype &&
    sameShape(residual.shape, x.shape);
  const whole = residual === null ? affine : taken;
  if (isHalf(x) && !whole) {
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

/** Residual and activation as a separate kernel. */
function following(result: Tensor, residual: Tensor | null, activation: Activation): Tensor {
  const sum = residual === null ? result : result.add(residual);
  return activation === "relu" ? sum.relu() : sum;
}

/**
 * RMS normalisation: `x / √(mean(x²) + eps) · weight`, with the mean over `dims` of `x`.
 *
 * @param dims not negative, without repetition.
 * @param options.weight broadcast to the input.
 */
export function rmsNormalize(x: Tensor, dims: readonly number[], options: RmsNormalizeOptions): Tensor {
  checkOptions("rmsNormalize", options, ["eps", "weight"]);
  const { weight = null, eps } = options;
  return applyAll("rmsNormalize", weight === null ? [x] : [x, weight], { dims: [...dims], eps })[0]!;
}

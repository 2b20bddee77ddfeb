/** Losses of numbers against numbers, and of distributions against distributions. */
import { type Tensor, where } from "@heddle/tensor";
import { checkOptions, checkTensor, inFloat32, isHalf } from "@heddle/tensor/engine";
import { atLeast } from "./lower_bound.ts";
import { showSizes } from "../sizes.ts";
import { checkPair, checkReduction, reduced, type ReductionOptions } from "./reduction.ts";

/**
 * Squared differences. PyTorch: `torch.nn.functional.mse_loss`.
 *
 * @throws RangeError unless both shapes are equal (PyTorch broadcasts them, with a warning).
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 * ```
 */
export function mseLoss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  checkOptions("mseLoss", options, ["reduction"]);
  checkPair("mseLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => mseLoss(a, b, options));
  return reduced("mseLoss", input.sub(target).square(), options.reduction);
}

/** Absolute differences. PyTorch: `torch.nn.functional.l1_loss`. @throws RangeError unless both shapes are equal. */
export function l1Loss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  checkOptions("l1Loss", options, ["reduction"]);
  checkPair("l1Loss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => l1Loss(a, b, options));
  return reduced("l1Loss", input.sub(target).abs(), options.reduction);
}

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends ReductionOptions {
  /** Where the parabola meets the line; 1 by default, 0 is {@link l1Loss}. */
  readonly beta?: number;
}

/**
 * d² / 2β for differences |d| below β, |d| − β / 2 beyond: Girshick, "Fast R-CNN" (2015). PyTorch:
 * `torch.nn.functional.smooth_l1_loss`.
 *
 * @throws RangeError unless both shapes are equal, or for a negative β.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  checkOptions("smoothL1Loss", options, ["beta", "reduction"]);
  const { beta = 1, reduction } = options;
  checkPair("smoothL1Loss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => smoothL1Loss(a, b, options));
  if (!(beta >= 0)) throw new RangeError(`smoothL1Loss: beta ${beta} is negative`);
  const distance = input.sub(target).abs();
  if (beta === 0) return reduced("smoothL1Loss", distance, reduction);
  // With q = min(|d|, β) both pieces are q²/2β + (|d| − q), and an infinite difference gives no NaN gradient.
  const near = distance.clamp({ max: beta });
  return reduced("smoothL1Loss", near.square().mul(0.5 / beta).add(distance.sub(near)), reduction);
}

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends ReductionOptions {
  /** Where the parabola meets the line; 1 by default. */
  readonly delta?: number;
}

/**
 * d² / 2 for differences |d| up to δ, δ (|d| − δ / 2) beyond: Huber, "Robust estimation of a location parameter" (1964). PyTorch:
 * `torch.nn.functional.huber_loss`.
 *
 * @throws RangeError unless both shapes are equal and δ is positive.
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  checkOptions("huberLoss", options, ["delta", "reduction"]);
  const { delta = 1, reduction } = options;
  checkPair("huberLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => huberLoss(a, b, options));
  if (!(delta > 0)) throw new RangeError(`huberLoss: delta ${delta} is not positive`);
  const distance = input.sub(target).abs();
  const near = distance.clamp({ max: delta });
  return reduced("huberLoss", near.square().mul(0.5).add(distance.sub(near).mul(delta)), reduction);
}

/** Options of {@link klDiv}. */
export interface KlDivOptions {
  /** "batchmean" divides the sum by the size of dimension 0, as the divergence is defined; "mean" (the default) by the number of elements. */
  readonly reduction?: "none" | "mean" | "sum" | "batchmean";
  /** Whether the target is given as logarithms. */
  readonly logTarget?: boolean;
}

/**
 * Kullback–Leibler divergence of log-probabilities from probabilities: target · (ln target − input), 0 where the target is 0. PyTorch:
 * `torch.nn.functional.kl_div`.
 *
 * @throws RangeError unless both shapes are equal.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const p = tensor([[0.5, 0.5]]);
 * F.klDiv(tensor([[0.25, 0.75]]).log(), p, { reduction: "batchmean" }).item(); // 0.1438…
 * ```
 */
export function klDiv(input: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  checkOptions("klDiv", options, ["logTarget", "reduction"]);
  const { reduction = "mean", logTarget = false } = options;
  checkPair("klDiv", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => klDiv(a, b, options));
  checkReduction("klDiv", reduction, ["none", "mean", "sum", "batchmean"]);
  let loss: Tensor;
  if (logTarget) loss = target.exp().mul(target.sub(input));
  else {
    const zero = target.eq(0);
    loss = where(zero, 0, target.mul(where(zero, 1, target).log())).sub(target.mul(input));
  }
  if (reduction !== "batchmean") return reduced("klDiv", loss, reduction);
  return loss.sum().div(input.shape[0] ?? 1);
}

/** Options of {@link gaussianNllLoss}. */
export interface GaussianNllLossOptions extends ReductionOptions {
  /** Whether the constant ln(2π) / 2 is added. */
  readonly full?: boolean;
  /** Lower bound of variances; 1e-6 by default. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of targets under normal distributions of predicted means and variances. PyTorch:
 * `torch.nn.functional.gaussian_nll_loss`.
 *
 * @param variance in the shape of the input, or with a last dimension of 1, or without it.
 * @throws RangeError for other shapes, and negative variances (where the device can be read at once).
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllLossOptions = {},
): Tensor {
  checkOptions("gaussianNllLoss", options, ["eps", "full", "reduction"]);
  const { full = false, eps = 1e-6, reduction } = options;
  checkPair("gaussianNllLoss", input, target);
  checkTensor("gaussianNllLoss", variance, "the variance");
  if (variance.device.backend.readsSynchronously) {
    const wrong = variance.toTypedArray().find((value: number | bigint) => value < 0);
    if (wrong !== undefined) {
      throw new RangeError(
        `gaussianNllLoss: the variance holds ${wrong}, and none is negative; predict its logarithm and give exp(), or use softplus`,
      );
    }
  }
  if (isHalf(input, target, variance)) {
    return inFloat32([input, target, variance], (a, b, variance) => gaussianNllLoss(a, b, variance, options));
  }
  let spread = variance;
  if (showSizes(variance.shape) !== showSizes(input.shape)) {
    if (showSizes(variance.shape) === showSizes(input.shape.slice(0, -1))) spread = variance.unsqueeze(-1);
    else if (showSizes(variance.shape) !== showSizes([...input.shape.slice(0, -1), 1])) {
      checkPair("gaussianNllLoss", input, variance, "variance");
    }
  }
  const raised = atLeast(spread, eps);
  let loss = raised.log().add(input.sub(target).square().div(raised)).mul(0.5);
  if (full) loss = loss.add(0.5 * Math.log(2 * Math.PI));
  return reduced("gaussianNllLoss", loss, reduction);
}

/** Options of {@link poissonNllLoss}. */
export interface PoissonNllLossOptions extends ReductionOptions {
  /** Whether the input is the logarithm of the rate; true by default. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of ln(target!) is added for targets above 1. */
  readonly full?: boolean;
  /** Added to a rate before its logarithm; 1e-8 by default. */
  readonly eps?: number;
}

/**
 * Negative log-likelihood of counts under Poisson distributions. PyTorch: `torch.nn.functional.poisson_nll_loss`.
 *
 * @throws RangeError unless both shapes are equal.
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  checkOptions("poissonNllLoss", options, ["eps", "full", "logInput", "reduction"]);
  const { logInput = true, full = false, eps = 1e-8, reduction } = options;
  checkPair("poissonNllLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => poissonNllLoss(a, b, options));
  let loss = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
  if (full) {
    const count = where(target.gt(1), target, 1);
    const stirling = count.mul(count.log()).sub(count).add(count.mul(2 * Math.PI).log().mul(0.5));
    loss = loss.add(where(target.gt(1), stirling, 0));
  }
  return reduced("poissonNllLoss", loss, reduction);
}

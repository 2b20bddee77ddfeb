/** Losses of numbers against numbers, and of distributions against distributions. */
import { type Symbolic, type Tensor, whereSymbolic } from "@heddle/tensor";
import { checkOptions, checkTensor, checkValues, inFloat32, isHalf } from "@heddle/tensor/engine";
import { atLeast } from "./lower_bound.ts";
import { showSizes } from "../sizes.ts";
import {
  checkPair,
  checkReduction,
  type ElementLoss,
  elementLoss,
  reduced,
  type ReductionOptions,
} from "./reduction.ts";

const squaredErrors = elementLoss("mseLoss", (x, y) => x.sub(y).square());
const absoluteErrors = elementLoss("l1Loss", (x, y) => x.sub(y).abs());
const smoothErrors = elementLoss("smoothL1Loss", (x, y, beta, factor) => {
  // With q = min(|d|, β) both pieces are q²/2β + (|d| − q), and an infinite difference gives no NaN gradient.
  const distance = x.sub(y).abs();
  const near = whereSymbolic(distance.gt(beta), beta, distance);
  return near.square().mul(factor).add(distance.sub(near));
});
const huberErrors = elementLoss("huberLoss", (x, y, delta) => {
  const distance = x.sub(y).abs();
  const near = whereSymbolic(distance.gt(delta), delta, distance);
  return near.square().mul(0.5).add(distance.sub(near).mul(delta));
});
const divergenceOfLogs = elementLoss("klDiv", (x, target) => target.exp().mul(target.sub(x)));
const divergenceOf = elementLoss("klDiv", (x, target) => {
  const zero = target.eq(0);
  return whereSymbolic(zero, 0, target.mul(whereSymbolic(zero, 1, target).log())).sub(target.mul(x));
});

/** Stirling's approximation of ln(count!), above 1. */
function stirling(target: Symbolic): Symbolic {
  const count = whereSymbolic(target.gt(1), target, 1);
  const sum = count.mul(count.log()).sub(count).add(count.mul(2 * Math.PI).log().mul(0.5));
  return whereSymbolic(target.gt(1), sum, 0);
}

/** By whether the input is the logarithm of the rate; the second with Stirling's approximation. */
const poisson = (
  rate: (x: Symbolic, target: Symbolic, eps: Symbolic) => Symbolic,
): readonly [ElementLoss, ElementLoss] => [
  elementLoss("poissonNllLoss", (x, target, eps) => rate(x!, target!, eps!)),
  elementLoss("poissonNllLoss", (x, target, eps) => rate(x!, target!, eps!).add(stirling(target!))),
];
const poissonOfLogs = poisson((x, target) => x.exp().sub(target.mul(x)));
const poissonOfRates = poisson((x, target, eps) => x.sub(target.mul(x.add(eps).log())));

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
  return squaredErrors([input, target], [], options.reduction);
}

/** Absolute differences. PyTorch: `torch.nn.functional.l1_loss`. @throws RangeError unless both shapes are equal. */
export function l1Loss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  checkOptions("l1Loss", options, ["reduction"]);
  checkPair("l1Loss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => l1Loss(a, b, options));
  return absoluteErrors([input, target], [], options.reduction);
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
  return beta === 0
    ? absoluteErrors([input, target], [], reduction)
    : smoothErrors([input, target], [beta, 0.5 / beta], reduction);
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
  return huberErrors([input, target], [delta], reduction);
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
  const divergence = logTarget ? divergenceOfLogs : divergenceOf;
  if (reduction !== "batchmean") return divergence([input, target], [], reduction);
  return divergence([input, target], [], "sum").div(input.shape[0] ?? 1);
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
  checkValues(variance, (variance) => {
    const wrong = variance.toTypedArray().find((value: number | bigint) => value < 0);
    if (wrong === undefined) return;
    throw new RangeError(
      `gaussianNllLoss: the variance holds ${wrong}, and none is negative; predict its logarithm and give exp(), or use softplus`,
    );
  });
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
  return (logInput ? poissonOfLogs : poissonOfRates)[full ? 1 : 0]([input, target], [eps], reduction);
}

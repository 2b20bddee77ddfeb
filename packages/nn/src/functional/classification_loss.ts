/** Losses of class scores against classes. */
import { isFloat, type Tensor, where } from "@heddle/tensor";
import { checkOptions, checkValues, inFloat32, isHalf, labelLoss, readsAtOnce } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { lookUp } from "./lookup.ts";
import { checkReduction, reduced, type Reduction, type ReductionOptions } from "./reduction.ts";

/** Options of {@link nllLoss}. */
export interface NllLossOptions extends ReductionOptions {
  /** A weight for each class: `[C]`. The mean is then weighted. */
  readonly weight?: Tensor | null;
  /** Elements with this label are ignored; -100 by default. */
  readonly ignoreIndex?: number;
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** The share of the target (0 to 1) that is spread evenly over all classes; 0 by default. */
  readonly labelSmoothing?: number;
}

/** The dimension of the classes: 1, or the only one. */
function classDim(operation: string, input: Tensor): number {
  if (input.ndim === 0) {
    throw new RangeError(`${operation}: the input needs a dimension of classes, as in [C], [N, C] or [N, C, d1, …]`);
  }
  return input.ndim === 1 ? 0 : 1;
}

function checkWeight(operation: string, weight: Tensor | null | undefined, classes: number): void {
  if (weight && (weight.ndim !== 1 || weight.shape[0] !== classes)) {
    throw new RangeError(
      `${operation}: the weight has shape ${showSizes(weight.shape)}; expected [${classes}], one for each class`,
    );
  }
}

/** `[C]` as `[1, C, 1, …]` for an input of that many dimensions. */
function alongClasses(weight: Tensor, ndim: number): Tensor {
  return ndim === 1 ? weight : weight.reshape([1, -1, ...Array<number>(ndim - 2).fill(1)]);
}

/** The losses of single elements, and the divisor of their sum for the mean. */
interface Labelled {
  readonly loss: Tensor;
  readonly share: Tensor | number;
}

/** Labels that fit scores of a shape, as int32 or int64. */
function checkedLabels(operation: string, shape: readonly number[], dim: number, target: Tensor): Tensor {
  const expected = shape.filter((_, d) => d !== dim);
  if (isFloat(target.dtype) || target.dtype === "bool") {
    throw new TypeError(
      `${operation}: the target is ${target.dtype} of shape ${showSizes(target.shape)}; labels are integers of shape ${
        showSizes(expected)
      } ` +
        `(cast with .to("int32"))${
          operation === "crossEntropy" ? `, probabilities floats of shape ${showSizes(shape)}` : ""
        }`,
    );
  }
  if (showSizes(target.shape) !== showSizes(expected)) {
    throw new RangeError(
      `${operation}: an input of shape ${showSizes(shape)} needs labels of shape ${showSizes(expected)}, got ${
        showSizes(target.shape)
      }`,
    );
  }
  return target.dtype === "int64" ? target : target.to("int32");
}

const outOfRange = (operation: string, label: number | bigint, classes: number): string =>
  `${operation}: label ${label} is out of range for ${classes} classes; expected 0 to ${classes - 1}`;

/** −weight · (log-probability of the label), smoothed; 0 where the label is ignored. */
function labelled(operation: string, logProbabilities: Tensor, target: Tensor, options: CrossEntropyOptions): Labelled {
  const { weight, ignoreIndex = -100, labelSmoothing = 0 } = options;
  const dim = classDim(operation, logProbabilities);
  const { shape } = logProbabilities;
  const classes = shape[dim]!;
  const labels = checkedLabels(operation, shape, dim, target);
  checkWeight(operation, weight, classes);
  const ignored = labels.eq(ignoreIndex);
  const safe = labels.maskedFill(ignored, 0);
  const explain = (label: number | bigint) => outOfRange(operation, label, classes);
  const picked = lookUp(safe, classes, explain, () => logProbabilities.gather(dim, safe.unsqueeze(dim))).squeeze(dim);
  const chosen = weight ? weight.indexSelect(0, safe.reshape(-1)).reshape(labels.shape) : null;
  let loss = chosen === null ? picked.neg() : picked.mul(chosen).neg();
  if (labelSmoothing > 0) {
    const all = weight ? logProbabilities.mul(alongClasses(weight, shape.length)) : logProbabilities;
    loss = loss.mul(1 - labelSmoothing).sub(all.sum(dim).mul(labelSmoothing / classes));
  }
  return {
    loss: where(ignored, 0, loss),
    share: chosen === null ? ignored.logicalNot().sum() : where(ignored, 0, chosen).sum(),
  };
}

/** {@link labelled} directly from scores, in one kernel, where the options allow it. */
function fusedLabelled(scores: Tensor, target: Tensor, options: CrossEntropyOptions): Labelled | null {
  const { weight, ignoreIndex = -100, labelSmoothing = 0 } = options;
  if (weight || labelSmoothing > 0) return null;
  const dim = classDim("crossEntropy", scores);
  const labels = checkedLabels("crossEntropy", scores.shape, dim, target);
  // int64 would halve the width of vectors; labels that do not fit are found below.
  const loss = labelLoss(scores, labels.to("int32"), dim, ignoreIndex);
  const classes = scores.shape[dim]!;
  if (!readsAtOnce(labels)) {
    checkValues(labels, (labels) => void countLabels(labels, ignoreIndex, classes));
    return { loss, share: labels.ne(ignoreIndex).sum() };
  }
  return { loss, share: countLabels(labels, ignoreIndex, classes) };
}

/** The number of labels that are not ignored. @throws RangeError for one that is out of range. */
function countLabels(labels: Tensor, ignoreIndex: number, classes: number): number {
  let share = 0;
  for (const label of labels.toTypedArray()) {
    if (Number(label) === ignoreIndex) continue;
    if (!(label >= 0 && label < classes)) throw new RangeError(outOfRange("crossEntropy", label, classes));
    share++;
  }
  return share;
}

function finish({ loss, share }: Labelled, reduction: Reduction): Tensor {
  return reduction === "none" ? loss : reduction === "sum" ? loss.sum() : loss.sum().div(share);
}

/**
 * Negative log-likelihood of labels under log-probabilities. PyTorch: `torch.nn.functional.nll_loss`.
 *
 * @param input log-probabilities `[C]`, `[N, C]` or `[N, C, d1, …]`, as `logSoftmax` gives them.
 * @param target labels from 0 to C − 1, integers of shape `[]`, `[N]` or `[N, d1, …]`.
 * @throws RangeError for a label out of range, or shapes that do not fit. TypeError for labels that are not integers.
 */
export function nllLoss(input: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor {
  checkOptions("nllLoss", options, ["ignoreIndex", "reduction", "weight"]);
  const { reduction = "mean" } = options;
  checkReduction("nllLoss", reduction);
  const { weight = null, ignoreIndex } = options;
  if (isHalf(input, weight)) {
    return inFloat32([input, weight], (x, weight) => nllLoss(x, target, { ...options, weight }));
  }
  return finish(labelled("nllLoss", input, target, { weight, ignoreIndex }), reduction);
}

/**
 * Cross-entropy of class scores with labels or with probabilities: {@link nllLoss} of the `logSoftmax`. PyTorch:
 * `torch.nn.functional.cross_entropy`.
 *
 * @param input scores (logits) `[C]`, `[N, C]` or `[N, C, d1, …]`.
 * @param target labels from 0 to C − 1, integers of shape `[]`, `[N]` or `[N, d1, …]`; or probabilities in the shape of the input.
 * @returns 0-dimensional, unless `reduction` is "none": then in the shape of the labels.
 * @throws RangeError for a label out of range, a smoothing outside 0 to 1, or shapes that do not fit.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const logits = tensor([[2, 0, 0], [0, 3, 0]]);
 * F.crossEntropy(logits, tensor([0, 1], { dtype: "int32" })).item(); // 0.1672…
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkOptions("crossEntropy", options, ["ignoreIndex", "labelSmoothing", "reduction", "weight"]);
  const { reduction = "mean", labelSmoothing = 0, weight = null } = options;
  checkReduction("crossEntropy", reduction);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(`crossEntropy: labelSmoothing ${labelSmoothing} is not within 0 to 1`);
  }
  if (isHalf(input, target, weight)) {
    return inFloat32([input, target, weight], (x, target, weight) => crossEntropy(x, target, { ...options, weight }));
  }
  const dim = classDim("crossEntropy", input);
  const labels = !isFloat(target.dtype) || showSizes(target.shape) !== showSizes(input.shape);
  const fused = labels ? fusedLabelled(input, target, options) : null;
  if (fused !== null) return finish(fused, reduction);
  const logProbabilities = input.logSoftmax(dim);
  if (labels) {
    return finish(labelled("crossEntropy", logProbabilities, target, options), reduction);
  }
  const classes = input.shape[dim]!;
  checkWeight("crossEntropy", weight, classes);
  const wanted = labelSmoothing > 0 ? target.mul(1 - labelSmoothing).add(labelSmoothing / classes) : target;
  const weighted = weight ? logProbabilities.mul(alongClasses(weight, input.ndim)) : logProbabilities;
  const loss = weighted.mul(wanted).sum(dim).neg();
  return reduction === "none" ? loss : reduction === "sum" ? loss.sum() : loss.sum().div(input.numel / classes);
}

/** Options of {@link multiMarginLoss}. */
export interface MultiMarginLossOptions extends ReductionOptions {
  /** Power of each excess: 1 (the default) or 2. */
  readonly p?: 1 | 2;
  /** By how much the correct class's score should exceed the others; 1 by default. */
  readonly margin?: number;
  /** A weight for each class: `[C]`. */
  readonly weight?: Tensor | null;
}

/**
 * Hinge loss for several classes: Σ over wrong classes of max(0, margin − score of the right + score of the wrong)ᵖ, divided by C.
 * PyTorch: `torch.nn.functional.multi_margin_loss`.
 *
 * @param input scores `[N, C]` or `[C]`.
 * @param target labels `[N]` or `[]`.
 * @throws RangeError for a label out of range or shapes that do not fit.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.multiMarginLoss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([3], { dtype: "int32" })).item(); // about 0.325
 * ```
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginLossOptions = {}): Tensor {
  checkOptions("multiMarginLoss", options, ["margin", "p", "reduction", "weight"]);
  const { p = 1, margin = 1, weight = null, reduction } = options;
  if (isHalf(input, weight)) {
    return inFloat32([input, weight], (x, weight) => multiMarginLoss(x, target, { ...options, weight }));
  }
  if (input.ndim < 1 || input.ndim > 2) {
    throw new RangeError(`multiMarginLoss: the input has shape ${showSizes(input.shape)}; expected [N, C] or [C]`);
  }
  if (p !== 1 && p !== 2) throw new RangeError(`multiMarginLoss: p is ${p}; use 1 or 2`);
  const rows = input.ndim === 1 ? input.unsqueeze(0) : input;
  const [count, classes] = rows.shape as [number, number];
  if (isFloat(target.dtype) || target.numel !== count || target.ndim > input.ndim - 1) {
    throw new RangeError(
      `multiMarginLoss: an input of shape ${showSizes(input.shape)} needs integer labels of shape ${
        showSizes(input.shape.slice(0, -1))
      }, ` +
        `got ${target.dtype} of shape ${showSizes(target.shape)}`,
    );
  }
  checkWeight("multiMarginLoss", weight, classes);
  const labels = target.dtype === "int64" ? target.reshape([count]) : target.to("int32").reshape([count]);
  const columns = labels.unsqueeze(1);
  const explain = (label: number | bigint) =>
    `multiMarginLoss: label ${label} is out of range for ${classes} classes; expected 0 to ${classes - 1}`;
  const right = lookUp(labels, classes, explain, () => rows.gather(1, columns));
  // The correct class violates its own margin, which does not count.
  const excess = rows.sub(right).add(margin).relu().scatter(1, columns, 0);
  let loss = p === 1 ? excess : excess.square();
  if (weight) loss = loss.mul(weight.indexSelect(0, labels).unsqueeze(1));
  const perRow = loss.sum(1).div(classes);
  return reduced("multiMarginLoss", input.ndim === 1 ? perRow.squeeze(0) : perRow, reduction);
}

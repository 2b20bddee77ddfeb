/** Losses that are 0 beyond a margin. */
import { isFloat, type Symbolic, type Tensor, where, whereSymbolic, zeros } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { logOfSigmoid, logsigmoid } from "./activation.ts";
import { pairwiseDistance } from "./distance.ts";
import { shown, showSizes } from "../sizes.ts";
import { lookUp } from "./lookup.ts";
import { checkPair, elementLoss, reduced, type ReductionOptions } from "./reduction.ts";

/** At least 0; the gradient passes at 0 itself. */
const atLeastZero = (x: Symbolic): Symbolic => whereSymbolic(x.lt(0), 0, x);
const hinge = elementLoss("hingeLoss", (x, target, margin) => x.mul(target).neg().add(margin).relu());
const hingeOfDistance = elementLoss(
  "hingeEmbeddingLoss",
  (x, target, margin) =>
    whereSymbolic(target.ne(-1), x, 0).add(whereSymbolic(target.ne(1), atLeastZero(x.neg().add(margin)), 0)),
);
const ranking = elementLoss(
  "marginRankingLoss",
  (first, second, target, margin) => atLeastZero(first.sub(second).mul(target).neg().add(margin)),
);
const softMargin = elementLoss("softMarginLoss", (x, target) => logOfSigmoid(x.mul(target)).neg());

const marginOptions = ["margin", "reduction"] as const;

/** Options of the losses with a margin. */
export interface MarginOptions extends ReductionOptions {
  readonly margin?: number;
}

/**
 * Binary hinge loss max(0, margin − target · input) for targets of ±1 (PyTorch has it for several classes only, see
 * {@link multiMarginLoss}).
 *
 * @throws RangeError unless both shapes are equal.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.hingeLoss(tensor([0.5, 2]), tensor([1, -1])).item(); // (0.5 + 3) / 2
 * ```
 */
export function hingeLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkOptions("hingeLoss", options, marginOptions);
  const { margin = 1, reduction } = options;
  checkPair("hingeLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => hingeLoss(a, b, options));
  return hinge([input, target], [margin], reduction);
}

/**
 * For distances: the input itself where the target is 1, max(0, margin − input) where it is −1. PyTorch:
 * `torch.nn.functional.hinge_embedding_loss`.
 *
 * @throws RangeError unless both shapes are equal.
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkOptions("hingeEmbeddingLoss", options, marginOptions);
  const { margin = 1, reduction } = options;
  checkPair("hingeEmbeddingLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => hingeEmbeddingLoss(a, b, options));
  return hingeOfDistance([input, target], [margin], reduction);
}

/**
 * max(0, margin − target · (first − second)): the first should rank above the second where the target is 1, below where it is −1.
 * PyTorch: `torch.nn.functional.margin_ranking_loss`.
 *
 * @param options.margin 0 by default.
 */
export function marginRankingLoss(first: Tensor, second: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkOptions("marginRankingLoss", options, marginOptions);
  const { margin = 0, reduction } = options;
  checkPair("marginRankingLoss", first, second, "second input");
  checkPair("marginRankingLoss", first, target);
  if (isHalf(first, second, target)) {
    return inFloat32([first, second, target], (a, b, target) => marginRankingLoss(a, b, target, options));
  }
  return ranking([first, second, target], [margin], reduction);
}

/**
 * ln(1 + e^(−target · input)) for targets of ±1. PyTorch: `torch.nn.functional.soft_margin_loss` (which overflows for large scores;
 * this does not).
 *
 * @throws RangeError unless both shapes are equal.
 */
export function softMarginLoss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  checkOptions("softMarginLoss", options, ["reduction"]);
  checkPair("softMarginLoss", input, target);
  if (isHalf(input, target)) return inFloat32([input, target], (a, b) => softMarginLoss(a, b, options));
  return softMargin([input, target], [], options.reduction);
}

/** Options of {@link multilabelSoftMarginLoss}. */
export interface MultilabelSoftMarginOptions extends ReductionOptions {
  /** A weight for each class: `[C]`. */
  readonly weight?: Tensor | null;
}

/**
 * Binary cross-entropy of scores `[…, C]` with 0 or 1 for each class, averaged over classes. PyTorch:
 * `torch.nn.functional.multilabel_soft_margin_loss`.
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options: MultilabelSoftMarginOptions = {},
): Tensor {
  checkOptions("multilabelSoftMarginLoss", options, ["reduction", "weight"]);
  const { weight = null, reduction } = options;
  checkPair("multilabelSoftMarginLoss", input, target);
  if (isHalf(input, target, weight)) {
    const operands = [input, target, weight] as const;
    return inFloat32(operands, (a, b, weight) => multilabelSoftMarginLoss(a, b, { ...options, weight }));
  }
  const right = target.mul(logsigmoid(input));
  let loss = right.add(target.neg().add(1).mul(logsigmoid(input.neg()))).neg();
  if (weight) loss = loss.mul(weight);
  return reduced("multilabelSoftMarginLoss", loss.mean(-1), reduction);
}

/**
 * 1 − cos of two vectors where the target is 1, max(0, cos − margin) where it is −1. PyTorch:
 * `torch.nn.functional.cosine_embedding_loss`.
 *
 * @param first `[N, D]` or `[D]`, as `second`; `target` is `[N]` or `[]`.
 */
export function cosineEmbeddingLoss(
  first: Tensor,
  second: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor {
  checkOptions("cosineEmbeddingLoss", options, marginOptions);
  const { margin = 0, reduction } = options;
  checkPair("cosineEmbeddingLoss", first, second, "second input");
  if (isHalf(first, second, target)) {
    return inFloat32([first, second, target], (a, b, target) => cosineEmbeddingLoss(a, b, target, options));
  }
  // PyTorch's cosine here is not `cosineSimilarity`: its epsilon is added to the squared lengths.
  const squaredLength = (x: Tensor): Tensor => x.square().sum(-1).add(1e-12);
  const similarity = first.mul(second).sum(-1).div(squaredLength(first).mul(squaredLength(second)).sqrt());
  checkPair("cosineEmbeddingLoss", similarity, target);
  const together = where(target.eq(1), similarity.neg().add(1), 0);
  return reduced(
    "cosineEmbeddingLoss",
    where(target.eq(-1), similarity.sub(margin).clamp({ min: 0 }), together),
    reduction,
  );
}

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginOptions extends MarginOptions {
  /** Which norm measures distance; 2 by default. */
  readonly p?: number;
  /** Added to differences; 1e-6 by default. */
  readonly eps?: number;
  /** Whether to use the distance between positive and negative where it is smaller than the anchor's. */
  readonly swap?: boolean;
}

/**
 * max(0, distance of the anchor to the positive − distance to the negative + margin). PyTorch:
 * `torch.nn.functional.triplet_margin_loss`.
 *
 * @param anchor `[N, D]` or `[D]`, as `positive` and `negative`.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor {
  checkOptions("tripletMarginLoss", options, ["eps", "margin", "p", "reduction", "swap"]);
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction } = options;
  checkPair("tripletMarginLoss", anchor, positive, "positive");
  checkPair("tripletMarginLoss", anchor, negative, "negative");
  if (isHalf(anchor, positive, negative)) {
    return inFloat32([anchor, positive, negative], (a, p, n) => tripletMarginLoss(a, p, n, options));
  }
  const near = pairwiseDistance(anchor, positive, { p, eps });
  const far = pairwiseDistance(anchor, negative, { p, eps });
  const apart = swap ? far.minimum(pairwiseDistance(positive, negative, { p, eps })) : far;
  return reduced("tripletMarginLoss", near.sub(apart).add(margin).clamp({ min: 0 }), reduction);
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceOptions extends MarginOptions {
  /** The distance of two inputs; {@link pairwiseDistance} by default. */
  readonly distanceFunction?: ((first: Tensor, second: Tensor) => Tensor) | null;
  /** Whether to use the distance between positive and negative where it is smaller than the anchor's. */
  readonly swap?: boolean;
}

/**
 * {@link tripletMarginLoss} with any distance. PyTorch: `torch.nn.functional.triplet_margin_with_distance_loss`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[1, 0]]), tensor([[0, 3]])];
 * const distanceFunction = (a: typeof anchor, b: typeof anchor) => a.sub(b).abs().sum(-1);
 * F.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin: 5 }).item(); // 3
 * ```
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginWithDistanceOptions = {},
): Tensor {
  checkOptions("tripletMarginWithDistanceLoss", options, ["distanceFunction", "margin", "reduction", "swap"]);
  const { distanceFunction, margin = 1, swap = false, reduction } = options;
  const distance = distanceFunction ?? ((a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b));
  if (typeof distance !== "function") {
    throw new TypeError(`tripletMarginWithDistanceLoss: distanceFunction is ${shown(distance)}; expected a function`);
  }
  checkPair("tripletMarginWithDistanceLoss", anchor, positive, "positive");
  checkPair("tripletMarginWithDistanceLoss", anchor, negative, "negative");
  if (isHalf(anchor, positive, negative)) {
    return inFloat32([anchor, positive, negative], (a, p, n) => tripletMarginWithDistanceLoss(a, p, n, options));
  }
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const apart = swap ? far.minimum(distance(positive, negative)) : far;
  return reduced("tripletMarginWithDistanceLoss", near.sub(apart).add(margin).clamp({ min: 0 }), reduction);
}

/**
 * Hinge loss for several labels: Σ over labels and all other classes of max(0, 1 − score of the label + score of the other), divided by C.
 * PyTorch: `torch.nn.functional.multilabel_margin_loss`.
 *
 * @param input scores `[N, C]` or `[C]`.
 * @param target labels in the shape of the input: those of a row end at the first −1, and what follows it is ignored.
 * @throws RangeError for a label out of range or shapes that differ. TypeError for labels that are not integers.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const labels = tensor([[3, 0, -1, 1]], { dtype: "int32" });
 * F.multilabelMarginLoss(tensor([[0.1, 0.2, 0.4, 0.8]]), labels).item(); // about 0.85
 * ```
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  checkOptions("multilabelMarginLoss", options, ["reduction"]);
  checkPair("multilabelMarginLoss", input, target);
  if (input.ndim < 1 || input.ndim > 2) {
    throw new RangeError(`multilabelMarginLoss: the input has shape ${showSizes(input.shape)}; expected [N, C] or [C]`);
  }
  if (isFloat(target.dtype) || target.dtype === "bool") {
    throw new TypeError(
      `multilabelMarginLoss: the target is ${target.dtype}; labels are integers, cast with .to("int32")`,
    );
  }
  if (isHalf(input)) return inFloat32([input], (x) => multilabelMarginLoss(x, target, options));
  if (input.ndim === 1) {
    const rows = multilabelMarginLoss(input.unsqueeze(0), target.unsqueeze(0), { reduction: "none" }).squeeze(0);
    return reduced("multilabelMarginLoss", rows, options.reduction);
  }
  const classes = input.shape[1]!;
  const labels = target.to("int32");
  const counts = labels.eq(-1).to("int32").cumsum(1).eq(0);
  const safe = where(counts, labels, 0);
  const explain = (label: number | bigint): string =>
    `multilabelMarginLoss: label ${label} is out of range for ${classes} classes; expected -1 to ${classes - 1}`;
  const right = lookUp(safe, classes, explain, () => input.gather(1, safe));
  const others = zeros(labels.shape, { dtype: "int32", device: labels.device })
    .scatterAdd(1, safe, counts.to("int32")).eq(0);
  const excess = input.unsqueeze(1).sub(right.unsqueeze(2)).add(1).relu();
  const pairs = counts.unsqueeze(2).logicalAnd(others.unsqueeze(1));
  return reduced("multilabelMarginLoss", where(pairs, excess, 0).sum([1, 2]).div(classes), options.reduction);
}

/** Lengths, distances and angles of vectors. */
import { broadcastShapes, type Tensor } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { atLeast } from "./lower_bound.ts";

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Which norm; 2 by default. */
  readonly p?: number;
  /** Along which dimension; 1 by default. */
  readonly dim?: number;
  /** Lower bound of the divisor; 1e-12 by default. */
  readonly eps?: number;
}

/**
 * Vectors along a dimension divided by their norm. PyTorch: `torch.nn.functional.normalize`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.normalize(tensor([[3, 4]])).toArray(); // about [[0.6, 0.8]]
 * ```
 */
export function normalize(input: Tensor, options: NormalizeOptions = {}): Tensor {
  checkOptions("normalize", options, ["dim", "eps", "p"]);
  if (isHalf(input)) return inFloat32([input], (x) => normalize(x, options));
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return input.div(length(input, p, dim, eps));
}

/** The norm along a dimension, at least `eps`; vectors of zeros have a gradient of zero. */
function length(x: Tensor, p: number, dim: number, eps: number): Tensor {
  // The bound is applied under the root, whose slope at 0 is infinite.
  if (p === 2 && eps >= 1e-18) return x.square().sum(dim, { keepdim: true }).clamp({ min: eps ** 2 }).sqrt();
  return x.norm(p, dim, { keepdim: true }).clamp({ min: eps });
}

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Along which dimension (after broadcasting); 1 by default. */
  readonly dim?: number;
  /** Lower bound of the vectors' lengths; 1e-8 by default. */
  readonly eps?: number;
}

/**
 * Cosine of the angle between vectors; broadcasts. It is 0 for vectors so long that their squared length overflows (1e20 in float32).
 * PyTorch: `torch.nn.functional.cosine_similarity`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.cosineSimilarity(tensor([[1, 0]]), tensor([[1, 1]])).toArray(); // [0.7071…]
 * ```
 */
export function cosineSimilarity(first: Tensor, second: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  checkOptions("cosineSimilarity", options, ["dim", "eps"]);
  if (isHalf(first, second)) {
    return inFloat32([first, second], (a, b) => cosineSimilarity(a, b, options));
  }
  const { dim = 1, eps = 1e-8 } = options;
  // Norms are of the vectors after broadcasting: a repeated element counts as often as it is repeated.
  const shape = broadcastShapes("cosineSimilarity", first.shape, second.shape);
  const unit = (x: Tensor): Tensor => {
    const whole = x.expand(shape);
    return whole.div(atLeast(whole.square().sum(dim, { keepdim: true }), eps ** 2).sqrt());
  };
  return unit(first).mul(unit(second)).sum(dim);
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** Which norm; 2 by default. */
  readonly p?: number;
  /** Added to the differences, so that equal vectors have a gradient; 1e-6 by default. */
  readonly eps?: number;
  readonly keepdim?: boolean;
}

/** Norm of the difference along the last dimension. PyTorch: `torch.nn.functional.pairwise_distance`. */
export function pairwiseDistance(first: Tensor, second: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  checkOptions("pairwiseDistance", options, ["eps", "keepdim", "p"]);
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  return inFloat32([first, second], (a, b) => a.sub(b).add(eps).norm(p, -1, { keepdim }));
}

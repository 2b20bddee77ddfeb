/** Losses as modules; the functions, with shapes and errors, are under functional/. */
import type { Tensor } from "@heddle/tensor";
import {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyWithLogitsOptions,
} from "./functional/binary_loss.ts";
import {
  crossEntropy,
  type CrossEntropyOptions,
  multiMarginLoss,
  type MultiMarginLossOptions,
  nllLoss,
  type NllLossOptions,
} from "./functional/classification_loss.ts";
import {
  cosineSimilarity,
  type CosineSimilarityOptions,
  pairwiseDistance,
  type PairwiseDistanceOptions,
} from "./functional/distance.ts";
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  type MarginOptions,
  marginRankingLoss,
  multilabelSoftMarginLoss,
  type MultilabelSoftMarginOptions,
  softMarginLoss,
  tripletMarginLoss,
  type TripletMarginOptions,
} from "./functional/margin_loss.ts";
import type { ReductionOptions } from "./functional/reduction.ts";
import {
  gaussianNllLoss,
  type GaussianNllLossOptions,
  huberLoss,
  type HuberLossOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  type PoissonNllLossOptions,
  smoothL1Loss,
  type SmoothL1LossOptions,
} from "./functional/regression_loss.ts";
import { Module } from "./module.ts";

/**
 * Cross-entropy of class scores with labels or probabilities: see `functional.crossEntropy`. PyTorch: `torch.nn.CrossEntropyLoss`.
 *
 * @example
 * ```ts
 * import { CrossEntropyLoss } from "@heddle/nn";
 * import { randn, tensor } from "@heddle/tensor";
 * const criterion = new CrossEntropyLoss({ labelSmoothing: 0.1 });
 * criterion.forward(randn([2, 5]), tensor([0, 3], { dtype: "int32" })).item();
 * ```
 */
export class CrossEntropyLoss extends Module {
  readonly options: CrossEntropyOptions;

  constructor(options: CrossEntropyOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, this.options);
  }
}

/** Negative log-likelihood of labels under log-probabilities. PyTorch: `torch.nn.NLLLoss`. */
export class NLLLoss extends Module {
  readonly options: NllLossOptions;

  constructor(options: NllLossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, this.options);
  }
}

/** Binary cross-entropy of probabilities. PyTorch: `torch.nn.BCELoss`. */
export class BCELoss extends Module {
  readonly options: BinaryCrossEntropyOptions;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, this.options);
  }
}

/** Binary cross-entropy of scores. PyTorch: `torch.nn.BCEWithLogitsLoss`. */
export class BCEWithLogitsLoss extends Module {
  readonly options: BinaryCrossEntropyWithLogitsOptions;

  constructor(options: BinaryCrossEntropyWithLogitsOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, this.options);
  }
}

/** Squared differences. PyTorch: `torch.nn.MSELoss`. */
export class MSELoss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** Absolute differences. PyTorch: `torch.nn.L1Loss`. */
export class L1Loss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** A parabola near 0, absolute differences beyond. PyTorch: `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends Module {
  readonly options: SmoothL1LossOptions;

  constructor(options: SmoothL1LossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** Half the squared difference near 0, a line beyond. PyTorch: `torch.nn.HuberLoss`. */
export class HuberLoss extends Module {
  readonly options: HuberLossOptions;

  constructor(options: HuberLossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}

/** Kullback–Leibler divergence of log-probabilities from probabilities. PyTorch: `torch.nn.KLDivLoss`. */
export class KLDivLoss extends Module {
  readonly options: KlDivOptions;

  constructor(options: KlDivOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}

/** Negative log-likelihood under normal distributions. PyTorch: `torch.nn.GaussianNLLLoss`. */
export class GaussianNLLLoss extends Module {
  readonly options: GaussianNllLossOptions;

  constructor(options: GaussianNllLossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(input, target, variance, this.options);
  }
}

/** Negative log-likelihood under Poisson distributions. PyTorch: `torch.nn.PoissonNLLLoss`. */
export class PoissonNLLLoss extends Module {
  readonly options: PoissonNllLossOptions;

  constructor(options: PoissonNllLossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(input, target, this.options);
  }
}

/** Binary hinge loss for targets of ±1. PyTorch has none. */
export class HingeLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeLoss(input, target, this.options);
  }
}

/** Hinge loss for several classes. PyTorch: `torch.nn.MultiMarginLoss`. */
export class MultiMarginLoss extends Module {
  readonly options: MultiMarginLossOptions;

  constructor(options: MultiMarginLossOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return multiMarginLoss(input, target, this.options);
  }
}

/** Hinge loss of distances, for targets of ±1. PyTorch: `torch.nn.HingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.options);
  }
}

/** Hinge loss of the difference of two scores. PyTorch: `torch.nn.MarginRankingLoss`. */
export class MarginRankingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(first, second, target, this.options);
  }
}

/** Logistic loss for targets of ±1. PyTorch: `torch.nn.SoftMarginLoss`. */
export class SoftMarginLoss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, this.options);
  }
}

/** Logistic loss averaged over several labels. PyTorch: `torch.nn.MultiLabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends Module {
  readonly options: MultilabelSoftMarginOptions;

  constructor(options: MultilabelSoftMarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(input, target, this.options);
  }
}

/** Loss of the cosine between two vectors. PyTorch: `torch.nn.CosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(first, second, target, this.options);
  }
}

/** Hinge loss of the distances of an anchor. PyTorch: `torch.nn.TripletMarginLoss`. */
export class TripletMarginLoss extends Module {
  readonly options: TripletMarginOptions;

  constructor(options: TripletMarginOptions = {}) {
    super();
    this.options = options;
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/** Cosine of the angle between vectors. PyTorch: `torch.nn.CosineSimilarity`. */
export class CosineSimilarity extends Module {
  readonly options: CosineSimilarityOptions;

  constructor(options: CosineSimilarityOptions = {}) {
    super();
    this.options = options;
  }

  forward(first: Tensor, second: Tensor): Tensor {
    return cosineSimilarity(first, second, this.options);
  }
}

/** Norm of the difference of vectors. PyTorch: `torch.nn.PairwiseDistance`. */
export class PairwiseDistance extends Module {
  readonly options: PairwiseDistanceOptions;

  constructor(options: PairwiseDistanceOptions = {}) {
    super();
    this.options = options;
  }

  forward(first: Tensor, second: Tensor): Tensor {
    return pairwiseDistance(first, second, this.options);
  }
}

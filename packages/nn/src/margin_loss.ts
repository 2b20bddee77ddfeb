/** Losses with a margin, and the distances they are made of, as modules; the functions are under functional/. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { multiMarginLoss, type MultiMarginLossOptions } from "./functional/classification_loss.ts";
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
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  type MultilabelSoftMarginOptions,
  softMarginLoss,
  tripletMarginLoss,
  type TripletMarginOptions,
  tripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceOptions,
} from "./functional/margin_loss.ts";
import type { ReductionOptions } from "./functional/reduction.ts";
import { Module } from "./module.ts";
import { WeightedLoss } from "./weighted_loss.ts";
import { ownOptions } from "./copy_options.ts";
import { checkNumbers } from "./sizes.ts";

const marginOptions = ["margin", "reduction"] as const;

/** Binary hinge loss for targets of ±1. PyTorch has none. */
export class HingeLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    checkOptions("HingeLoss", options, marginOptions);
    super();
    checkNumbers("HingeLoss", options, { margin: -Infinity });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeLoss(input, target, this.options);
  }
}

/** Hinge loss for several classes. PyTorch: `torch.nn.MultiMarginLoss`. */
export class MultiMarginLoss extends WeightedLoss {
  readonly options: Omit<MultiMarginLossOptions, "weight">;

  constructor(options: MultiMarginLossOptions = {}) {
    checkOptions("MultiMarginLoss", options, ["margin", "p", "reduction", "weight"]);
    const { weight, ...others } = options;
    super(weight);
    checkNumbers("MultiMarginLoss", options, { margin: -Infinity, p: 1 });
    this.options = others;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight } = this;
    return multiMarginLoss(input, target, { ...options, weight });
  }
}

/** Hinge loss of distances, for targets of ±1. PyTorch: `torch.nn.HingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    checkOptions("HingeEmbeddingLoss", options, marginOptions);
    super();
    checkNumbers("HingeEmbeddingLoss", options, { margin: -Infinity });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.options);
  }
}

/** Hinge loss of the difference of two scores. PyTorch: `torch.nn.MarginRankingLoss`. */
export class MarginRankingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    checkOptions("MarginRankingLoss", options, marginOptions);
    super();
    checkNumbers("MarginRankingLoss", options, { margin: -Infinity });
    this.options = ownOptions(options);
  }

  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(first, second, target, this.options);
  }
}

/** Logistic loss for targets of ±1. PyTorch: `torch.nn.SoftMarginLoss`. */
export class SoftMarginLoss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    checkOptions("SoftMarginLoss", options, ["reduction"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, this.options);
  }
}

/** Logistic loss averaged over several labels. PyTorch: `torch.nn.MultiLabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  readonly options: Omit<MultilabelSoftMarginOptions, "weight">;

  constructor(options: MultilabelSoftMarginOptions = {}) {
    checkOptions("MultiLabelSoftMarginLoss", options, ["reduction", "weight"]);
    const { weight, ...others } = options;
    super(weight);
    this.options = others;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight } = this;
    return multilabelSoftMarginLoss(input, target, { ...options, weight });
  }
}

/** Loss of the cosine between two vectors. PyTorch: `torch.nn.CosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Module {
  readonly options: MarginOptions;

  constructor(options: MarginOptions = {}) {
    checkOptions("CosineEmbeddingLoss", options, marginOptions);
    super();
    checkNumbers("CosineEmbeddingLoss", options, { margin: -Infinity });
    this.options = ownOptions(options);
  }

  forward(first: Tensor, second: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(first, second, target, this.options);
  }
}

/** Hinge loss of the distances of an anchor. PyTorch: `torch.nn.TripletMarginLoss`. */
export class TripletMarginLoss extends Module {
  readonly options: TripletMarginOptions;

  constructor(options: TripletMarginOptions = {}) {
    checkOptions("TripletMarginLoss", options, ["eps", "margin", "p", "reduction", "swap"]);
    super();
    checkNumbers("TripletMarginLoss", options, { eps: 0, margin: -Infinity, p: 0 });
    this.options = ownOptions(options);
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/** {@link TripletMarginLoss} with any distance. PyTorch: `torch.nn.TripletMarginWithDistanceLoss`. */
export class TripletMarginWithDistanceLoss extends Module {
  readonly options: TripletMarginWithDistanceOptions;

  constructor(options: TripletMarginWithDistanceOptions = {}) {
    checkOptions("TripletMarginWithDistanceLoss", options, ["distanceFunction", "margin", "reduction", "swap"]);
    super();
    checkNumbers("TripletMarginWithDistanceLoss", options, { margin: -Infinity });
    this.options = ownOptions(options);
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginWithDistanceLoss(anchor, positive, negative, this.options);
  }
}

/** Hinge loss for several labels: see `functional.multilabelMarginLoss`. PyTorch: `torch.nn.MultiLabelMarginLoss`. */
export class MultiLabelMarginLoss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    checkOptions("MultiLabelMarginLoss", options, ["reduction"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, this.options);
  }
}

/** Cosine of the angle between vectors. PyTorch: `torch.nn.CosineSimilarity`. */
export class CosineSimilarity extends Module {
  readonly options: CosineSimilarityOptions;

  constructor(options: CosineSimilarityOptions = {}) {
    checkOptions("CosineSimilarity", options, ["dim", "eps"]);
    super();
    checkNumbers("CosineSimilarity", options, { dim: -Infinity, eps: 0 });
    this.options = ownOptions(options);
  }

  forward(first: Tensor, second: Tensor): Tensor {
    return cosineSimilarity(first, second, this.options);
  }
}

/** Norm of the difference of vectors. PyTorch: `torch.nn.PairwiseDistance`. */
export class PairwiseDistance extends Module {
  readonly options: PairwiseDistanceOptions;

  constructor(options: PairwiseDistanceOptions = {}) {
    checkOptions("PairwiseDistance", options, ["eps", "keepdim", "p"]);
    super();
    checkNumbers("PairwiseDistance", options, { eps: 0, p: -Infinity });
    this.options = ownOptions(options);
  }

  forward(first: Tensor, second: Tensor): Tensor {
    return pairwiseDistance(first, second, this.options);
  }
}

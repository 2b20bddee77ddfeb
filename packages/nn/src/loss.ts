/** Losses of predictions against targets as modules; the functions, with shapes and errors, are under functional/. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyWithLogitsOptions,
} from "./functional/binary_loss.ts";
import {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
  type NllLossOptions,
} from "./functional/classification_loss.ts";
import { ctcLoss, type CtcLossOptions, type Lengths } from "./functional/ctc_loss.ts";
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
import { WeightedLoss } from "./weighted_loss.ts";
import { ownOptions } from "./copy_options.ts";
import { checkNumbers } from "./sizes.ts";

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
export class CrossEntropyLoss extends WeightedLoss {
  readonly options: Omit<CrossEntropyOptions, "weight">;

  constructor(options: CrossEntropyOptions = {}) {
    checkOptions("CrossEntropyLoss", options, ["ignoreIndex", "labelSmoothing", "reduction", "weight"]);
    const { weight, ...others } = options;
    super(weight);
    checkNumbers("CrossEntropyLoss", options, { ignoreIndex: -Infinity, labelSmoothing: 0 });
    this.options = others;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight } = this;
    return crossEntropy(input, target, { ...options, weight });
  }
}

/** Negative log-likelihood of labels under log-probabilities. PyTorch: `torch.nn.NLLLoss`. */
export class NLLLoss extends WeightedLoss {
  readonly options: Omit<NllLossOptions, "weight">;

  constructor(options: NllLossOptions = {}) {
    checkOptions("NLLLoss", options, ["ignoreIndex", "reduction", "weight"]);
    const { weight, ...others } = options;
    super(weight);
    checkNumbers("NLLLoss", options, { ignoreIndex: -Infinity });
    this.options = others;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight } = this;
    return nllLoss(input, target, { ...options, weight });
  }
}

/** Binary cross-entropy of probabilities. PyTorch: `torch.nn.BCELoss`. */
export class BCELoss extends WeightedLoss {
  readonly options: Omit<BinaryCrossEntropyOptions, "weight">;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    checkOptions("BCELoss", options, ["reduction", "weight"]);
    const { weight, ...others } = options;
    super(weight);
    this.options = others;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight } = this;
    return binaryCrossEntropy(input, target, { ...options, weight });
  }
}

/** Binary cross-entropy of scores. PyTorch: `torch.nn.BCEWithLogitsLoss`. */
export class BCEWithLogitsLoss extends WeightedLoss {
  readonly options: Omit<BinaryCrossEntropyWithLogitsOptions, "weight" | "posWeight">;
  /** How much positives count more than negatives; `pos_weight` in state dicts. */
  posWeight: Tensor | null;

  constructor(options: BinaryCrossEntropyWithLogitsOptions = {}) {
    checkOptions("BCEWithLogitsLoss", options, ["posWeight", "reduction", "weight"]);
    const { weight, posWeight, ...others } = options;
    super(weight);
    this.options = others;
    this.posWeight = null;
    this.hold("posWeight", posWeight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { options, weight, posWeight } = this;
    return binaryCrossEntropyWithLogits(input, target, { ...options, weight, posWeight });
  }
}

/** Squared differences. PyTorch: `torch.nn.MSELoss`. */
export class MSELoss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    checkOptions("MSELoss", options, ["reduction"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** Absolute differences. PyTorch: `torch.nn.L1Loss`. */
export class L1Loss extends Module {
  readonly options: ReductionOptions;

  constructor(options: ReductionOptions = {}) {
    checkOptions("L1Loss", options, ["reduction"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** A parabola near 0, absolute differences beyond. PyTorch: `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends Module {
  readonly options: SmoothL1LossOptions;

  constructor(options: SmoothL1LossOptions = {}) {
    checkOptions("SmoothL1Loss", options, ["beta", "reduction"]);
    super();
    checkNumbers("SmoothL1Loss", options, { beta: 0 });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** Half the squared difference near 0, a line beyond. PyTorch: `torch.nn.HuberLoss`. */
export class HuberLoss extends Module {
  readonly options: HuberLossOptions;

  constructor(options: HuberLossOptions = {}) {
    checkOptions("HuberLoss", options, ["delta", "reduction"]);
    super();
    checkNumbers("HuberLoss", options, { delta: 0 });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}

/** Kullback–Leibler divergence of log-probabilities from probabilities. PyTorch: `torch.nn.KLDivLoss`. */
export class KLDivLoss extends Module {
  readonly options: KlDivOptions;

  constructor(options: KlDivOptions = {}) {
    checkOptions("KLDivLoss", options, ["logTarget", "reduction"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}

/** Negative log-likelihood under normal distributions. PyTorch: `torch.nn.GaussianNLLLoss`. */
export class GaussianNLLLoss extends Module {
  readonly options: GaussianNllLossOptions;

  constructor(options: GaussianNllLossOptions = {}) {
    checkOptions("GaussianNLLLoss", options, ["eps", "full", "reduction"]);
    super();
    checkNumbers("GaussianNLLLoss", options, { eps: 0 });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(input, target, variance, this.options);
  }
}

/** Negative log-likelihood under Poisson distributions. PyTorch: `torch.nn.PoissonNLLLoss`. */
export class PoissonNLLLoss extends Module {
  readonly options: PoissonNllLossOptions;

  constructor(options: PoissonNllLossOptions = {}) {
    checkOptions("PoissonNLLLoss", options, ["eps", "full", "logInput", "reduction"]);
    super();
    checkNumbers("PoissonNLLLoss", options, { eps: 0 });
    this.options = ownOptions(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(input, target, this.options);
  }
}

/**
 * Loss of labels whose positions in a sequence are unknown: see `functional.ctcLoss`. PyTorch: `torch.nn.CTCLoss`.
 *
 * @example
 * ```ts
 * import { CTCLoss } from "@heddle/nn";
 * import { randint, randn } from "@heddle/tensor";
 * const logProbs = randn([50, 4, 20]).logSoftmax(2); // steps, batch, classes
 * const targets = randint(1, 20, [4, 10]);
 * new CTCLoss().forward(logProbs, targets, [50, 50, 40, 30], [10, 8, 10, 6]).shape; // []
 * ```
 */
export class CTCLoss extends Module {
  readonly options: CtcLossOptions;

  constructor(options: CtcLossOptions = {}) {
    checkOptions("CTCLoss", options, ["blank", "reduction", "zeroInfinity"]);
    super();
    checkNumbers("CTCLoss", options, { blank: 0 });
    this.options = ownOptions(options);
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, this.options);
  }
}

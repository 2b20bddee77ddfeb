/** A smaller learning rate every so many epochs. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkNumbers, checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Epochs between two steps. */
  readonly stepSize: number;
  /** What the learning rate is multiplied by. Default 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs (PyTorch's `StepLR`).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { SGD, StepLR } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 1 });
 * const scheduler = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * for (let epoch = 0; epoch < 4; epoch++) scheduler.step(); // 1, then 1, 0.5, 0.5, 0.25
 * ```
 */
export class StepLR extends LRScheduler {
  private readonly stepSize: number;
  private readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, options: StepLROptions) {
    checkOptions("StepLR", options, ["gamma", "lastEpoch", "stepSize"]);
    super(optimizer, options);
    checkWhole("StepLR", "stepSize", options.stepSize, 1);
    this.stepSize = options.stepSize;
    const { gamma = 0.1 } = options;
    checkNumbers("StepLR", { gamma });
    this.gamma = gamma;
    this.start();
  }

  protected override nextLrs(): number[] {
    const due = this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0;
    return this.optimizer.paramGroups.map(({ lr }) => due ? lr * this.gamma : lr);
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }
}

/** A learning rate that decays exponentially. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkNumbers, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions extends SchedulerOptions {
  /** What the learning rate is multiplied by at every step. */
  readonly gamma: number;
}

/**
 * Multiplies the learning rate by `gamma` at every step (PyTorch's `ExponentialLR`).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { ExponentialLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new ExponentialLR(optimizer, { gamma: 0.95 });
 * ```
 */
export class ExponentialLR extends LRScheduler {
  private readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, options: ExponentialLROptions) {
    checkOptions("ExponentialLR", options, ["gamma", "lastEpoch"]);
    super(optimizer, options);
    checkNumbers("ExponentialLR", { gamma: options.gamma });
    this.gamma = options.gamma;
    this.start();
  }

  protected override nextLrs(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => this.lastEpoch === 0 ? lr : lr * this.gamma);
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch);
  }
}

/** A learning rate that falls to zero as a power. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkNumbers, checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** Epochs until the learning rate is 0. Default 5. */
  readonly totalIters?: number;
  /** The power. Default 1. */
  readonly power?: number;
}

/**
 * lr₀ · (1 − epoch / totalIters)^power, and 0 from then on (PyTorch's `PolynomialLR`).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { PolynomialLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new PolynomialLR(optimizer, { totalIters: 100, power: 0.9 });
 * ```
 */
export class PolynomialLR extends LRScheduler {
  private readonly totalIters: number;
  private readonly power: number;

  constructor(optimizer: ScheduledOptimizer, options: PolynomialLROptions = {}) {
    checkOptions("PolynomialLR", options, ["lastEpoch", "power", "totalIters"]);
    super(optimizer, options);
    const { totalIters = 5, power = 1 } = options;
    checkNumbers("PolynomialLR", { power });
    checkWhole("PolynomialLR", "totalIters", totalIters, 1);
    this.totalIters = totalIters;
    this.power = power;
    this.start();
  }

  protected override nextLrs(): number[] {
    const { lastEpoch, totalIters, power } = this;
    const moves = lastEpoch > 0 && lastEpoch <= totalIters;
    const change = moves ? ((totalIters - lastEpoch) / (totalIters - lastEpoch + 1)) ** power : 1;
    return this.optimizer.paramGroups.map(({ lr }) => lr * change);
  }

  protected override closedForm(): number[] {
    const { totalIters, power } = this;
    return this.baseLrs.map((lr) => lr * (1 - Math.min(this.lastEpoch, totalIters) / totalIters) ** power);
  }
}

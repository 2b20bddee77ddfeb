/** A smaller learning rate for the first epochs. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** What the learning rate is multiplied by at first, from 0 to 1. Default 1/3. */
  readonly factor?: number;
  /** Epochs after which the full rate is restored. Default 5. */
  readonly totalIters?: number;
}

/**
 * The learning rate times `factor` for `totalIters` epochs (PyTorch's `ConstantLR`).
 *
 * @throws RangeError unless `factor` lies in (0, 1]: the full rate comes back by dividing.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { ConstantLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new ConstantLR(optimizer, { factor: 0.5, totalIters: 4 });
 * ```
 */
export class ConstantLR extends LRScheduler {
  private readonly factor: number;
  private readonly totalIters: number;

  constructor(optimizer: ScheduledOptimizer, options: ConstantLROptions = {}) {
    checkOptions("ConstantLR", options, ["factor", "lastEpoch", "totalIters"]);
    super(optimizer, options);
    const { factor = 1 / 3, totalIters = 5 } = options;
    if (!(factor > 0 && factor <= 1)) {
      throw new RangeError(`ConstantLR: factor is ${factor}; it must be above 0 and at most 1`);
    }
    checkWhole("ConstantLR", "totalIters", totalIters, 0);
    this.factor = factor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override nextLrs(): number[] {
    const { lastEpoch, totalIters, factor } = this;
    const change = lastEpoch === 0 ? factor : lastEpoch === totalIters ? 1 / factor : 1;
    return this.optimizer.paramGroups.map(({ lr }) => lr * change);
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => this.lastEpoch < this.totalIters ? lr * this.factor : lr);
  }
}

/** A learning rate that changes along a line: warm-up, or cooling down. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** What the learning rate is multiplied by at first, above 0 and at most 1. Default 1/3. */
  readonly startFactor?: number;
  /** What it is multiplied by in the end, from 0 to 1. Default 1. */
  readonly endFactor?: number;
  /** Epochs from the first to the last factor. Default 5. */
  readonly totalIters?: number;
}

/**
 * The learning rate times a factor that runs from `startFactor` to `endFactor` in `totalIters` epochs (PyTorch's `LinearLR`).
 *
 * @throws RangeError for factors out of range.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { LinearLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 1 });
 * const scheduler = new LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 }); // 0.5, then 0.75, 1, 1, …
 * ```
 */
export class LinearLR extends LRScheduler {
  private readonly startFactor: number;
  private readonly endFactor: number;
  private readonly totalIters: number;

  constructor(optimizer: ScheduledOptimizer, options: LinearLROptions = {}) {
    checkOptions("LinearLR", options, ["endFactor", "lastEpoch", "startFactor", "totalIters"]);
    super(optimizer, options);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw new RangeError(`LinearLR: startFactor is ${startFactor}; it must be above 0 and at most 1`);
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw new RangeError(`LinearLR: endFactor is ${endFactor}; it must lie between 0 and 1`);
    }
    checkWhole("LinearLR", "totalIters", totalIters, 1);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start();
  }

  private factor(epoch: number): number {
    const { startFactor, endFactor, totalIters } = this;
    return startFactor + (endFactor - startFactor) * Math.min(epoch, totalIters) / totalIters;
  }

  protected override nextLrs(): number[] {
    const { lastEpoch } = this;
    const change = lastEpoch === 0
      ? this.startFactor
      : lastEpoch > this.totalIters
      ? 1
      : this.factor(lastEpoch) / this.factor(lastEpoch - 1);
    return this.optimizer.paramGroups.map(({ lr }) => lr * change);
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.factor(this.lastEpoch));
  }
}

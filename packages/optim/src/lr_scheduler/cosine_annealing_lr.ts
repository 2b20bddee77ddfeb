/** A learning rate that falls along half a cosine. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkNumbers, checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** Epochs until the lowest point; after it the rate rises again. */
  readonly tMax: number;
  /** The lowest learning rate. Default 0. */
  readonly etaMin?: number;
}

/**
 * etaMin + (lr₀ − etaMin) · (1 + cos(π · epoch / tMax)) / 2 (PyTorch's `CosineAnnealingLR`), in the recursive form, so that other
 * schedules can change the rate too.
 *
 * Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983, equation 5.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { CosineAnnealingLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new CosineAnnealingLR(optimizer, { tMax: 50, etaMin: 1e-3 });
 * ```
 */
export class CosineAnnealingLR extends LRScheduler {
  private readonly tMax: number;
  private readonly etaMin: number;
  private started = false;

  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingLROptions) {
    checkOptions("CosineAnnealingLR", options, ["etaMin", "lastEpoch", "tMax"]);
    super(optimizer, options);
    checkWhole("CosineAnnealingLR", "tMax", options.tMax, 1);
    this.tMax = options.tMax;
    const { etaMin = 0 } = options;
    checkNumbers("CosineAnnealingLR", { etaMin });
    this.etaMin = etaMin;
    this.start();
    this.started = true;
  }

  protected override nextLrs(): number[] {
    const { lastEpoch, tMax, etaMin } = this;
    const groups = this.optimizer.paramGroups;
    if (lastEpoch === 0) return groups.map(({ lr }) => lr);
    // A resumed run: the groups do not hold the rate of the previous epoch.
    if (!this.started) return this.closedForm();
    // The ratio below would divide by zero: the previous epoch was a minimum.
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      return groups.map(({ lr }, i) => lr + (this.baseLrs[i]! - etaMin) * (1 - Math.cos(Math.PI / tMax)) / 2);
    }
    const ratio = (1 + Math.cos(Math.PI * lastEpoch / tMax)) / (1 + Math.cos(Math.PI * (lastEpoch - 1) / tMax));
    return groups.map(({ lr }) => ratio * (lr - etaMin) + etaMin);
  }

  protected override closedForm(): number[] {
    const height = (1 + Math.cos(Math.PI * this.lastEpoch / this.tMax)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }
}

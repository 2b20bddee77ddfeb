/** A smaller learning rate at given epochs. */
import { checkOptions } from "@heddle/tensor/engine";
import {
  checkList,
  checkNumbers,
  checkWhole,
  LRScheduler,
  type ScheduledOptimizer,
  type SchedulerOptions,
} from "./scheduler.ts";

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** Epochs at which the learning rate changes; one that occurs twice counts twice. */
  readonly milestones: readonly number[];
  /** What the learning rate is multiplied by. Default 0.1. */
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` at each milestone (PyTorch's `MultiStepLR`).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { MultiStepLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new MultiStepLR(optimizer, { milestones: [30, 80] });
 * ```
 */
export class MultiStepLR extends LRScheduler {
  private readonly milestones: number[];
  private readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, options: MultiStepLROptions) {
    checkOptions("MultiStepLR", options, ["gamma", "lastEpoch", "milestones"]);
    super(optimizer, options);
    checkList("MultiStepLR", "milestones", options.milestones);
    for (const milestone of options.milestones) checkWhole("MultiStepLR", "a milestone", milestone, 0);
    this.milestones = [...options.milestones].sort((a, b) => a - b);
    const { gamma = 0.1 } = options;
    checkNumbers("MultiStepLR", { gamma });
    this.gamma = gamma;
    this.start();
  }

  protected override nextLrs(): number[] {
    const due = this.milestones.filter((milestone) => milestone === this.lastEpoch).length;
    return this.optimizer.paramGroups.map(({ lr }) => due === 0 ? lr : lr * this.gamma ** due);
  }

  protected override closedForm(): number[] {
    const passed = this.milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    return this.baseLrs.map((lr) => lr * this.gamma ** passed);
  }
}

/** Linear warm-up before another schedule. */
import { checkOptions } from "@heddle/tensor/engine";
import { LinearLR } from "./linear_lr.ts";
import { LambdaLR } from "./lambda_lr.ts";
import { LRScheduler, type ScheduledOptimizer } from "./scheduler.ts";
import { SequentialLR } from "./sequential_lr.ts";

/** Options of {@link linearWarmup}. */
export interface LinearWarmupOptions {
  /** Steps until the full learning rate. */
  readonly steps: number;
  /** What the learning rate is multiplied by at first, above 0. Default 1 / (steps + 1): the same as each later step's increase. */
  readonly startFactor?: number;
  /** Creates the schedule that follows, which starts at its epoch 0; without it the learning rate stays constant. */
  readonly then?: (optimizer: ScheduledOptimizer) => LRScheduler;
}

/**
 * A schedule that rises to the full learning rate in `steps` steps and then follows another: a {@link SequentialLR} of {@link LinearLR}
 * and that schedule, created in the right order.
 *
 * Warm-up for large batches: Goyal et al.: Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { AdamW, CosineAnnealingLR, linearWarmup } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new AdamW([ones([1], { requiresGrad: true })], { lr: 1 });
 * const scheduler = linearWarmup(optimizer, { steps: 4, then: (o) => new CosineAnnealingLR(o, { tMax: 100 }) });
 * scheduler.getLastLr(); // [0.2], then 0.4, 0.6, 0.8, 1, and down
 * ```
 */
export function linearWarmup(optimizer: ScheduledOptimizer, options: LinearWarmupOptions): SequentialLR {
  checkOptions("linearWarmup", options, ["startFactor", "steps", "then"]);
  const { steps, startFactor = 1 / (steps + 1), then = steady } = options;
  const warmup = new LinearLR(optimizer, { startFactor, totalIters: steps });
  return new SequentialLR(optimizer, { schedulers: [warmup, then(optimizer)], milestones: [steps] });
}

const steady = (optimizer: ScheduledOptimizer): LRScheduler => new LambdaLR(optimizer, { lrLambda: () => 1 });

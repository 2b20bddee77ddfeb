/** Learning rates given by a function. */
import { checkOptions, checkSynchronous } from "@heddle/tensor/engine";
import { checkFunctions, LRScheduler, perGroup, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

const lambdaLROptions = ["lastEpoch", "lrLambda"] as const;

/** A factor by epoch, starting with 0. */
export type LrFactor = (epoch: number) => number;

/** Options of {@link LambdaLR} and {@link MultiplicativeLR}. */
export interface LambdaLROptions extends SchedulerOptions {
  /** The factor by epoch; a list gives each parameter group its own. */
  readonly lrLambda: LrFactor | readonly LrFactor[];
}

/**
 * The initial learning rate times a function of the epoch (PyTorch's `LambdaLR`). The function is not part of `stateDict`.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Adam, LambdaLR } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new Adam([ones([1], { requiresGrad: true })], { lr: 1 });
 * // Vaswani et al.: Attention Is All You Need, equation 3, for a model of width 512.
 * const warmup = 4000;
 * const noam = (epoch: number) => 512 ** -0.5 * Math.min((epoch + 1) ** -0.5, (epoch + 1) * warmup ** -1.5);
 * const scheduler = new LambdaLR(optimizer, { lrLambda: noam });
 * ```
 */
export class LambdaLR extends LRScheduler {
  private readonly factorOf: (group: number, epoch: number) => number;

  constructor(optimizer: ScheduledOptimizer, options: LambdaLROptions) {
    checkOptions("LambdaLR", options, lambdaLROptions);
    super(optimizer, options);
    checkFunctions("LambdaLR", "lrLambda", options.lrLambda);
    const lambdas = perGroup("LambdaLR", "lrLambda", options.lrLambda, optimizer.paramGroups.length);
    this.factorOf = factors("LambdaLR", lambdas);
    this.start();
  }

  protected override nextLrs(): number[] {
    return this.baseLrs.map((lr, group) => lr * this.factorOf(group, this.lastEpoch));
  }
}

function factors(name: string, lambdas: readonly LrFactor[]): (group: number, epoch: number) => number {
  return (group, epoch) => {
    const factor = lambdas[group]!(epoch);
    checkSynchronous(`${name}: lrLambda`, factor, "the learning rate is needed at once");
    return factor;
  };
}

/**
 * Multiplies the current learning rate by a function of the epoch at every step but the first (PyTorch's `MultiplicativeLR`).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { MultiplicativeLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new MultiplicativeLR(optimizer, { lrLambda: (epoch) => epoch < 10 ? 0.9 : 1 });
 * ```
 */
export class MultiplicativeLR extends LRScheduler {
  private readonly factorOf: (group: number, epoch: number) => number;

  constructor(optimizer: ScheduledOptimizer, options: LambdaLROptions) {
    checkOptions("MultiplicativeLR", options, lambdaLROptions);
    super(optimizer, options);
    checkFunctions("MultiplicativeLR", "lrLambda", options.lrLambda);
    const lambdas = perGroup("MultiplicativeLR", "lrLambda", options.lrLambda, optimizer.paramGroups.length);
    this.factorOf = factors("MultiplicativeLR", lambdas);
    this.start();
  }

  protected override nextLrs(): number[] {
    return this.optimizer.paramGroups.map(({ lr }, group) =>
      this.lastEpoch > 0 ? lr * this.factorOf(group, this.lastEpoch) : lr
    );
  }
}

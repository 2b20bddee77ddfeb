/** A learning rate that decays with the inverse of time. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link InverseTimeLR}. */
export interface InverseTimeLROptions extends SchedulerOptions {
  /** The increase of the divisor in `decaySteps` epochs. */
  readonly decayRate: number;
  /** The epochs that it takes. Default 1. */
  readonly decaySteps?: number;
  /** Change the learning rate every `decaySteps` epochs only. Default false. */
  readonly staircase?: boolean;
}

/**
 * lr₀ / (1 + decayRate · epoch / decaySteps). PyTorch has no class for it (Keras calls it `InverseTimeDecay`); there it is a
 * `LambdaLR`. Decay like 1/t is what Robbins and Monro's proof needs: A Stochastic Approximation Method, 1951.
 *
 * @throws RangeError for a negative `decayRate`.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { InverseTimeLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 1 });
 * const scheduler = new InverseTimeLR(optimizer, { decayRate: 1 });
 * scheduler.step();
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class InverseTimeLR extends LRScheduler {
  private readonly decayRate: number;
  private readonly decaySteps: number;
  private readonly staircase: boolean;

  constructor(optimizer: ScheduledOptimizer, options: InverseTimeLROptions) {
    checkOptions("InverseTimeLR", options, ["decayRate", "decaySteps", "lastEpoch", "staircase"]);
    super(optimizer, options);
    const { decayRate, decaySteps = 1, staircase = false } = options;
    if (!(decayRate >= 0)) throw new RangeError(`InverseTimeLR: decayRate is ${decayRate}; it must not be negative`);
    checkWhole("InverseTimeLR", "decaySteps", decaySteps, 1);
    this.decayRate = decayRate;
    this.decaySteps = decaySteps;
    this.staircase = staircase;
    this.start();
  }

  protected override nextLrs(): number[] {
    const passed = this.lastEpoch / this.decaySteps;
    return this.baseLrs.map((lr) => lr / (1 + this.decayRate * (this.staircase ? Math.floor(passed) : passed)));
  }
}

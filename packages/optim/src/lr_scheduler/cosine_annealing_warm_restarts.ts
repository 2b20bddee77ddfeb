/** Half cosines one after the other. */
import { activeCapture, checkOptions } from "@heddle/tensor/engine";
import { checkNumbers, checkWhole, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** Epochs of the first cycle. */
  readonly t0: number;
  /** Factor of each cycle's length relative to the previous one. Default 1. */
  readonly tMult?: number;
  /** The lowest learning rate. Default 0. */
  readonly etaMin?: number;
}

/**
 * Falls along half a cosine and starts again, each cycle `tMult` times as long as the last (PyTorch's
 * `CosineAnnealingWarmRestarts`). `step(epoch)` takes fractions, for a step after every batch.
 *
 * Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, 2016, arXiv:1608.03983.
 *
 * @throws RangeError unless `t0` and `tMult` are whole numbers of at least 1; from `step` for epochs that are negative or not finite.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { CosineAnnealingWarmRestarts, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const scheduler = new CosineAnnealingWarmRestarts(optimizer, { t0: 10, tMult: 2 });
 * scheduler.step(0.5); // in the middle of the first epoch
 * ```
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  private readonly t0: number;
  private readonly tMult: number;
  private readonly etaMin: number;
  private cycleLength: number;
  private inCycle: number;

  constructor(optimizer: ScheduledOptimizer, options: CosineAnnealingWarmRestartsOptions) {
    checkOptions("CosineAnnealingWarmRestarts", options, ["etaMin", "lastEpoch", "t0", "tMult"]);
    super(optimizer, options);
    const { t0, tMult = 1, etaMin = 0 } = options;
    checkWhole("CosineAnnealingWarmRestarts", "t0", t0, 1);
    checkWhole("CosineAnnealingWarmRestarts", "tMult", tMult, 1);
    checkNumbers("CosineAnnealingWarmRestarts", { etaMin });
    this.t0 = t0;
    this.tMult = tMult;
    this.etaMin = etaMin;
    this.cycleLength = t0;
    this.inCycle = 0;
    // The position in the cycles follows from the epoch, also for a resumed run.
    this.step(this.lastEpoch + 1);
  }

  override step(epoch?: number): void {
    const capture = activeCapture();
    if (capture !== null) return capture.effect(() => this.step(epoch));
    if (epoch === undefined) {
      this.lastEpoch++;
      this.inCycle++;
      if (this.inCycle >= this.cycleLength) {
        this.inCycle -= this.cycleLength;
        this.cycleLength *= this.tMult;
      }
    } else {
      if (!(Number.isFinite(epoch) && epoch >= 0)) {
        throw new RangeError(`CosineAnnealingWarmRestarts.step: epoch is ${epoch}; it must be a number of at least 0`);
      }
      let [start, length] = [0, this.t0];
      if (this.tMult === 1) start = Math.floor(epoch / length) * length;
      else while (epoch >= start + length) [start, length] = [start + length, length * this.tMult];
      this.inCycle = epoch - start;
      this.cycleLength = length;
      this.lastEpoch = Math.floor(epoch);
    }
    this.setLrs(this.nextLrs());
  }

  protected override nextLrs(): number[] {
    const height = (1 + Math.cos(Math.PI * this.inCycle / this.cycleLength)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * height);
  }
}

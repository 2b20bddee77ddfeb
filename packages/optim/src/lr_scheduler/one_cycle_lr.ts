/** The 1cycle policy: the rate goes up, down, and far down; momentum the other way. */
import { checkOptions } from "@heddle/tensor/engine";
import {
  checkNumbers,
  checkOptimizer,
  checkWhole,
  LRScheduler,
  perGroup,
  type ScheduledOptimizer,
  type SchedulerOptions,
} from "./scheduler.ts";

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** The learning rate at the top; a list gives each parameter group its own. */
  readonly maxLr: number | readonly number[];
  /** Steps of the whole cycle; else `epochs` and `stepsPerEpoch`. */
  readonly totalSteps?: number;
  readonly epochs?: number;
  readonly stepsPerEpoch?: number;
  /** The part of the cycle in which the learning rate rises. Default 0.3. */
  readonly pctStart?: number;
  /** Along half a cosine (the default) or a line. */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether the momentum (or β₁) falls while the learning rate rises, and rises while it falls. Default true. */
  readonly cycleMomentum?: boolean;
  /** The momentum at the top. Default 0.85. */
  readonly baseMomentum?: number | readonly number[];
  /** The momentum at both ends. Default 0.95. */
  readonly maxMomentum?: number | readonly number[];
  /** The first learning rate is maxLr / divFactor. Default 25. */
  readonly divFactor?: number;
  /** The last learning rate is the first one / finalDivFactor. Default 1e4. */
  readonly finalDivFactor?: number;
  /** Whether the rate falls to the initial one as fast as it rose, and only then further. Default false. */
  readonly threePhase?: boolean;
}

/** A point of the cycle: when it is reached, and which values hold there. */
interface Corner {
  readonly step: number;
  readonly lrs: readonly number[];
  readonly momenta: readonly number[];
}

/**
 * The 1cycle policy (PyTorch's `OneCycleLR`); `step()` once a batch. Writes `momentum`, or the first of `betas`, too. The groups'
 * previous rates are ignored.
 *
 * Smith, Topin: Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2017, arXiv:1708.07120.
 *
 * @throws RangeError for a cycle of no length or `pctStart` outside [0, 1], from `step` beyond the cycle; TypeError when momentum
 * is to cycle and the optimiser has none.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { OneCycleLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1, momentum: 0.9 });
 * const scheduler = new OneCycleLR(optimizer, { maxLr: 0.5, epochs: 10, stepsPerEpoch: 100 });
 * ```
 */
export class OneCycleLR extends LRScheduler {
  private readonly totalSteps: number;
  private readonly annealStrategy: "cos" | "linear";
  private readonly cycleMomentum: boolean;
  private readonly corners: Corner[];

  constructor(optimizer: ScheduledOptimizer, options: OneCycleLROptions) {
    checkOptions("OneCycleLR", options, [
      "annealStrategy",
      "baseMomentum",
      "cycleMomentum",
      "divFactor",
      "epochs",
      "finalDivFactor",
      "lastEpoch",
      "maxLr",
      "maxMomentum",
      "pctStart",
      "stepsPerEpoch",
      "threePhase",
      "totalSteps",
    ]);
    const { pctStart = 0.3, annealStrategy = "cos", cycleMomentum = true, threePhase = false } = options;
    const { maxLr, maxMomentum = 0.95, baseMomentum = 0.85, divFactor = 25, finalDivFactor = 1e4 } = options;
    const { totalSteps = (options.epochs ?? NaN) * (options.stepsPerEpoch ?? NaN) } = options;
    if (Number.isNaN(totalSteps)) throw new RangeError("OneCycleLR: give totalSteps, or both epochs and stepsPerEpoch");
    checkWhole("OneCycleLR", "the number of steps", totalSteps, 1);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new RangeError(`OneCycleLR: pctStart is ${pctStart}; it must lie between 0 and 1`);
    }
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new RangeError(`OneCycleLR: annealStrategy is "${annealStrategy}"; it must be "cos" or "linear"`);
    }
    checkNumbers("OneCycleLR", { maxLr, maxMomentum, baseMomentum, divFactor, finalDivFactor });
    checkOptimizer("OneCycleLR", optimizer);
    const groups = optimizer.paramGroups;
    if (cycleMomentum && groups.some(({ momentum, betas }) => momentum === undefined && betas === undefined)) {
      throw new TypeError("OneCycleLR: this optimiser has neither momentum nor betas; set cycleMomentum to false");
    }
    const high = perGroup("OneCycleLR", "maxLr", maxLr, groups.length);
    const low = high.map((lr) => lr / divFactor);
    const last = low.map((lr) => lr / finalDivFactor);
    const most = perGroup("OneCycleLR", "maxMomentum", maxMomentum, groups.length);
    const least = perGroup("OneCycleLR", "baseMomentum", baseMomentum, groups.length);
    if ((options.lastEpoch ?? -1) === -1) {
      for (const [i, group] of groups.entries()) group.initialLr = low[i]!;
    }
    super(optimizer, options);
    this.totalSteps = totalSteps;
    this.annealStrategy = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    this.corners = [
      { step: 0, lrs: low, momenta: most },
      { step: pctStart * totalSteps - 1, lrs: high, momenta: least },
      ...(threePhase ? [{ step: 2 * pctStart * totalSteps - 2, lrs: low, momenta: most }] : []),
      { step: totalSteps - 1, lrs: last, momenta: most },
    ];
    this.start();
  }

  protected override nextLrs(): number[] {
    const { lastEpoch: step, corners } = this;
    if (step > this.totalSteps) {
      throw new RangeError(
        `OneCycleLR.step: this is step ${step} of a cycle of ${this.totalSteps}; make the cycle longer or stop stepping`,
      );
    }
    let to = corners.findIndex((corner, i) => i > 0 && step <= corner.step);
    if (to === -1) to = corners.length - 1;
    const [a, b] = [corners[to - 1]!, corners[to]!];
    const part = (step - a.step) / (b.step - a.step);
    const weight = this.annealStrategy === "cos" ? (1 - Math.cos(Math.PI * part)) / 2 : part;
    const between = (from: number, end: number): number => from + (end - from) * weight;
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      if (!this.cycleMomentum) break;
      const momentum = between(a.momenta[i]!, b.momenta[i]!);
      if (group.betas !== undefined) group.betas = [momentum, group.betas[1]];
      else group.momentum = momentum;
    }
    return a.lrs.map((lr, i) => between(lr, b.lrs[i]!));
  }
}

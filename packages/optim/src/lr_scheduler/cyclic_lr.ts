/** Rates that go up and down between two bounds. */
import { checkOptions } from "@heddle/tensor/engine";
import {
  checkFunctions,
  checkNumbers,
  checkOptimizer,
  LRScheduler,
  perGroup,
  type ScheduledOptimizer,
  type SchedulerOptions,
} from "./scheduler.ts";

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** The learning rate at the bottom; a list gives each parameter group its own. */
  readonly baseLr: number | readonly number[];
  /** The learning rate at the top of the first cycle. */
  readonly maxLr: number | readonly number[];
  /** Steps from the bottom to the top. Default 2000. */
  readonly stepSizeUp?: number;
  /** Steps from the top to the bottom. Default: `stepSizeUp`. */
  readonly stepSizeDown?: number;
  /** Whether cycles keep their height (the default), halve it each time, or lose it by `gamma` a step. */
  readonly mode?: "triangular" | "triangular2" | "expRange";
  /** The base of `expRange`: the height is multiplied by gamma^step. Default 1. */
  readonly gamma?: number;
  /** The factor of the height, in place of that of `mode`. It is not part of the state. */
  readonly scaleFn?: (x: number) => number;
  /** Whether `scaleFn` is given the cycle, counted from 1 (the default), or the step, counted from 0. */
  readonly scaleMode?: "cycle" | "iterations";
  /** Whether the momentum (or β₁) falls while the learning rate rises, and rises while it falls. Default true. */
  readonly cycleMomentum?: boolean;
  /** The momentum at the top of the first cycle. Default 0.8. */
  readonly baseMomentum?: number | readonly number[];
  /** The momentum at the bottom. Default 0.9. */
  readonly maxMomentum?: number | readonly number[];
}

/**
 * Goes up and down along lines between two learning rates, again and again (PyTorch's `CyclicLR`); `step()` once a batch. Writes
 * `momentum`, or the first of `betas`, too. The groups' previous rates are ignored.
 *
 * Smith: Cyclical Learning Rates for Training Neural Networks, 2015, arXiv:1506.01186.
 *
 * @throws RangeError for steps that are not above 0 and unknown modes; TypeError when momentum is to cycle and the optimiser has none.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { CyclicLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1, momentum: 0.9 });
 * const scheduler = new CyclicLR(optimizer, { baseLr: 0, maxLr: 1, stepSizeUp: 2 });
 * const rates = [0, 1, 2, 3].map(() => {
 *   scheduler.step();
 *   return optimizer.paramGroups[0]!.lr;
 * });
 * rates; // [0.5, 1, 0.5, 0]
 * ```
 */
export class CyclicLR extends LRScheduler {
  private readonly lowLrs: number[];
  private readonly highLrs: number[];
  private readonly up: number;
  private readonly total: number;
  private readonly mode: "triangular" | "triangular2" | "expRange";
  private readonly gamma: number;
  /** The factor of the height in a cycle, or at a step; a function, and so no part of the state. */
  private readonly scale: (x: number) => number;
  private readonly scaleMode: "cycle" | "iterations";
  private readonly cycleMomentum: boolean;
  private readonly lowMomenta: number[];
  private readonly highMomenta: number[];

  constructor(optimizer: ScheduledOptimizer, options: CyclicLROptions) {
    checkOptions("CyclicLR", options, [
      "baseLr",
      "baseMomentum",
      "cycleMomentum",
      "gamma",
      "lastEpoch",
      "maxLr",
      "maxMomentum",
      "mode",
      "scaleFn",
      "scaleMode",
      "stepSizeDown",
      "stepSizeUp",
    ]);
    const { baseLr, maxLr, stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = "triangular", gamma = 1 } = options;
    const { scaleFn, cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    const { scaleMode: given = "cycle" } = options;
    // Each mode has its own.
    const scaleMode = scaleFn !== undefined ? given : mode === "expRange" ? "iterations" : "cycle";
    for (const [name, value] of Object.entries({ baseLr, maxLr })) {
      if (value === undefined) throw new TypeError(`CyclicLR: ${name} is missing; give the bounds { baseLr, maxLr }`);
    }
    for (const [name, value] of Object.entries({ stepSizeUp, stepSizeDown })) {
      if (!(value > 0 && value < Infinity)) throw new RangeError(`CyclicLR: ${name} is ${value}; it must be above 0`);
    }
    if (mode !== "triangular" && mode !== "triangular2" && mode !== "expRange") {
      throw new RangeError(`CyclicLR: mode is "${mode}"; it must be "triangular", "triangular2" or "expRange"`);
    }
    if (given !== "cycle" && given !== "iterations") {
      throw new RangeError(`CyclicLR: scaleMode is "${given}"; it must be "cycle" or "iterations"`);
    }
    checkNumbers("CyclicLR", { baseLr, maxLr, gamma, baseMomentum, maxMomentum });
    if (scaleFn !== undefined) checkFunctions("CyclicLR", "scaleFn", scaleFn);
    checkOptimizer("CyclicLR", optimizer);
    const groups = optimizer.paramGroups;
    if (cycleMomentum && groups.some(({ momentum, betas }) => momentum === undefined && betas === undefined)) {
      throw new TypeError("CyclicLR: this optimiser has neither momentum nor betas; set cycleMomentum to false");
    }
    const lowLrs = perGroup("CyclicLR", "baseLr", baseLr, groups.length);
    const highLrs = perGroup("CyclicLR", "maxLr", maxLr, groups.length);
    const lowMomenta = perGroup("CyclicLR", "baseMomentum", baseMomentum, groups.length);
    const highMomenta = perGroup("CyclicLR", "maxMomentum", maxMomentum, groups.length);
    if ((options.lastEpoch ?? -1) === -1) {
      for (const [i, group] of groups.entries()) group.lr = lowLrs[i]!;
    }
    super(optimizer, options);
    this.lowLrs = lowLrs;
    this.highLrs = highLrs;
    this.up = stepSizeUp;
    this.total = stepSizeUp + stepSizeDown;
    this.mode = mode;
    this.gamma = gamma;
    this.scale = scaleFn ??
      ((x) => this.mode === "triangular" ? 1 : this.mode === "triangular2" ? 2 ** (1 - x) : this.gamma ** x);
    this.scaleMode = scaleMode;
    this.cycleMomentum = cycleMomentum;
    this.lowMomenta = lowMomenta;
    this.highMomenta = highMomenta;
    this.start();
  }

  protected override nextLrs(): number[] {
    const { lastEpoch: step, total, up } = this;
    const cycle = Math.floor(1 + step / total);
    const part = 1 + step / total - cycle;
    const ratio = up / total;
    const climbed = part <= ratio ? part / ratio : (part - 1) / (ratio - 1);
    const height = climbed * this.scale(this.scaleMode === "cycle" ? cycle : step);
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      if (!this.cycleMomentum) break;
      const momentum = this.highMomenta[i]! - (this.highMomenta[i]! - this.lowMomenta[i]!) * height;
      if (group.betas !== undefined) group.betas = [momentum, group.betas[1]];
      else group.momentum = momentum;
    }
    return this.lowLrs.map((low, i) => low + (this.highLrs[i]! - low) * height);
  }
}

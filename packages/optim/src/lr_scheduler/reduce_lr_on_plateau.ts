/** A smaller learning rate when a metric no longer improves. */
import { checkOptions } from "@heddle/tensor/engine";
import { metricValue } from "../metric.ts";
import { checkSchedule, refuseJson } from "./saved_schedule.ts";
import {
  checkNumbers,
  checkOptimizer,
  checkWhole,
  perGroup,
  type ScheduledOptimizer,
  type SchedulerStateDict,
} from "./scheduler.ts";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric should fall ("min", the default) or rise. */
  readonly mode?: "min" | "max";
  /** What the learning rate is multiplied by, below 1. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are tolerated. Default 10. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is relative to the best value ("rel", the default) or absolute. */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs after a reduction in which none is counted. Default 0. */
  readonly cooldown?: number;
  /** The lowest learning rate; a list gives each parameter group its own. Default 0. */
  readonly minLr?: number | readonly number[];
  /** Smaller changes of the learning rate are skipped. Default 1e-8. */
  readonly eps?: number;
}

/** The numbers that change from step to step. */
interface Progress {
  best: number | null;
  badEpochs: number;
  cooldownLeft: number;
  lastEpoch: number;
  lastLrs: number[];
}

/**
 * Multiplies the learning rate by `factor` when the metric has not improved for more than `patience` epochs (PyTorch's
 * `ReduceLROnPlateau`).
 *
 * @throws RangeError for a `factor` of 1 or more, and for unknown modes.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { ReduceLROnPlateau, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 1 });
 * const scheduler = new ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.5 });
 * for (const validationLoss of [3, 2, 2, 2]) scheduler.step(validationLoss);
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class ReduceLROnPlateau {
  /** The optimiser whose learning rates are set. */
  readonly optimizer: ScheduledOptimizer;
  private readonly options: Required<Omit<ReduceLROnPlateauOptions, "minLr">>;
  private readonly minLrs: number[];
  private readonly progress: Progress;

  constructor(optimizer: ScheduledOptimizer, options: ReduceLROnPlateauOptions = {}) {
    checkOptions("ReduceLROnPlateau", options, [
      "cooldown",
      "eps",
      "factor",
      "minLr",
      "mode",
      "patience",
      "threshold",
      "thresholdMode",
    ]);
    const { mode = "min", factor = 0.1, patience = 10, threshold = 1e-4 } = options;
    const { thresholdMode = "rel", cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    if (!(factor < 1)) throw new RangeError(`ReduceLROnPlateau: factor is ${factor}; it must be below 1`);
    if (mode !== "min" && mode !== "max") {
      throw new RangeError(`ReduceLROnPlateau: mode is "${mode}"; it must be "min" or "max"`);
    }
    if (thresholdMode !== "rel" && thresholdMode !== "abs") {
      throw new RangeError(`ReduceLROnPlateau: thresholdMode is "${thresholdMode}"; it must be "rel" or "abs"`);
    }
    checkWhole("ReduceLROnPlateau", "patience", patience, 0);
    checkWhole("ReduceLROnPlateau", "cooldown", cooldown, 0);
    checkNumbers("ReduceLROnPlateau", { factor, threshold, minLr, eps });
    checkOptimizer("ReduceLROnPlateau", optimizer);
    this.optimizer = optimizer;
    this.options = { mode, factor, patience, threshold, thresholdMode, cooldown, eps };
    this.minLrs = perGroup("ReduceLROnPlateau", "minLr", minLr, optimizer.paramGroups.length);
    const lastLrs = optimizer.paramGroups.map(({ lr }) => lr);
    this.progress = { best: null, badEpochs: 0, cooldownLeft: 0, lastEpoch: 0, lastLrs };
  }

  /** Number of steps so far. */
  get lastEpoch(): number {
    return this.progress.lastEpoch;
  }

  /**
   * Records the metric of an epoch (a number, or a tensor of one element) and reduces the learning rate when due. @throws TypeError for
   * another metric
   */
  step(metric: number | { item(): number }): void {
    const { patience, cooldown } = this.options;
    const { progress } = this;
    const value = metricValue("ReduceLROnPlateau.step", metric);
    progress.lastEpoch++;
    if (this.improves(value)) {
      progress.best = value;
      progress.badEpochs = 0;
    } else progress.badEpochs++;
    if (progress.cooldownLeft > 0) {
      progress.cooldownLeft--;
      progress.badEpochs = 0;
    }
    if (progress.badEpochs > patience) {
      this.reduce();
      progress.cooldownLeft = cooldown;
      progress.badEpochs = 0;
    }
    progress.lastLrs = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  private improves(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const { best } = this.progress;
    if (best === null) return mode === "min" ? value < Infinity : value > -Infinity;
    const margin = thresholdMode === "rel" ? best * threshold : threshold;
    return mode === "min" ? value < best - margin : value > best + margin;
  }

  private reduce(): void {
    const { factor, eps } = this.options;
    for (const [i, group] of this.optimizer.paramGroups.entries()) {
      const lr = Math.max(group.lr * factor, this.minLrs[i]!);
      if (group.lr - lr > eps) group.lr = lr;
    }
  }

  /** The learning rates after the last step, one for each group. */
  getLastLr(): number[] {
    return [...this.progress.lastLrs];
  }

  /** The state needed to resume; can be written as JSON. */
  stateDict(): SchedulerStateDict {
    return structuredClone({ ...this.options, minLrs: this.minLrs, ...this.progress });
  }

  /** Loads a state from `stateDict`. @throws TypeError for the state of another kind of schedule. */
  loadStateDict(stateDict: SchedulerStateDict): void {
    checkSchedule("ReduceLROnPlateau", this.stateDict(), stateDict);
    const pick = (keys: object): object => Object.fromEntries(Object.keys(keys).map((key) => [key, stateDict[key]]));
    Object.assign(this.options, structuredClone(pick(this.options)));
    Object.assign(this.progress, structuredClone(pick(this.progress)));
    this.minLrs.splice(0, this.minLrs.length, ...stateDict.minLrs as number[]);
  }

  /** Refuses to write the schedule as JSON; write its `stateDict()`. @throws Error always. */
  toJSON(): never {
    return refuseJson("ReduceLROnPlateau");
  }
}

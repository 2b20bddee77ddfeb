/** Schedules one after the other. */
import { activeCapture, checkOptions } from "@heddle/tensor/engine";
import { checkWithEach, loadEach, sharedOptimizer } from "./chained_scheduler.ts";
import {
  checkList,
  checkWhole,
  LRScheduler,
  type ScheduledOptimizer,
  type SchedulerOptions,
  type SchedulerStateDict,
} from "./scheduler.ts";

/** Options of {@link SequentialLR}. */
export interface SequentialLROptions extends SchedulerOptions {
  /** The schedules in their order. */
  readonly schedulers: readonly LRScheduler[];
  /** The epochs at which the second, the third, … takes over: one fewer than schedules. */
  readonly milestones: readonly number[];
}

/**
 * Runs schedules of one optimiser one after the other (PyTorch's `SequentialLR`). Each starts at its epoch 0, from the initial learning
 * rate, at its milestone.
 *
 * @throws Error when they have different optimisers; RangeError unless the milestones rise and are one fewer than the schedules.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { CosineAnnealingLR, LinearLR, SequentialLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 });
 * const warmup = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 });
 * const anneal = new CosineAnnealingLR(optimizer, { tMax: 95 });
 * const scheduler = new SequentialLR(optimizer, { schedulers: [warmup, anneal], milestones: [5] });
 * ```
 */
export class SequentialLR extends LRScheduler {
  private readonly schedulers: readonly LRScheduler[];
  private readonly milestones: number[];

  constructor(optimizer: ScheduledOptimizer, options: SequentialLROptions) {
    checkOptions("SequentialLR", options, ["lastEpoch", "milestones", "schedulers"]);
    const { schedulers, milestones, lastEpoch = -1 } = options;
    if (sharedOptimizer("SequentialLR", schedulers) !== optimizer) {
      throw new Error("SequentialLR: the schedules belong to another optimiser than the one given; build all on one");
    }
    checkList("SequentialLR", "milestones", milestones);
    if (milestones.length !== schedulers.length - 1) {
      throw new RangeError(
        `SequentialLR: got ${milestones.length} milestones for ${schedulers.length} schedules; give one fewer than schedules`,
      );
    }
    for (const [i, milestone] of milestones.entries()) {
      checkWhole("SequentialLR", "a milestone", milestone, i === 0 ? 1 : milestones[i - 1]! + 1);
    }
    super(optimizer, options);
    this.schedulers = [...schedulers];
    this.milestones = [...milestones];
    this.lastEpoch = lastEpoch + 1;
    // Creating the schedules has changed the rates; the first one sets its own again, from the initial ones.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr!;
    for (const scheduler of this.schedulers) scheduler.lastEpoch--;
    this.schedulers[0]!.step();
    this.noteLrs();
  }

  override step(): void {
    const capture = activeCapture();
    if (capture !== null) return capture.effect(() => this.step());
    this.lastEpoch++;
    const turn = this.milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    const scheduler = this.schedulers[turn]!;
    if (turn > 0 && this.milestones[turn - 1] === this.lastEpoch) scheduler.step(0);
    else scheduler.step();
    this.noteLrs();
  }

  protected override nextLrs(): number[] {
    return this.getLastLr();
  }

  /** The states of all schedules and the position in the sequence. */
  override stateDict(): SchedulerStateDict {
    const { lastEpoch, milestones } = this;
    const schedulers = this.schedulers.map((scheduler) => scheduler.stateDict());
    return { lastEpoch, milestones: [...milestones], lastLrs: this.getLastLr(), schedulers };
  }

  override loadStateDict(stateDict: SchedulerStateDict): void {
    this.checkStateDict(stateDict);
    const { schedulers, ...own } = stateDict;
    loadEach(this.schedulers, schedulers);
    Object.assign(this, structuredClone(own));
  }

  override checkStateDict(stateDict: SchedulerStateDict): void {
    checkWithEach("SequentialLR", this.stateDict(), this.schedulers, stateDict);
  }
}

/** Several schedules at once. */
import { activeCapture } from "@heddle/tensor/engine";
import { checkSchedule, refuseJson } from "./saved_schedule.ts";
import { checkList, type LRScheduler, type ScheduledOptimizer, type SchedulerStateDict } from "./scheduler.ts";

/**
 * Steps several schedules of one optimiser together, so that their factors multiply (PyTorch's `ChainedScheduler`). Schedules that set
 * the rate from the initial one (LambdaLR, InverseTimeLR, OneCycleLR, warm restarts) override the schedules before them.
 *
 * @throws Error when there are none, or they have different optimisers.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { ChainedScheduler, ConstantLR, ExponentialLR, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new SGD([ones([1], { requiresGrad: true })], { lr: 1 });
 * const slow = new ConstantLR(optimizer, { factor: 0.1, totalIters: 2 });
 * const scheduler = new ChainedScheduler([slow, new ExponentialLR(optimizer, { gamma: 0.9 })]);
 * scheduler.step();
 * ```
 */
export class ChainedScheduler {
  /** The optimiser whose learning rates are set. */
  readonly optimizer: ScheduledOptimizer;
  private readonly schedulers: readonly LRScheduler[];
  private lastLrs: number[];

  constructor(schedulers: readonly LRScheduler[]) {
    this.optimizer = sharedOptimizer("ChainedScheduler", schedulers);
    this.schedulers = [...schedulers];
    this.lastLrs = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Steps each of them. */
  step(): void {
    const capture = activeCapture();
    if (capture !== null) return capture.effect(() => this.step());
    for (const scheduler of this.schedulers) scheduler.step();
    this.lastLrs = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The learning rates that the last step set, one for each group. */
  getLastLr(): number[] {
    return [...this.lastLrs];
  }

  /** The states of all schedules. */
  stateDict(): SchedulerStateDict {
    return { schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()), lastLrs: [...this.lastLrs] };
  }

  /** Loads a state from `stateDict`. @throws TypeError for the state of other schedules. */
  loadStateDict(stateDict: SchedulerStateDict): void {
    checkWithEach("ChainedScheduler", this.stateDict(), this.schedulers, stateDict);
    loadEach(this.schedulers, stateDict.schedulers);
    this.lastLrs = [...stateDict.lastLrs as number[]];
  }

  /** Refuses to write the schedule as JSON; write its `stateDict()`. @throws Error always. */
  toJSON(): never {
    return refuseJson("ChainedScheduler");
  }
}

/** The optimiser of all schedules. @throws Error unless there is exactly one. */
export function sharedOptimizer(name: string, schedulers: readonly LRScheduler[]): ScheduledOptimizer {
  checkList(name, "schedulers", schedulers);
  if (schedulers.length === 0) throw new Error(`${name}: got no schedules; give at least one`);
  const { optimizer } = schedulers[0]!;
  const other = schedulers.findIndex((scheduler) => scheduler.optimizer !== optimizer);
  if (other !== -1) {
    throw new Error(`${name}: schedule ${other} belongs to another optimiser than the first; build all on one`);
  }
  return optimizer;
}

/** @throws TypeError when the combined schedule or one of its parts could not load its state. */
export function checkWithEach(
  name: string,
  own: SchedulerStateDict,
  schedulers: readonly LRScheduler[],
  stateDict: SchedulerStateDict,
): void {
  checkSchedule(name, { ...own, schedulers: [] }, stateDict);
  const states = stateDict.schedulers;
  if (!Array.isArray(states) || states.length !== schedulers.length) {
    throw new TypeError(
      `${name}.loadStateDict: expected the states of ${schedulers.length} schedules, got ` +
        `${Array.isArray(states) ? states.length : typeof states}`,
    );
  }
  schedulers.forEach((scheduler, i) => scheduler.checkStateDict(states[i]));
}

/** Loads the state of each schedule, after {@link checkWithEach}. */
export function loadEach(schedulers: readonly LRScheduler[], states: unknown): void {
  schedulers.forEach((scheduler, i) => scheduler.loadStateDict((states as readonly SchedulerStateDict[])[i]!));
}

/** What every learning-rate schedule shares. */
import { activeCapture } from "@heddle/tensor/engine";
import { describe } from "../parameter_groups.ts";
import { checkSchedule, refuseJson } from "./saved_schedule.ts";

/** The part of a parameter group that schedules read and write. */
export interface ScheduledGroup {
  lr: number;
  initialLr?: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** What a schedule needs of an optimiser; every optimiser of this package has it. */
export interface ScheduledOptimizer {
  readonly paramGroups: readonly ScheduledGroup[];
}

/** Options of every schedule. */
export interface SchedulerOptions {
  /**
   * The last epoch of a run that is resumed; the optimiser's groups must then have an `initialLr`, which `loadStateDict` restores.
   * Default -1: from the start.
   */
  readonly lastEpoch?: number;
}

/** The state of a schedule: numbers, flags and lists of them. It can be written as JSON. */
export type SchedulerStateDict = { readonly [name: string]: unknown };

/**
 * The base of the schedules (PyTorch's `torch.optim.lr_scheduler.LRScheduler`). A schedule sets the learning rates when it is made and
 * again at each `step()`, to be called after the optimiser's, once for each epoch or batch.
 *
 * A custom schedule computes the next rates from the current ones, calls `start()` at the end of its constructor, and may also give them
 * in closed form.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { LRScheduler, SGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 *
 * class Halving extends LRScheduler {
 *   constructor(optimizer: SGD) {
 *     super(optimizer);
 *     this.start();
 *   }
 *   protected override nextLrs(): number[] {
 *     return this.optimizer.paramGroups.map(({ lr }) => this.lastEpoch === 0 ? lr : lr / 2);
 *   }
 * }
 * const scheduler = new Halving(new SGD([ones([1], { requiresGrad: true })], { lr: 1 }));
 * scheduler.step();
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export abstract class LRScheduler {
  /** The optimiser whose learning rates are set. */
  readonly optimizer: ScheduledOptimizer;
  /** The learning rates before any schedule, one for each group. */
  protected readonly baseLrs: number[];
  /** Number of steps since the start; 0 once the schedule is made. */
  lastEpoch: number;
  private lastLrs: number[];

  /** @throws RangeError unless `lastEpoch` is a whole number of at least -1; Error when one is given and a group has no `initialLr`. */
  constructor(optimizer: ScheduledOptimizer, options: SchedulerOptions = {}) {
    const { lastEpoch = -1 } = options;
    checkWhole(this.constructor.name, "lastEpoch", lastEpoch, -1);
    checkOptimizer(this.constructor.name, optimizer);
    this.optimizer = optimizer;
    this.baseLrs = optimizer.paramGroups.map((group, i) => {
      if (lastEpoch === -1) return group.initialLr ??= group.lr;
      if (group.initialLr === undefined) {
        throw new Error(
          `${this.constructor.name}: lastEpoch is ${lastEpoch}, but group ${i} has no initialLr to go on from; load the optimiser's state ` +
            `first, or leave lastEpoch out`,
        );
      }
      return group.initialLr;
    });
    this.lastEpoch = lastEpoch;
    this.lastLrs = optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Sets the first learning rates; the last line of every constructor. */
  protected start(): void {
    this.step();
  }

  /** The learning rates at `lastEpoch`, from the groups' current ones, so that changes by other schedules are kept. */
  protected abstract nextLrs(): number[];

  /** The learning rates at `lastEpoch` from the initial ones alone, where the schedule is known in closed form. */
  protected closedForm(): number[] {
    return this.nextLrs();
  }

  /**
   * Sets the learning rates of the next epoch, or of the given one.
   *
   * @throws RangeError for an epoch that is not a whole number of at least 0.
   */
  step(epoch?: number): void {
    if (epoch !== undefined) checkWhole(`${this.constructor.name}.step`, "epoch", epoch, 0);
    const capture = activeCapture();
    if (capture !== null) return capture.effect(() => this.step(epoch));
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.setLrs(epoch === undefined ? this.nextLrs() : this.closedForm());
  }

  /** Writes learning rates into the groups. */
  protected setLrs(lrs: readonly number[]): void {
    for (const [i, group] of this.optimizer.paramGroups.entries()) group.lr = lrs[i] ?? group.lr;
    this.noteLrs();
  }

  /** Records the groups' learning rates as those that this schedule set. */
  protected noteLrs(): void {
    this.lastLrs = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The learning rates that the last step set, one for each group. */
  getLastLr(): number[] {
    return [...this.lastLrs];
  }

  /** The state needed to resume, without functions and the optimiser. */
  stateDict(): SchedulerStateDict {
    const entries = Object.entries(this).filter(([key, value]) => key !== "optimizer" && typeof value !== "function");
    return structuredClone(Object.fromEntries(entries));
  }

  /**
   * Loads a state from `stateDict`. The learning rates themselves are part of the optimiser's state.
   *
   * @throws TypeError for the state of another kind of schedule, or a value of another type; this one is then unchanged.
   */
  loadStateDict(stateDict: SchedulerStateDict): void {
    this.checkStateDict(stateDict);
    Object.assign(this, structuredClone(stateDict));
  }

  /** Throws TypeError unless `stateDict` could be loaded. Combined schedules check all parts before they load the first. */
  checkStateDict(stateDict: SchedulerStateDict): void {
    checkSchedule(this.constructor.name, this.stateDict(), stateDict);
  }

  /** Refuses to write the schedule as JSON; write its `stateDict()`. @throws Error always. */
  toJSON(): never {
    return refuseJson(this.constructor.name);
  }
}

/** @throws TypeError unless the value is an optimiser. */
export function checkOptimizer(name: string, value: unknown): void {
  if (Array.isArray((value as ScheduledOptimizer | null | undefined)?.paramGroups)) return;
  throw new TypeError(
    `${name}: expected an optimiser first, got ${describe(value)}; new SGD(model.parameters()) makes one`,
  );
}

/** @throws TypeError unless the value, or each of its elements, is a function. */
export function checkFunctions(name: string, option: string, value: unknown): void {
  for (const each of Array.isArray(value) ? value : [value]) {
    if (typeof each === "function") continue;
    throw new TypeError(`${name}: ${option} is ${describe(each)}; it must be a function`);
  }
}

/** @throws TypeError unless each value is a number, or a list of numbers; one that is missing or NaN would make the learning rate NaN. */
export function checkNumbers(name: string, values: { readonly [option: string]: unknown }): void {
  for (const [option, value] of Object.entries(values)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each === "number" && !Number.isNaN(each)) continue;
      throw new TypeError(`${name}: ${option} is ${describe(each)}; it must be a number`);
    }
  }
}

/** @throws TypeError unless the value is an array. */
export function checkList(name: string, option: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new TypeError(`${name}: ${option} is ${describe(value)}; it must be a list`);
}

/** @throws RangeError unless the value is a whole number of at least `least`. */
export function checkWhole(name: string, option: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least)) {
    throw new RangeError(`${name}: ${option} is ${value}; it must be a whole number of at least ${least}`);
  }
}

/** One value for each group, from a single value or a list. @throws RangeError when the list has another length. */
export function perGroup<T>(name: string, option: string, value: T | readonly T[], groups: number): T[] {
  if (!Array.isArray(value)) return new Array<T>(groups).fill(value as T);
  if (value.length !== groups) {
    throw new RangeError(
      `${name}: got ${value.length} values of ${option} for ${groups} parameter groups; give one for each`,
    );
  }
  return [...value];
}

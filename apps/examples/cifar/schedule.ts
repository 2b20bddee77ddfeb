/** Learning rate schedules. */
import {
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  type LRScheduler,
  MultiStepLR,
  OneCycleLR,
  type SGD,
} from "@heddle/optim";

/** The properties of a run that a schedule depends on. */
export interface Course {
  /** The highest learning rate. */
  lr: number;
  steps: number;
  epochs: number;
}

/** The names that `--schedule` takes. */
export type ScheduleName = "constant" | "step" | "exponential" | "cosine" | "one-cycle";

const MAKERS: Readonly<Record<ScheduleName, (optimizer: SGD, course: Course) => LRScheduler>> = {
  /** Always the same. */
  constant: (optimizer) => new LambdaLR(optimizer, { lrLambda: () => 1 }),
  /** A tenth at half of the run and again at three quarters, as in He et al. 2016. */
  step: (optimizer, { steps }) =>
    new MultiStepLR(optimizer, { milestones: [Math.ceil(steps / 2), Math.ceil(3 * steps / 4)] }),
  /** 5% less after each epoch, as in Zhang et al. 2017; here from step to step. */
  exponential: (optimizer, { steps, epochs }) => new ExponentialLR(optimizer, { gamma: 0.95 ** (epochs / steps) }),
  /** Half a cosine down to 0. */
  cosine: (optimizer, { steps }) => new CosineAnnealingLR(optimizer, { tMax: steps }),
  /**
   * Up from a 25th for the first 30% of the run, then down to almost zero, with the momentum moving inversely (Smith,
   * Topin 2018).
   */
  "one-cycle": (optimizer, { lr, steps }) => new OneCycleLR(optimizer, { maxLr: lr, totalSteps: Math.max(steps, 4) }),
};

/** All of them. */
export const SCHEDULES: readonly ScheduleName[] = Object.keys(MAKERS) as ScheduleName[];

/** A schedule whose `step` is called after every step of the optimiser. */
export function makeSchedule(name: ScheduleName, optimizer: SGD, course: Course): LRScheduler {
  return MAKERS[name](optimizer, course);
}

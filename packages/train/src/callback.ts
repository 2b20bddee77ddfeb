/** What takes part in a training: progress, logs, pictures. */
import type { Module } from "@heddle/nn";
import type { Optimizer } from "@heddle/optim";
import type { MetricValue } from "./metrics/metric.ts";

/** A step of a training: one update of the weights. */
export interface StepRecord {
  /** The number of the step, from 1 over the whole training. */
  readonly step: number;
  /** The number of its epoch, from 1. */
  readonly epoch: number;
  /** The loss of its batch; of its batches' mean, by their weights, where gradients are accumulated. */
  readonly loss: number;
  /** The learning rate of the step, of the optimiser's first group. */
  readonly lr: number;
  /** The norm of the gradients before clipping, where they are clipped. */
  readonly gradNorm?: number;
  /** Other figures that `step` returned, by their names. */
  readonly [figure: string]: number | undefined;
}

/** An epoch of a training: a row of its history. Figures keep the order in which they are computed. */
export interface EpochRecord {
  /** The number of the epoch, from 1. */
  readonly epoch: number;
  /** The number of its last step, from 1 over the whole training. */
  readonly step: number;
  /** The mean loss over its batches, by their weights where `step` gives some. */
  readonly loss: number;
  /** How long its steps took, without validation and callbacks. */
  readonly seconds: number;
  /** The learning rate of its last step. */
  readonly lr: number;
  /**
   * Means of the figures that `step` returned, metrics of the training batches by their names (`accuracy`), what validation found of both,
   * with a prefix (`validationLoss`, `validationAccuracy`), and what `evaluate` returned.
   */
  readonly [figure: string]: MetricValue;
}

/** A training while it runs, as a callback sees it. */
export interface Training {
  /** The model that is trained. */
  readonly model: Module;
  /** Its optimiser, with the learning rates in `paramGroups`. */
  readonly optimizer: Optimizer;
  /** Number of epochs that the training is meant to take. */
  readonly epochs: number;
  /** Number of steps that it is meant to take, or null if the loader does not know its length. */
  readonly steps: number | null;
  /** Number of steps done, those before a resumed training was interrupted included. */
  readonly step: number;
  /** The rows of the epochs done, likewise. */
  readonly history: readonly EpochRecord[];
  /** The loss of every step done, likewise. */
  readonly losses: readonly number[];
  /** Ends the training after the current step. */
  stop(): void;
}

/**
 * Takes part in a training that `fit` runs. Each method is optional, and may return a promise, which is awaited before training goes on.
 * Tensors made in a method live until it returns (a promise: until it is resolved), unless they are kept. An error in a method ends the
 * training.
 *
 * @example
 * ```ts
 * import type { Callback } from "@heddle/train";
 * const printer: Callback = {
 *   onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`),
 * };
 * ```
 */
export interface Callback {
  /**
   * Called once, before the first step and after a checkpoint was loaded. Where `training.step` is above 0, an earlier run did so many
   * steps: what a log has of later ones will come again.
   */
  onStart?(training: Training): void | Promise<void>;
  /** Called after every step. */
  onStep?(record: StepRecord, training: Training): void | Promise<void>;
  /** Called after every epoch and its validation, before its checkpoint is written. */
  onEpoch?(record: EpochRecord, training: Training): void | Promise<void>;
  /** Called once at the end, also when the training was interrupted or failed: the place to close files. */
  onEnd?(training: Training): void | Promise<void>;
}

/** The options of `fit`, and their checks. */
import { AveragedModel, type Callable, type Module } from "@heddle/nn";
import { type EarlyStoppingOptions, Optimizer, ReduceLROnPlateau } from "@heddle/optim";
import type { UrlLike } from "@heddle/store";
import type { Device, Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { Callback } from "../callback.ts";
import type { CheckpointOptions, Stateful } from "../checkpoint/checkpoint.ts";
import type { MetricValue } from "../metrics/metric.ts";
import type { LossOptions, Metrics } from "./batch_loss.ts";
import { type Batches, describe } from "./batches.ts";

/** A learning-rate schedule; those of `@heddle/optim` are. */
export interface Schedule extends Stateful {
  /** Sets the next learning rates. */
  step(): void;
}

/** How `fit` writes checkpoints. */
export interface FitCheckpoint extends Omit<CheckpointOptions, "lock"> {
  /** A path or a file URL; null to write nothing. */
  readonly folder: string | UrlLike | null;
  /** Saves after every so many steps too. Default: after every epoch only, and when training is interrupted. */
  readonly everySteps?: number;
  /** Whether training goes on from the last checkpoint in the folder, if there is one. Default true. */
  readonly resume?: boolean;
  /** What is saved besides, by name: metrics, pictures, generators. */
  readonly parts?: Readonly<Record<string, Stateful | Generator>>;
  /** Whether the folder is locked. Default true; false where the caller has locked it. */
  readonly lock?: boolean;
}

/** Figures by their names. */
export type Figures = Readonly<Record<string, MetricValue>>;

/** Options of {@link fit}. */
export interface FitOptions<M extends Module, B> extends LossOptions<M, B> {
  /** The optimiser, made of the model's parameters. */
  readonly optimizer: Optimizer;
  /** Number of epochs, those before a resumed training was interrupted included. */
  readonly epochs: number;
  /** Ends training after so many steps, also in the middle of an epoch, which then counts as a whole one. Default: Infinity. */
  readonly maxSteps?: number;
  /** Batches on which the model is judged after every epoch: `validationLoss`, and the metrics with the same prefix. */
  readonly validation?: Batches<B>;
  /** Metrics by the names of their figures, of the training batches and of the validation. */
  readonly metrics?: Metrics;
  /**
   * What else is measured after every epoch, by generated texts or pictures for example: a function of the model, in evaluation mode, and
   * the number of the epoch, from 1. Its figures are those of the epoch, after those of the validation. It may return a promise.
   */
  readonly evaluate?: (model: M, epoch: number) => Figures | Promise<Figures>;
  /** A learning-rate schedule, made of the optimiser. */
  readonly schedule?: Schedule | ReduceLROnPlateau;
  /** When the schedule steps. Default "epoch". */
  readonly scheduleBy?: "step" | "epoch";
  /** Of how many batches a step takes the mean gradient, by their `weight` where `step` gives one. Default 1. */
  readonly accumulate?: number;
  /** The largest norm of the gradients; larger ones are scaled down. Default: any. */
  readonly clipGradNorm?: number;
  /** The precision in which outputs and gradients are computed, see `MixedPrecision`. Default "float32". */
  readonly precision?: "float32" | "float16" | "bfloat16";
  /**
   * Averages the weights over the steps: the decay of an exponential moving average, such as 0.999, or an `AveragedModel` of the model.
   * The average is what is validated, and the weights with which the model ends.
   */
  readonly average?: number | AveragedModel;
  /** Ends training once `monitor` has not improved for some epochs, with the weights of the best one; also after the last epoch. */
  readonly earlyStopping?: Omit<EarlyStoppingOptions, "model" | "epochs">;
  /** The figure of an epoch that early stopping, `keepBest` and `ReduceLROnPlateau` watch. Default "validationLoss", "loss" without validation. */
  readonly monitor?: string;
  /** A folder for checkpoints, or more about them. Training goes on from the last one in it. */
  readonly checkpoint?: string | UrlLike | FitCheckpoint;
  /** What takes part in the training, in this order: progress, logs. */
  readonly callbacks?: readonly Callback[];
  /** The device where the model and its batches are copied to. Default: they stay where they are. */
  readonly device?: Device | string;
  /** Ends training as Ctrl-C does, when it is aborted. */
  readonly signal?: AbortSignalLike;
  /** Whether Ctrl-C and SIGTERM end training in order, see `Interrupt`. Default true. */
  readonly interruptible?: boolean;
}

/** What of an `AbortSignal` is used. */
export interface AbortSignalLike {
  /** Whether it was aborted. */
  readonly aborted: boolean;
}

const NAMES: readonly (keyof FitOptions<Module, unknown>)[] = [
  ...["loss", "step", "optimizer", "epochs", "validation", "metrics", "schedule", "scheduleBy", "accumulate"] as const,
  ...["clipGradNorm", "precision", "average", "earlyStopping", "monitor", "checkpoint", "callbacks", "device"] as const,
  ...["signal", "interruptible", "maxSteps", "evaluate"] as const,
];

const SAVING_NAMES: readonly (keyof FitCheckpoint)[] = [
  ...["folder", "everySteps", "resume", "parts", "about", "keepLast", "keepBest", "mode", "lock"] as const,
];

/** @throws TypeError or RangeError for options that make no sense, in words that say what to do */
export function checkFit<M extends Module, B>(model: M, options: FitOptions<M, B>): void {
  checkOptions("fit", options, NAMES);
  const { optimizer, epochs, accumulate = 1, scheduleBy = "epoch", clipGradNorm, precision, average } = options;
  if (!(optimizer instanceof Optimizer)) {
    throw new TypeError(
      `fit: optimizer is ${describe(optimizer)}; give new SGD(model.parameters(), { lr }), or another`,
    );
  }
  checkWhole("epochs", epochs, 0);
  checkWhole("accumulate", accumulate, 1);
  const { maxSteps = Infinity } = options;
  if (maxSteps !== Infinity) checkWhole("maxSteps", maxSteps, 1);
  if (options.evaluate !== undefined && typeof options.evaluate !== "function") {
    throw new TypeError(
      `fit: evaluate is ${describe(options.evaluate)}; it must be a function, as (model) => ({ bleu: … })`,
    );
  }
  if (scheduleBy !== "step" && scheduleBy !== "epoch") {
    throw new RangeError(`fit: scheduleBy is ${JSON.stringify(scheduleBy)}; it must be "step" or "epoch"`);
  }
  if (options.schedule === undefined && options.scheduleBy !== undefined) {
    throw new TypeError(
      `fit: scheduleBy is "${scheduleBy}", but there is no schedule; give one, or leave scheduleBy out`,
    );
  }
  const scheduled = (options.schedule as { readonly optimizer?: unknown } | undefined)?.optimizer;
  if (scheduled !== undefined && scheduled !== optimizer) {
    throw new Error(
      "fit: the schedule sets the learning rates of another optimiser; make it of this one, with new StepLR(optimizer, { stepSize })",
    );
  }
  if (options.schedule instanceof ReduceLROnPlateau && scheduleBy === "step") {
    throw new RangeError("fit: ReduceLROnPlateau watches a figure of the epochs; leave scheduleBy out");
  }
  if (clipGradNorm !== undefined && !(clipGradNorm > 0)) {
    throw new RangeError(`fit: clipGradNorm is ${clipGradNorm}; it must be above 0`);
  }
  if (precision !== undefined && !["float32", "float16", "bfloat16"].includes(precision)) {
    throw new RangeError(
      `fit: precision is ${JSON.stringify(precision)}; it must be "float32", "float16" or "bfloat16"`,
    );
  }
  if (average !== undefined && typeof average !== "number" && !(average instanceof AveragedModel)) {
    throw new TypeError(`fit: average is ${describe(average)}; it must be a decay, such as 0.999, or an AveragedModel`);
  }
  checkCallbacks(options.callbacks ?? []);
  if (typeof average === "number" && !(average >= 0 && average <= 1)) {
    throw new RangeError(`fit: average is ${average}; a decay is from 0 to 1, such as 0.999`);
  }
  if (!model.training) {
    throw new Error(
      "fit: the model is in evaluation mode; call model.train() first. Parts of it may stay in evaluation mode, to freeze their statistics",
    );
  }
  const own = new Set<unknown>(model.parameters());
  if (!optimizer.paramGroups.some(({ params }) => params.some((param) => own.has(param)))) {
    throw new Error(
      "fit: the optimiser has none of the model's parameters; make it of this model, with new SGD(model.parameters(), { lr })",
    );
  }
}

/** @throws RangeError for a metric whose figure would take the place of another one in a row */
export function checkMetricNames(
  { metrics = {}, validation }: { readonly metrics?: Metrics; readonly validation?: unknown },
): void {
  const names = Object.keys(metrics);
  const taken = new Set(["epoch", "step", "loss", "lr", "seconds"]);
  if (validation !== undefined) { for (const name of ["loss", ...names]) taken.add(validationName(name)); }
  const [bad] = names.filter((name) => name === "" || taken.has(name));
  if (bad === undefined) return;
  throw new RangeError(
    `fit: a metric is named "${bad}"; ${
      bad === "" ? "" : "a row has a figure of this name already; "
    }choose another name`,
  );
}

/** The name of a figure of the validation. */
export function validationName(name: string): string {
  return `validation${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

const HOOKS: readonly (keyof Callback)[] = ["onStart", "onStep", "onEpoch", "onEnd"];

/** @throws TypeError unless callbacks are a list of objects with methods that `fit` calls */
function checkCallbacks(callbacks: unknown): void {
  if (!Array.isArray(callbacks)) {
    throw new TypeError(`fit: callbacks is ${describe(callbacks)}; it must be an array, such as [new Progress()]`);
  }
  for (const callback of callbacks as unknown[]) {
    if (typeof callback !== "object" || callback === null) {
      throw new TypeError(
        `fit: a callback is ${describe(callback)}; it must be an object, such as { onEpoch: (record) => … }`,
      );
    }
    // A class may have methods of its own that begin so.
    const plain = Object.getPrototypeOf(callback) === Object.prototype;
    for (const name of plain ? Object.keys(callback) : []) {
      if (/^on[A-Z]/.test(name) && !HOOKS.includes(name as keyof Callback)) {
        throw new TypeError(`fit: a callback has ${name}, which is never called; callbacks have ${HOOKS.join(", ")}`);
      }
    }
    for (const name of HOOKS) {
      const hook = (callback as Callback)[name];
      if (hook === undefined || typeof hook === "function") continue;
      throw new TypeError(`fit: ${name} of a callback is ${describe(hook)}; it must be a function`);
    }
    if (HOOKS.every((name) => (callback as Callback)[name] === undefined)) {
      throw new TypeError(`fit: a callback is ${describe(callback)}, which has none of ${HOOKS.join(", ")}`);
    }
  }
}

/** The checkpoint option with its folder. */
export function checkpointOption(
  { checkpoint }: { checkpoint?: string | UrlLike | FitCheckpoint },
): FitCheckpoint | null {
  if (checkpoint === undefined) return null;
  if (typeof checkpoint !== "string" && (typeof checkpoint !== "object" || checkpoint === null)) {
    throw new TypeError(`fit: checkpoint is ${describe(checkpoint)}; it must be a folder, or { folder, … }`);
  }
  if (typeof checkpoint === "string" || "href" in checkpoint) {
    return checkpointOption({ checkpoint: { folder: checkpoint } });
  }
  checkOptions("fit: checkpoint", checkpoint, SAVING_NAMES);
  if (checkpoint.folder === "") {
    throw new RangeError(
      'fit: the folder of checkpoint is ""; name a folder, such as "runs/digits", or leave checkpoint out',
    );
  }
  const { everySteps = Infinity } = checkpoint;
  if (everySteps !== Infinity) checkWhole("checkpoint.everySteps", everySteps, 1);
  return checkpoint;
}

/** A model as one that can be copied and called. */
export function callable(model: Module): Callable {
  return model as Callable;
}

function checkWhole(option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`fit: ${option} is ${value}; it must be a whole number of at least ${least}`);
}

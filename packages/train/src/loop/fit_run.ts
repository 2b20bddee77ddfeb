/** A training that `fit` runs. */
import { noGrad } from "@heddle/autograd";
import { AveragedModel, getEmaMultiAvgFn, type Module } from "@heddle/nn";
import { clipGradNorm_, EarlyStopping, type Optimizer, ReduceLROnPlateau } from "@heddle/optim";
import { scope, type Tensor } from "@heddle/tensor";
import type { Callback, EpochRecord, StepRecord, Training } from "../callback.ts";
import { Checkpoint, type Stateful } from "../checkpoint/checkpoint.ts";
import type { MetricValue } from "../metrics/metric.ts";
import {
  lossOfBatch,
  type Metrics,
  readValues,
  type StepResult,
  type StepValues,
  updateMetrics,
} from "./batch_loss.ts";
import { type Batches, lengthOf, toDevice } from "./batches.ts";
import { checkNames, evaluate, figuresOf, inEvaluation } from "./evaluate.ts";
import {
  callable,
  checkFit,
  checkMetricNames,
  checkpointOption,
  type Figures,
  type FitCheckpoint,
  type FitOptions,
  validationName,
} from "./fit_options.ts";
import { type Ending, History } from "./history.ts";
import { Interrupt } from "./interrupt.ts";
import { MixedPrecision } from "./mixed_precision.ts";
import { addValues, meansOf, noSums, type WeightedSums } from "./weighted_means.ts";

/** What was learned from a batch, and what it counts in means. */
type Learned = StepValues & { readonly weight: number };

/** What a record of a step has besides the figures of the caller. */
const STEP_NAMES: ReadonlySet<string> = new Set(["step", "epoch", "loss", "lr", "gradNorm"]);

/** Where a training is. */
interface Position {
  /** Epochs done. */
  epoch: number;
  /** Steps done. */
  step: number;
  /** Batches of the current epoch that were used. */
  batch: number;
  /** The losses and figures of these batches, and the time they took in seconds. */
  means: WeightedSums;
  seconds: number;
  lr: number;
  rows: EpochRecord[];
  losses: number[];
  /** Whether early stopping or a callback ended the training. */
  stopped: boolean;
}

/** Options in which a resumed training must not differ. */
interface Settings {
  readonly precision: string;
  readonly accumulate: number;
  readonly average: string | number;
}

/** The state of a run; `using` closes what it has opened. */
export class FitRun<M extends Module, B> implements Training {
  readonly model: M;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly steps: number | null;
  private readonly loader: Batches<B>;
  private readonly options: FitOptions<M, B>;
  private readonly lossOf: (model: M, batch: B) => StepResult;
  private readonly metrics: Metrics;
  private readonly callbacks: readonly Callback[];
  private readonly accumulate: number;
  private readonly maxSteps: number;
  private readonly monitor: string;
  private readonly mixed: MixedPrecision | null;
  private readonly averaged: AveragedModel | null;
  private readonly stopping: EarlyStopping | null;
  private readonly saving: FitCheckpoint | null;
  private readonly checkpoint: Checkpoint | null;
  private readonly interrupt: Interrupt | null;
  private readonly at: Position = {
    ...{ epoch: 0, step: 0, batch: 0, means: noSums(), seconds: 0, lr: NaN },
    ...{ rows: [], losses: [], stopped: false },
  };
  /** Metrics without a state, of an epoch in which the training was resumed: they saw a part of it only. */
  private partial: readonly string[] = [];
  /** The step of the last checkpoint, and when the time was last noted. */
  private savedStep = -1;
  private mark = 0;

  constructor(model: M, loader: Batches<B>, options: FitOptions<M, B>) {
    checkFit(model, options);
    checkMetricNames(options);
    const { optimizer, epochs, metrics = {}, callbacks = [], accumulate = 1, average, earlyStopping } = options;
    this.lossOf = lossOfBatch("fit", options, loader);
    this.model = model;
    this.loader = loader;
    this.options = options;
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.metrics = metrics;
    this.callbacks = callbacks;
    this.accumulate = accumulate;
    this.monitor = options.monitor ?? (options.validation === undefined ? "loss" : "validationLoss");
    const length = lengthOf(loader);
    this.maxSteps = options.maxSteps ?? Infinity;
    this.steps = length === null
      ? this.maxSteps === Infinity ? null : this.maxSteps
      : Math.min(epochs * Math.ceil(length / accumulate), this.maxSteps);
    if (options.device !== undefined) model.to(options.device);
    const { precision = "float32" } = options;
    this.mixed = precision === "float32" ? null : new MixedPrecision(callable(model), precision);
    this.averaged = typeof average === "number"
      ? new AveragedModel(callable(model), {
        multiAvgFn: getEmaMultiAvgFn(average, { warmup: true }),
        useBuffers: true,
      })
      : average ?? null;
    this.stopping = earlyStopping === undefined ? null : new EarlyStopping({ ...earlyStopping, model: this.judged });
    this.saving = checkpointOption(options);
    this.checkpoint = this.saving === null ? null : this.openCheckpoint(this.saving);
    this.interrupt = options.interruptible === false ? null : new Interrupt();
  }

  get step(): number {
    return this.at.step;
  }

  get history(): readonly EpochRecord[] {
    return this.at.rows;
  }

  get losses(): readonly number[] {
    return this.at.losses;
  }

  stop(): void {
    this.at.stopped = true;
  }

  /** Trains to the end. */
  async run(): Promise<History> {
    const { at } = this;
    let ending: Ending | null = null;
    try {
      if (this.saving?.resume !== false && await this.checkpoint?.load()) this.resumed();
      await this.call("onStart");
      if (this.options.signal?.aborted && at.epoch < this.epochs) ending = "interrupted";
      while (ending === null && !at.stopped && at.epoch < this.epochs && at.step < this.maxSteps) {
        if (await this.trainEpoch()) await this.endEpoch();
        else ending = at.stopped ? "stopped" : "interrupted";
        if (ending === null && await this.interrupted()) ending = "interrupted";
      }
      if (ending !== null && this.savedStep !== at.step) await this.save();
      this.stopping?.restore();
      // The average of none is the copy that was made before any step.
      if (this.averaged !== null && at.step > 0) this.takeAverage(this.averaged);
    } finally {
      for (const metric of Object.values(this.metrics)) metric.reset();
      this.optimizer.zeroGrad();
      await this.call("onEnd");
    }
    const bestEpoch = this.stopping === null || this.stopping.bestEpoch < 0 ? null : this.stopping.bestEpoch + 1;
    const { rows, losses, stopped } = at;
    return new History(rows, { losses, bestEpoch, ending: ending ?? (stopped ? "stopped" : "finished") });
  }

  /** Unlocks the folder, leaves the signals to others, and frees the copies of the weights. */
  [Symbol.dispose](): void {
    this.checkpoint?.close();
    this.interrupt?.close();
    this.mixed?.close();
    this.stopping?.loadStateDict({ best: null, bestEpoch: -1, epoch: -1, bestState: null });
    const { averaged } = this;
    if (averaged === null || averaged === this.options.average) return;
    for (const tensor of [...averaged.parameters(), ...averaged.buffers()]) tensor.dispose();
  }

  /** The model that validation judges. */
  private get judged(): Module {
    return this.averaged === null ? this.model : this.averaged.module;
  }

  /** Trains for an epoch, or for what remains of it. @returns whether it came to the end */
  private async trainEpoch(): Promise<boolean> {
    const { at } = this;
    // A loader with a state continues by itself.
    let skip = this.loader.loadStateDict === undefined ? at.batch : 0;
    let pending: Learned[] = [];
    this.mark = performance.now();
    for await (const batch of this.loader) {
      if (skip-- > 0) continue;
      if (pending.length === 0) this.optimizer.zeroGrad();
      pending.push(await this.learn(batch));
      at.batch++;
      if (pending.length < this.accumulate) continue;
      if (!await this.update(pending)) return false;
      pending = [];
      if (at.step >= this.maxSteps) break;
    }
    if (pending.length > 0 && !await this.update(pending)) return false;
    if (at.batch > 0) return true;
    throw new Error(
      `fit: the loader had no batches in epoch ${at.epoch + 1}; ` +
        (at.epoch === 0
          ? "is its data set empty?"
          : "an iterator can be used once only: give a DataLoader, or an array of batches"),
    );
  }

  /** The loss of a batch, whose gradients are added to those of the step. */
  private async learn(batch: B): Promise<Learned> {
    using _ = scope();
    const result = this.lossOf((this.mixed?.model ?? this.model) as M, toDevice(batch, this.options.device ?? null));
    const { loss, weight = 1 } = result;
    const weighed = this.accumulate === 1 || weight === 1 ? loss : loss.mul(weight);
    if (this.mixed === null) weighed.backward();
    else this.mixed.backward(weighed);
    noGrad(() => updateMetrics("fit", this.metrics, result));
    const read = await readValues("fit", result);
    if (Number.isFinite(read.loss)) return { ...read, weight };
    throw new Error(
      `fit: the loss is ${read.loss} in step ${this.at.step + 1} (epoch ${
        this.at.epoch + 1
      }, learning rate ${this.lr}). The weights are ` +
        "those before this step. Try a lower learning rate or clipGradNorm; look for NaN in the data, and for logarithms or divisions of 0",
    );
  }

  /** Updates the weights with the gradients of some batches. @returns whether training goes on */
  private async update(learned: readonly Learned[]): Promise<boolean> {
    const { at, optimizer, options } = this;
    const { lr } = this;
    const gradNorm = await this.applyGradients(
      this.accumulate === 1 ? 1 : learned.reduce((sum, { weight }) => sum + weight, 0),
    );
    this.averaged?.updateParameters(this.model);
    if (options.scheduleBy === "step") (options.schedule as { step(): void } | undefined)?.step();
    const ofStep = noSums();
    for (const { loss, figures, weight } of learned) {
      addValues("fit", ofStep, { loss, ...figures }, weight);
      addValues("fit", at.means, { loss, ...figures }, weight);
    }
    const { loss, ...figures } = meansOf(ofStep) as { loss: number };
    at.step++;
    at.lr = lr;
    at.losses.push(loss);
    this.noteTime();
    optimizer.zeroGrad();
    const record: StepRecord = {
      step: at.step,
      epoch: at.epoch + 1,
      loss,
      lr,
      ...(gradNorm === null ? {} : { gradNorm }),
      ...figures,
    };
    checkNames("fit", "step", figures, STEP_NAMES);
    await this.call("onStep", record);
    if (at.step % (this.saving?.everySteps ?? Infinity) === 0) await this.save();
    this.mark = performance.now();
    // At the end of an epoch, the epoch is ended first.
    const isLast = at.batch === lengthOf(this.loader) || at.step >= this.maxSteps;
    if (at.stopped) return isLast;
    if (isLast || !await this.interrupted()) return true;
    await this.save();
    return false;
  }

  /** @returns the norm of the gradients, where they are clipped */
  private async applyGradients(weight: number): Promise<number | null> {
    using _ = scope();
    const { optimizer, options: { clipGradNorm } } = this;
    const parameters = optimizer.paramGroups.flatMap(({ params }) => params as Tensor[]);
    const finite = this.mixed === null || await this.mixed.unscale();
    if (weight !== 1) noGrad(() => parameters.forEach(({ grad }) => grad?.div_(weight)));
    let norm: number | null = null;
    if (clipGradNorm !== undefined && finite) {
      norm = Number((await clipGradNorm_(parameters, clipGradNorm).data())[0]);
      if (!Number.isFinite(norm)) {
        throw new Error(
          `fit: the norm of the gradients is ${norm} in step ${
            this.at.step + 1
          } (learning rate ${this.lr}), though the loss is finite. ` +
            "The weights are those before this step; look for square roots and logarithms near 0",
        );
      }
    }
    if (finite) optimizer.step();
    this.mixed?.update();
    return norm;
  }

  /** Validates, and adds the row of an epoch. */
  private async endEpoch(): Promise<void> {
    const { at, metrics, options } = this;
    const { loss, step, validation, device } = options;
    const { loss: meanLoss, ...means } = meansOf(at.means) as { loss: number };
    const row: Record<string, MetricValue> = { epoch: at.epoch + 1, step: at.step, loss: meanLoss };
    const add = (source: string, figures: Figures): void => {
      checkNames("fit", source, figures, new Set([...Object.keys(row), "lr", "seconds"]));
      Object.assign(row, figures);
    };
    const ofBatches = await figuresOf(metrics);
    for (const name of this.partial) ofBatches[name] = NaN;
    this.partial = [];
    for (const metric of Object.values(metrics)) metric.reset();
    add("step", means);
    add("metrics", ofBatches);
    if (validation !== undefined) {
      const found = await evaluate(this.judged as M, validation, {
        ...(loss === undefined ? {} : { loss }),
        ...(step === undefined ? {} : { step }),
        ...(device === undefined ? {} : { device }),
        metrics,
      });
      add(
        "validation",
        Object.fromEntries(Object.entries(found).map(([name, value]) => [validationName(name), value])),
      );
    }
    if (options.evaluate !== undefined) {
      using _ = scope();
      const { judged } = this;
      add("evaluate", await inEvaluation(judged, async () => await options.evaluate!(judged as M, at.epoch + 1)));
    }
    Object.assign(row, { lr: at.lr, seconds: at.seconds });
    await this.closeEpoch(row as EpochRecord);
  }

  /** Notes the row of an epoch, and what follows from it. */
  private async closeEpoch(row: EpochRecord): Promise<void> {
    const { at, options: { schedule, scheduleBy } } = this;
    at.epoch++;
    at.rows.push(row);
    at.batch = at.seconds = 0;
    at.means = noSums();
    if (this.stopping?.step(this.watched(row))) this.stop();
    if (schedule instanceof ReduceLROnPlateau) schedule.step(this.watched(row));
    else if (scheduleBy !== "step") schedule?.step();
    await this.call("onEpoch", row);
    if (this.checkpoint !== null) {
      await this.save(this.saving!.keepBest === undefined ? undefined : this.watched(row));
    }
  }

  /** The figure that is watched. */
  private watched(row: EpochRecord): number {
    const value = row[this.monitor];
    if (typeof value === "number") return value;
    const names = Object.keys(row).filter((name) => typeof row[name] === "number").join(", ");
    throw new TypeError(
      `fit: monitor is "${this.monitor}", which is ${
        value === undefined ? "no figure" : "no number"
      } of an epoch; choose one of ${names}`,
    );
  }

  private async save(metric?: number): Promise<void> {
    await this.checkpoint?.save(metric === undefined ? {} : { metric });
    this.savedStep = this.at.step;
  }

  private openCheckpoint(saving: FitCheckpoint): Checkpoint {
    const { folder, everySteps: _, resume: __, parts = {}, ...options } = saving;
    const { model, optimizer, mixed, averaged, stopping, at, loader } = this;
    const { schedule } = this.options;
    // What the training is comes first, so that another one changes nothing. The model is before its copies: that in half precision takes the weights from it.
    const all: Record<string, Stateful | null | undefined> = {
      fit: {
        stateDict: () => ({ ...at, losses: Float64Array.from(at.losses), options: this.settings }),
        loadStateDict: (state: Position & { readonly options?: Settings }) => this.loadPosition(state),
      },
      ...{ model, optimizer, schedule, mixed: orNull(mixed), averaged: orNull(averaged), stopping },
      loader: isStateful(loader) ? loader : null,
      ...Object.fromEntries(
        Object.entries(this.metrics).filter(([, metric]) => isStateful(metric)).map(
          ([name, metric]) => [`metric ${name}`, metric as unknown as Stateful],
        ),
      ),
    };
    const own = Object.entries(all).filter((entry): entry is [string, Stateful] => entry[1] != null);
    return new Checkpoint(folder, { ...parts, ...Object.fromEntries(own) }, options);
  }

  /** The options that a resumed training must share. */
  private get settings(): Settings {
    const { accumulate, options: { precision = "float32", average } } = this;
    return {
      precision,
      accumulate,
      average: average instanceof AveragedModel ? "an AveragedModel" : average ?? "none",
    };
  }

  /** @throws RangeError if the checkpoint is of a training with other options, or has more epochs */
  private loadPosition({ options, ...state }: Position & { readonly options?: Settings }): void {
    const here = this.settings, there = options ?? here;
    for (const name of ["precision", "accumulate", "average"] as const) {
      if (there[name] === here[name]) continue;
      throw new RangeError(
        `${name} is ${here[name]} here, and ${
          there[name]
        } there; give the same to go on, or \`resume: false\` to start from the beginning`,
      );
    }
    if (state.epoch > this.epochs) {
      throw new RangeError(
        `epochs is ${this.epochs}, but ${state.epoch} are done, which count; give at least as many`,
      );
    }
    Object.assign(this.at, state, { losses: [...state.losses] });
  }

  private takeAverage({ module }: AveragedModel): void {
    using _ = scope();
    this.model.loadStateDict(module.stateDict());
  }

  private get lr(): number {
    return this.optimizer.paramGroups[0]!.lr;
  }

  private noteTime(): void {
    const now = performance.now();
    this.at.seconds += (now - this.mark) / 1000;
    this.mark = now;
  }

  private async interrupted(): Promise<boolean> {
    return this.options.signal?.aborted === true || (this.interrupt !== null && await this.interrupt.requested());
  }

  /** Notes where a checkpoint was loaded. */
  private resumed(): void {
    const { at, metrics } = this;
    this.savedStep = at.step;
    if (at.batch === 0) return;
    this.partial = Object.keys(metrics).filter((name) => !isStateful(metrics[name]));
  }

  /** Calls a method of all callbacks. */
  private async call(method: "onStart" | "onEnd"): Promise<void>;
  private async call(method: "onStep", record: StepRecord): Promise<void>;
  private async call(method: "onEpoch", record: EpochRecord): Promise<void>;
  private async call(method: keyof Callback, record?: StepRecord | EpochRecord): Promise<void> {
    for (const callback of this.callbacks) {
      if (callback[method] === undefined) continue;
      using _ = scope();
      await (record === undefined
        ? callback[method as "onStart"]!(this)
        : callback[method as "onStep"]!(record as StepRecord, this));
    }
  }
}

/** A part that a training may lack. */
function orNull(part: Stateful | null): Stateful {
  return {
    stateDict: () => part?.stateDict() ?? null,
    loadStateDict: (state: never) => part?.loadStateDict(state),
  };
}

function isStateful(value: unknown): value is Stateful {
  const { stateDict, loadStateDict } = value as Partial<Stateful>;
  return typeof stateDict === "function" && typeof loadStateDict === "function";
}

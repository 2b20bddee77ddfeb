/** Early stopping: stops when a metric no longer improves, and restores the best weights. */
import { noGrad } from "@heddle/autograd";
import { keep, Tensor, tidy } from "@heddle/tensor";
import { checkOptions, freedError } from "@heddle/tensor/engine";
import { metricValue } from "./metric.ts";
import { describe } from "./parameter_groups.ts";

/** What early stopping needs of a model; every `Module` of `@heddle/nn` has it. */
export interface Restorable {
  stateDict(): Record<string, Tensor>;
  loadStateDict(state: Record<string, Tensor>): unknown;
}

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Epochs without improvement that are tolerated. Default 10. */
  readonly patience?: number;
  /** By how much the metric must improve to count. Default 0. */
  readonly minDelta?: number;
  /** Whether the metric should fall ("min", the default) or rise. */
  readonly mode?: "min" | "max";
  /** The number of epochs of the training: `step` says to stop after the last, however good it was. Default: any number. */
  readonly epochs?: number;
  /** A model whose state is copied at every best epoch, and restored when training stops. */
  readonly model?: Restorable;
}

/** The state of {@link EarlyStopping}: numbers, and the best weights if it has a model. */
export interface EarlyStoppingStateDict {
  readonly best: number | null;
  readonly bestEpoch: number;
  readonly epoch: number;
  readonly bestState: { readonly [name: string]: Tensor } | null;
}

/**
 * Says when to stop: once the metric has not improved for `patience` epochs in a row. PyTorch has none; Keras's `EarlyStopping`
 * counts the same way. NaN is no improvement. With `epochs` it also says so after the last epoch, so that training ends with the best
 * weights in any case; else call {@link EarlyStopping.restore} after the loop.
 *
 * Prechelt: Early Stopping – But When?, 1998.
 *
 * @throws RangeError for a negative `patience` or `minDelta`, `epochs` below 1, and for unknown modes. TypeError for a `model` without
 * `loadStateDict`.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { EarlyStopping } from "@heddle/optim";
 * const stopping = new EarlyStopping({ patience: 2 });
 * for (const validationLoss of [3, 2, 2.5, 2.1, 1]) {
 *   if (stopping.step(validationLoss)) break; // at 2.1
 * }
 * stopping.best; // 2, in epoch stopping.bestEpoch = 1
 * ```
 */
export class EarlyStopping {
  /** The best value so far, or null before the first. */
  best: number | null = null;
  /** The epoch of the best value, counted from 0; -1 before the first. */
  bestEpoch: number = -1;
  private readonly patience: number;
  private readonly minDelta: number;
  private readonly mode: "min" | "max";
  private readonly epochs: number;
  private readonly model: Restorable | null;
  private bestState: Record<string, Tensor> | null = null;
  private epoch = -1;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions("EarlyStopping", options, ["patience", "minDelta", "mode", "epochs", "model"]);
    const { patience = 10, minDelta = 0, mode = "min", epochs = Infinity, model = null } = options;
    if (!(Number.isInteger(patience) && patience >= 0)) {
      throw new RangeError(`EarlyStopping: patience is ${patience}; it must be a whole number of at least 0`);
    }
    if (!(minDelta >= 0)) throw new RangeError(`EarlyStopping: minDelta is ${minDelta}; it must not be negative`);
    if (mode !== "min" && mode !== "max") {
      throw new RangeError(`EarlyStopping: mode is "${mode}"; it must be "min" or "max"`);
    }
    if (!((Number.isInteger(epochs) && epochs >= 1) || epochs === Infinity)) {
      throw new RangeError(`EarlyStopping: epochs is ${epochs}; it must be a whole number of at least 1`);
    }
    if (model !== null && typeof (model as Partial<Restorable>).loadStateDict !== "function") {
      throw new TypeError(
        `EarlyStopping: model is ${describe(model)}; it must have stateDict and loadStateDict, as modules do`,
      );
    }
    this.patience = patience;
    this.minDelta = minDelta;
    this.mode = mode;
    this.epochs = epochs;
    this.model = model;
  }

  /** Epochs since the best one. */
  get badEpochs(): number {
    return this.epoch - this.bestEpoch;
  }

  /**
   * Records the metric of an epoch (a number, or a tensor of one element).
   *
   * @throws TypeError for another metric.
   * @returns whether to stop; the model then has its best weights again.
   */
  step(metric: number | { item(): number }): boolean {
    const value = metricValue("EarlyStopping.step", metric);
    this.epoch++;
    const isLast = this.epoch + 1 >= this.epochs;
    if (this.improves(value)) {
      this.best = value;
      this.bestEpoch = this.epoch;
      if (this.model !== null) this.remember(this.model);
      return isLast;
    }
    if (!isLast && this.badEpochs < Math.max(this.patience, 1)) return false;
    this.restore();
    return true;
  }

  /** Restores the best weights, after a training that ended before `step` said to stop. Does nothing without a model or a best epoch. */
  restore(): void {
    if (this.model !== null && this.bestState !== null) this.model.loadStateDict(this.bestState);
  }

  /** The state needed to resume. The tensors are shared: write or clone them before the next step. */
  stateDict(): EarlyStoppingStateDict {
    const { best, bestEpoch, epoch, bestState } = this;
    return { best, bestEpoch, epoch, bestState: bestState === null ? null : { ...bestState } };
  }

  /**
   * Loads a state from `stateDict`; tensors are copied. The options are not part of it.
   *
   * @throws TypeError for an invalid state, or one without weights where there is a model; nothing is then changed.
   */
  loadStateDict(state: EarlyStoppingStateDict): void {
    if (typeof state !== "object" || state === null) {
      throw new TypeError("EarlyStopping.loadStateDict: that is no state; give what stateDict() gave");
    }
    const { best, bestEpoch, epoch, bestState } = state;
    if (!(best === null || typeof best === "number") || !Number.isInteger(bestEpoch) || !Number.isInteger(epoch)) {
      throw new TypeError(
        "EarlyStopping.loadStateDict: that is no state of an EarlyStopping; give what stateDict() gave",
      );
    }
    if (this.model !== null && best !== null && !bestState) {
      throw new TypeError(
        "EarlyStopping.loadStateDict: the state has no weights; was it saved without a model? Leave the model out here too, or start a new EarlyStopping",
      );
    }
    for (const [key, value] of Object.entries(bestState ?? {})) {
      if (!(value instanceof Tensor)) {
        throw new TypeError(
          `EarlyStopping.loadStateDict: the weight "${key}" is no tensor; make it one, with tensor(…) if it comes from JSON`,
        );
      }
      if (value.isDisposed) throw freedError(value, `EarlyStopping.loadStateDict: "${key}"`);
    }
    this.replaceBest(bestState ?? null);
    this.best = best;
    this.bestEpoch = bestEpoch;
    this.epoch = epoch;
  }

  /** Refuses to write it as JSON; write its `stateDict()`. @throws Error always. */
  toJSON(): never {
    throw new Error("EarlyStopping: is not written as JSON; write its stateDict()");
  }

  private improves(value: number): boolean {
    if (Number.isNaN(value)) return false;
    if (this.best === null) return true;
    return this.mode === "min" ? value < this.best - this.minDelta : value > this.best + this.minDelta;
  }

  private remember(model: Restorable): void {
    tidy(() => this.replaceBest(model.stateDict()));
  }

  /** Copies weights and frees the old copy. */
  private replaceBest(state: { readonly [name: string]: Tensor } | null): void {
    const old = this.bestState;
    this.bestState = state === null
      ? null
      : noGrad(() =>
        tidy(() => Object.fromEntries(Object.entries(state).map(([key, value]) => [key, keep(value.detach().clone())])))
      );
    for (const value of Object.values(old ?? {})) value.dispose();
  }
}

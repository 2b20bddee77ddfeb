/** Averages of a model's weights over its training. */
import { noGrad } from "@heddle/autograd";
import { isFloat, type Tensor, tidy, zeros } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { deepCopy } from "./deep_copy.ts";
import type { Callable } from "./feature_extractor.ts";
import { Module } from "./module.ts";
import { showSizes } from "./sizes.ts";
import { snakeCase } from "./state_dict.ts";

/**
 * Updates averages in place. `count` is the number of weights averaged so far, at least 1: the first weights are copied.
 */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], count: number) => void;

/** Options of {@link getEmaMultiAvgFn}. */
export interface EmaOptions {
  /** Whether the decay starts small, as min(decay, (1 + n) / (10 + n)) for n averaged weights; false by default. */
  readonly warmup?: boolean;
}

/**
 * The exponential moving average: averaged ← decay · averaged + (1 − decay) · current. The share of the first weights, which are
 * random, is decayⁿ after n more; warming up (as TensorFlow's `ExponentialMovingAverage` does with `num_updates`) takes it away
 * sooner. PyTorch: `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 *
 * @throws RangeError for a decay outside 0 to 1.
 */
export function getEmaMultiAvgFn(decay = 0.999, options: EmaOptions = {}): MultiAvgFn {
  checkOptions("getEmaMultiAvgFn", options, ["warmup"]);
  if (!(decay >= 0 && decay <= 1)) {
    throw new RangeError(`getEmaMultiAvgFn: decay is ${decay}; it must lie between 0 and 1`);
  }
  const { warmup = false } = options;
  return (averaged, current, count) => {
    const share = 1 - (warmup ? Math.min(decay, (1 + count) / (10 + count)) : decay);
    averaged.forEach((tensor, i) => tensor.lerp_(current[i]!, share));
  };
}

/**
 * The mean of all weights: stochastic weight averaging, Izmailov et al., "Averaging weights leads to wider optima and better
 * generalization" (2018). PyTorch: `torch.optim.swa_utils.get_swa_multi_avg_fn`.
 */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (averaged, current, count) => averaged.forEach((tensor, i) => tensor.lerp_(current[i]!, 1 / (count + 1)));
}

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** {@link getSwaMultiAvgFn} by default. */
  readonly multiAvgFn?: MultiAvgFn;
  /** Whether floating-point buffers (the statistics of batch norms) are averaged too rather than copied; false by default. */
  readonly useBuffers?: boolean;
}

/**
 * A copy of a model whose weights are an average of those that the model has had: call `updateParameters` after each optimiser step (or
 * epoch), and evaluate `averaged.module`, or the averaged model itself. PyTorch: `torch.optim.swa_utils.AveragedModel`.
 *
 * It is a module: its state dict has the average and the count (`n_averaged`), so that resumed training continues bit for bit. The count
 * stays on the CPU, also after `to`.
 *
 * @example
 * ```ts
 * import { AveragedModel, getEmaMultiAvgFn, Linear } from "@heddle/nn";
 * const model = new Linear(4, 2);
 * const ema = new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.999, { warmup: true }), useBuffers: true });
 * // for each batch: … optimizer.step();
 * ema.updateParameters(model);
 * ema.module.eval();
 * ```
 */
export class AveragedModel<M extends Callable = Callable> extends Module {
  /** The copy with the averaged weights. */
  readonly module: M;
  /** How many weights were averaged, int32; `n_averaged` in state dicts. */
  declare readonly nAveraged: Tensor;
  private readonly multiAvgFn: MultiAvgFn;
  private readonly useBuffers: boolean;

  constructor(model: M, options: AveragedModelOptions = {}) {
    checkOptions("AveragedModel", options, ["multiAvgFn", "useBuffers"]);
    super();
    const { multiAvgFn = getSwaMultiAvgFn(), useBuffers = false } = options;
    this.module = deepCopy(model);
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
    this.registerBuffer("nAveraged", zeros([], { dtype: "int32", device: "cpu" }));
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** The output of the averaged model. */
  forward(...args: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    return this.module.forward(...args as never[]) as ReturnType<M["forward"]>;
  }

  /**
   * Adds the model's current weights to the average; the first call copies them.
   *
   * @throws Error naming the first tensor in which the model differs from the original one.
   */
  updateParameters(model: Module): void {
    const parameters = pairs(this.module.namedParameters(), model.namedParameters());
    const buffers = pairs(this.module.namedBuffers(), model.namedBuffers());
    const count = this.nAveraged.item();
    const averages = ({ own }: Pair): boolean => this.useBuffers && isFloat(own.dtype);
    noGrad(() =>
      tidy(() => {
        const averaged = count === 0 ? [] : [...parameters, ...buffers.filter(averages)];
        const copied = count === 0 ? [...parameters, ...buffers] : buffers.filter((pair) => !averages(pair));
        const current = averaged.map(({ own, other }) => other.detach().to(own.device, own.dtype));
        if (averaged.length > 0) this.multiAvgFn(averaged.map(({ own }) => own), current, count);
        for (const { own, other } of copied) own.copy_(other.detach().to(own.device));
        this.nAveraged.add_(1);
      })
    );
  }

  /** Converts the averaged model. */
  override to(...targets: Parameters<Module["to"]>): this {
    this.module.to(...targets);
    return this;
  }
}

interface Pair {
  readonly own: Tensor;
  readonly other: Tensor;
}

function pairs(own: readonly [string, Tensor][], other: readonly [string, Tensor][]): Pair[] {
  const show = (entry: readonly [string, Tensor] | undefined): string =>
    entry === undefined ? "nothing" : `${entry[0]} ${showSizes(entry[1].shape)}`;
  const wrong = Array.from({ length: Math.max(own.length, other.length) }, (_, i) => i)
    .find((i) => show(own[i]) !== show(other[i]));
  if (wrong !== undefined) {
    throw new Error(
      `AveragedModel.updateParameters: the model has ${show(other[wrong])} where the averaged one has ${
        show(own[wrong])
      }; ` +
        `give the model that it was made of`,
    );
  }
  return own.map(([, tensor], i) => ({ own: tensor, other: other[i]![1] }));
}

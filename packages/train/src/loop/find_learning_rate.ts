import type { Module } from "@heddle/nn";
import type { Optimizer } from "@heddle/optim";
import { defaultGenerator, type Device, keep, scope, Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { lossOfBatch, type LossOptions } from "./batch_loss.ts";
import { type Batches, toDevice } from "./batches.ts";

/** Options of {@link findLearningRate}. */
export interface FindLearningRateOptions<M extends Module, B> extends LossOptions<M, B> {
  /** The optimiser, made of the model's parameters. */
  readonly optimizer: Optimizer;
  /** The first learning rate. Default 1e-7. */
  readonly from?: number;
  /** The last one. Default 10. */
  readonly to?: number;
  /** Number of steps, at least 3. Default 100. */
  readonly steps?: number;
  /** Where batches are copied to. Default: they stay where they are. */
  readonly device?: Device | string;
}

/** What {@link findLearningRate} found: the losses by learning rate, as far as it came, and a learning rate to start with. */
export interface LearningRates {
  /** The learning rates tried, on a logarithmic scale. */
  readonly lrs: readonly number[];
  /** The loss at each, smoothed over the steps before. */
  readonly losses: readonly number[];
  /**
   * A tenth of the learning rate where the loss was lowest, for it still falls fast there; but at least `from`. The first losses are left
   * out, as they are of few batches yet.
   */
  readonly suggestion: number;
}

/** How much of the loss of earlier steps is in the smoothed one. */
const SMOOTHING = 0.9;
/** In this share of the steps, the first ones, the smoothed loss is that of few batches, and says nothing about the learning rate. */
const WARMUP = 0.1;
/** The test ends once the loss is so many times the lowest one. */
const TOO_HIGH = 4;

/**
 * Tries learning rates from very low to very high ones, a step each, until the loss explodes. Afterwards the model, its optimiser, the
 * loader and the default random generator are as they were. L. Smith, "Cyclical learning rates for training neural networks" (2017); the
 * smoothing is fast.ai's.
 *
 * @throws RangeError for learning rates that are not positive and rising, or fewer than three steps; Error if the loader has no batches,
 * or the loss was never finite, or never fell.
 *
 * @example
 * ```ts
 * import { functional as F, Linear } from "@heddle/nn";
 * import { SGD } from "@heddle/optim";
 * import { randn } from "@heddle/tensor";
 * import { findLearningRate } from "@heddle/train";
 * const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 1 });
 * const { suggestion } = await findLearningRate(model, [[randn([8, 3]), randn([8, 1])]], { loss: F.mseLoss, optimizer });
 * for (const group of optimizer.paramGroups) group.lr = suggestion;
 * ```
 */
export async function findLearningRate<M extends Module, B>(
  model: M,
  loader: Batches<B>,
  options: FindLearningRateOptions<M, B>,
): Promise<LearningRates> {
  checkOptions("findLearningRate", options, ["loss", "step", "optimizer", "from", "to", "steps", "device"]);
  const { optimizer, from = 1e-7, to = 10, steps = 100, device = null } = options;
  if (!(from > 0 && to > from && Number.isFinite(to))) {
    throw new RangeError(
      `findLearningRate: from ${from} to ${to}; learning rates are positive, and the last is the highest`,
    );
  }
  if (!(Number.isInteger(steps) && steps >= 3)) {
    throw new RangeError(`findLearningRate: steps is ${steps}; it must be a whole number of at least 3`);
  }
  const lossOf = lossOfBatch("findLearningRate", options, loader);
  const before = copied(() => {
    return { model: model.stateDict(), optimizer: optimizer.stateDict(), loader: loader.stateDict?.() };
  });
  const random = defaultGenerator.getState();
  const lrs: number[] = [], losses: number[] = [];
  const skipped = Math.floor(WARMUP * steps);
  let smooth = 0;
  try {
    search: while (lrs.length < steps) {
      const tried = lrs.length;
      for await (const batch of loader) {
        using _ = scope();
        const lr = from * (to / from) ** (lrs.length / (steps - 1));
        for (const group of optimizer.paramGroups) group.lr = lr;
        const { loss } = lossOf(model, toDevice(batch, device));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        smooth = SMOOTHING * smooth + (1 - SMOOTHING) * Number((await loss.detach().data())[0]);
        // Without the correction the first losses would be too low.
        const corrected = smooth / (1 - SMOOTHING ** (lrs.length + 1));
        if (!Number.isFinite(corrected) || corrected > TOO_HIGH * Math.min(...losses.slice(skipped))) break search;
        lrs.push(lr);
        losses.push(corrected);
        if (lrs.length === steps) break search;
      }
      if (lrs.length === tried) throw new Error("findLearningRate: the loader has no batches; is its data set empty?");
    }
  } finally {
    model.loadStateDict(before.state.model as Record<string, Tensor>);
    optimizer.zeroGrad();
    optimizer.loadStateDict(before.state.optimizer as ReturnType<Optimizer["stateDict"]>);
    if (before.state.loader !== undefined) loader.loadStateDict?.(before.state.loader as never);
    defaultGenerator.setState(random);
    for (const tensor of before.tensors) tensor.dispose();
  }
  if (lrs.length === 0) {
    throw new Error(
      `findLearningRate: the loss is not finite even at the learning rate ${from}; look for NaN in the data`,
    );
  }
  return { lrs, losses, suggestion: suggested(lrs, losses, skipped) };
}

/** A tenth of the learning rate of the lowest loss. @throws Error if the loss never fell */
function suggested(lrs: readonly number[], losses: readonly number[], skipped: number): number {
  const lowest = Math.min(...losses.slice(skipped));
  if (lowest < losses[skipped]!) return Math.max(lrs[0]!, lrs[losses.indexOf(lowest, skipped)]! / 10);
  throw new Error(
    `findLearningRate: the loss never fell between the learning rates ${lrs[0]} and ${lrs.at(-1)!.toPrecision(3)} ` +
      `(${losses[0]!.toPrecision(4)} at first, ${
        losses.at(-1)!.toPrecision(4)
      } at the end); give a lower \`from\`, a higher \`to\`, more steps or ` +
      "larger batches, and check that the loss depends on the parameters of the optimiser",
  );
}

/** A state with copies of its tensors, and these. */
function copied<S extends object>(stateOf: () => S): { state: S; tensors: Tensor[] } {
  const tensors: Tensor[] = [];
  const copy = (value: unknown): unknown => {
    if (value instanceof Tensor) {
      const tensor = keep(value.detach().clone());
      tensors.push(tensor);
      return tensor;
    }
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copy(each)]));
  };
  using _ = scope();
  return { state: copy(stateOf()) as S, tensors };
}

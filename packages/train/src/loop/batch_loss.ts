/** The loss of a batch, from a loss function or a step of the caller's own. */
import type { Module } from "@heddle/nn";
import { stack, Tensor } from "@heddle/tensor";
import { checkSynchronous } from "@heddle/tensor/engine";
import type { Metric } from "../metrics/metric.ts";
import { type Batches, checkPair, describe } from "./batches.ts";

/** What a step found out about a batch. */
export interface StepResult {
  /** The loss, one number. */
  readonly loss: Tensor;
  /** What metrics compare: the model's output, and what it should be. Only needed for metrics. */
  readonly output?: Tensor;
  readonly target?: Tensor;
  /**
   * What the loss counts in the mean of an epoch, and in the gradient where gradients are accumulated, such as the number of words of which
   * it is the mean. Default: 1 in training; in validation the first size of the batch's first tensor.
   */
  readonly weight?: number;
  /** Other figures of the batch, one number each: the terms of the loss, for example. Their means are reported under these names. */
  readonly figures?: Readonly<Record<string, Tensor>>;
}

/** The loss of a batch and its other figures, as numbers. */
export interface StepValues {
  readonly loss: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** How the loss of a batch is computed. Exactly one of `loss` and `step` is given. */
export interface LossOptions<M extends Module, B> {
  /** The loss of a batch `[input, target]`, from what the model makes of the input: `functional.crossEntropy`, for example. */
  readonly loss?: (output: Tensor, target: Tensor) => Tensor;
  /** The loss of any other batch. With metrics it also returns their `output` and `target`. */
  readonly step?: (model: M, batch: B) => Tensor | StepResult;
}

/** Metrics by the names that their figures get. */
export type Metrics = Readonly<Record<string, Metric>>;

/** A model that maps one tensor to one. */
type Mapping = { forward(input: Tensor): Tensor };

/**
 * The function that computes the loss of a batch.
 *
 * @throws TypeError unless exactly one of `loss` and `step` is a function, or if the loader is none
 */
export function lossOfBatch<M extends Module, B>(
  operation: string,
  { loss, step }: LossOptions<M, B>,
  loader: Batches<B>,
): (model: M, batch: B) => StepResult {
  checkIterable(operation, loader);
  if ((loss === undefined) === (step === undefined)) {
    throw new TypeError(
      `${operation}: give either \`loss: (output, target) => …\`, such as functional.crossEntropy, or ` +
        `\`step: (model, batch) => …\`, ${loss === undefined ? "one of them" : "not both"}`,
    );
  }
  for (const [name, value] of Object.entries({ loss, step })) {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`${operation}: ${name} is ${describe(value)}; it must be a function`);
    }
  }
  return (model, batch) => {
    if (loss !== undefined) {
      const [input, target] = checkPair(operation, batch);
      const output = (model as unknown as Mapping).forward(input);
      return { loss: checkLoss(operation, loss(output, target)), output, target };
    }
    const result = step!(model, batch);
    checkSynchronous(`${operation}: step`, result, "compute the loss without awaiting");
    if (result instanceof Tensor) return { loss: checkLoss(operation, result) };
    if (typeof result !== "object" || result === null) checkLoss(operation, result);
    checkWeight(operation, result.weight);
    return { ...result, loss: checkLoss(operation, result.loss) };
  };
}

/** Reads the loss and the figures of a batch, all at once, so that a GPU is waited for once. */
export async function readValues(operation: string, { loss, figures = {} }: StepResult): Promise<StepValues> {
  const names = Object.keys(figures);
  for (const name of names) checkLoss(operation, figures[name], `the figure ${JSON.stringify(name)}`);
  const read = [loss, ...Object.values(figures)].map((value) => value.detach().reshape([]));
  const [value, ...others] = await (names.length === 0 ? read[0]! : stack(read)).data();
  return { loss: Number(value), figures: Object.fromEntries(names.map((name, i) => [name, Number(others[i])])) };
}

/** Adds a batch to metrics. @throws TypeError if the step returned only a loss */
export function updateMetrics(operation: string, metrics: Metrics, { output, target }: StepResult): void {
  const names = Object.keys(metrics);
  if (names.length === 0) return;
  if (output === undefined || target === undefined) {
    throw new TypeError(
      `${operation}: the metrics (${
        names.join(", ")
      }) need the output and the target; return { loss, output, target } from \`step\``,
    );
  }
  for (const metric of Object.values(metrics)) metric.update(output.detach(), target);
}

function checkLoss(operation: string, loss: unknown, what = "the loss"): Tensor {
  if (!(loss instanceof Tensor)) {
    throw new TypeError(`${operation}: ${what} is ${describe(loss)}; it must be a tensor of one element`);
  }
  if (loss.numel !== 1) {
    throw new TypeError(
      `${operation}: ${what} has the shape [${loss.shape.join(", ")}]; it must be one number, as loss.mean() is`,
    );
  }
  return loss;
}

function checkWeight(operation: string, weight: unknown): void {
  if (weight === undefined || (typeof weight === "number" && weight > 0 && weight < Infinity)) return;
  const given = typeof weight === "number" ? String(weight) : describe(weight);
  throw new RangeError(`${operation}: the weight of a batch is ${given}; it must be a number above 0`);
}

function checkIterable(operation: string, loader: unknown): void {
  const given = (loader ?? {}) as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  if (given[Symbol.iterator] !== undefined || given[Symbol.asyncIterator] !== undefined) return;
  throw new TypeError(
    `${operation}: the loader is ${
      describe(loader)
    }, which does not iterate; new DataLoader(dataset, { batchSize }) does`,
  );
}

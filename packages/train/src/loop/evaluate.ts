import { noGrad } from "@heddle/autograd";
import type { Module } from "@heddle/nn";
import { type Device, scope } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { MetricValue } from "../metrics/metric.ts";
import { lossOfBatch, type LossOptions, type Metrics, readValues, updateMetrics } from "./batch_loss.ts";
import { type Batches, samplesIn, toDevice } from "./batches.ts";
import { addValues, meansOf, noSums } from "./weighted_means.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions<M extends Module, B> extends LossOptions<M, B> {
  /** Metrics by the names of their figures. */
  readonly metrics?: Metrics;
  /** Where batches are copied to. Default: they stay where they are. */
  readonly device?: Device | string;
}

/** What {@link evaluate} finds: the mean loss over the samples, the means of the figures of `step`, and the metrics by their names. */
export type Evaluation = { readonly loss: number; readonly [figure: string]: MetricValue };

/**
 * The loss and metrics of a model over all batches of a loader. The model is in evaluation mode meanwhile, and afterwards each of its
 * modules is in the mode in which it was.
 *
 * @throws Error if there is no batch; TypeError for batches that do not fit `loss`.
 *
 * @example
 * ```ts
 * import { functional as F, Linear } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * import { evaluate } from "@heddle/train";
 * const model = new Linear(1, 1);
 * const { loss } = await evaluate(model, [[tensor([[1], [2]]), tensor([[2], [4]])]], { loss: F.mseLoss });
 * ```
 */
export async function evaluate<M extends Module, B>(
  model: M,
  loader: Batches<B>,
  options: EvaluateOptions<M, B>,
): Promise<Evaluation> {
  checkOptions("evaluate", options, ["loss", "step", "metrics", "device"]);
  const { metrics = {}, device = null } = options;
  const lossOf = lossOfBatch("evaluate", options, loader);
  if ("loss" in metrics) {
    throw new RangeError('evaluate: a metric is named "loss", as the figure of the loss is; choose another name');
  }
  const resetAll = (): void => Object.values(metrics).forEach((metric) => metric.reset());
  resetAll();
  try {
    return await inEvaluation(model, async () => {
      const total = noSums();
      for await (const batch of loader) {
        using _ = scope();
        const result = noGrad(() => {
          const moved = toDevice(batch, device);
          const found = lossOf(model, moved);
          updateMetrics("evaluate", metrics, found);
          return found;
        });
        const { loss, figures } = await readValues("evaluate", result);
        checkNames("evaluate", "step", figures, new Set(["loss", ...Object.keys(metrics)]));
        addValues("evaluate", total, { loss, ...figures }, result.weight ?? samplesIn(batch));
      }
      if (total.weight === 0) throw new Error("evaluate: the loader has no batches; is its data set empty?");
      const { loss, ...figures } = meansOf(total);
      return { loss: loss!, ...figures, ...await figuresOf(metrics) };
    });
  } finally {
    resetAll();
  }
}

/** Calls a function while a model is in evaluation mode; afterwards each of its modules is in the mode in which it was. */
export async function inEvaluation<T>(model: Module, fn: () => Promise<T>): Promise<T> {
  const modules = model.modules();
  const modes = modules.map(({ training }) => training);
  model.eval();
  try {
    return await fn();
  } finally {
    modules.forEach((module, i) => module.training = modes[i]!);
  }
}

/** @throws RangeError if a figure has the name of another one */
export function checkNames(
  operation: string,
  source: string,
  figures: Readonly<Record<string, unknown>>,
  taken: ReadonlySet<string>,
): void {
  const bad = Object.keys(figures).find((name) => name === "" || taken.has(name));
  if (bad === undefined) return;
  throw new RangeError(
    `${operation}: \`${source}\` returns a figure named ${JSON.stringify(bad)}${
      bad === "" ? "" : ", which another figure is named already"
    }; choose another name`,
  );
}

/** The figures of metrics by their names. */
export async function figuresOf(metrics: Metrics): Promise<Record<string, MetricValue>> {
  const figures: Record<string, MetricValue> = {};
  for (const [name, metric] of Object.entries(metrics)) figures[name] = await metric.compute();
  return figures;
}

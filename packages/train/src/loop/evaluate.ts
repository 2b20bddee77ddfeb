import { noGrad } from "@heddle/autograd";
import type { Module } from "@heddle/nn";
import { type Device, scope } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { MetricValue } from "../metrics/metric.ts";
import { lossOfBatch, type LossOptions, type Metrics, updateMetrics } from "./batch_loss.ts";
import { type Batches, samplesIn, toDevice } from "./batches.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions<M extends Module, B> extends LossOptions<M, B> {
  /** Metrics by the names of their figures. */
  readonly metrics?: Metrics;
  /** Where batches are copied to. Default: they stay where they are. */
  readonly device?: Device | string;
}

/** What {@link evaluate} finds: the mean loss over the samples, and the metrics by their names. */
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
  const modules = model.modules();
  const modes = modules.map(({ training }) => training);
  resetAll();
  model.eval();
  let sum = 0, samples = 0;
  try {
    for await (const batch of loader) {
      using _ = scope();
      const loss = noGrad(() => {
        const moved = toDevice(batch, device);
        const result = lossOf(model, moved);
        updateMetrics("evaluate", metrics, result);
        return result.loss;
      });
      const count = samplesIn(batch);
      sum += count * Number((await loss.data())[0]);
      samples += count;
    }
    if (samples === 0) throw new Error("evaluate: the loader has no batches; is its data set empty?");
    return { loss: sum / samples, ...await figuresOf(metrics) };
  } finally {
    resetAll();
    modules.forEach((module, i) => module.training = modes[i]!);
  }
}

/** The figures of metrics by their names. */
export async function figuresOf(metrics: Metrics): Promise<Record<string, MetricValue>> {
  const figures: Record<string, MetricValue> = {};
  for (const [name, metric] of Object.entries(metrics)) figures[name] = await metric.compute();
  return figures;
}

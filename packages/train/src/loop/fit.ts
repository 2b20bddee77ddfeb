import type { Module } from "@heddle/nn";
import type { Batches } from "./batches.ts";
import type { FitOptions } from "./fit_options.ts";
import { FitRun } from "./fit_run.ts";
import type { History } from "./history.ts";

/**
 * Trains a model: a step for each batch, for a number of epochs. With the same seed it gives the losses of the loop that one would write,
 * to the bit.
 *
 * ```ts ignore
 * for (const [input, target] of loader) {
 *   using _ = scope();
 *   const value = loss(model.forward(input), target);
 *   optimizer.zeroGrad();
 *   value.backward();
 *   optimizer.step();
 * }
 * ```
 *
 * Ctrl-C and SIGTERM end it in order, with a checkpoint if there is a folder for them, and the history so far; a second one ends the
 * process at once. The same call then goes on from the checkpoint.
 *
 * @param model the model, in training mode
 * @param loader its batches: `[input, target]` for `loss`, anything for `step`
 * @returns a row for each epoch; the model has the weights of the last one, of the best one with `earlyStopping`, or their `average`
 * @throws TypeError, RangeError for options and batches that make no sense; Error if the loss is NaN or infinite (the weights are then
 * those before that step), or there is no batch; FolderError before the first step if the checkpoints' folder cannot be used
 *
 * @example
 * ```ts
 * import { DataLoader, TensorDataset } from "@heddle/data";
 * import { functional as F, Linear } from "@heddle/nn";
 * import { SGD } from "@heddle/optim";
 * import { randn } from "@heddle/tensor";
 * import { fit } from "@heddle/train";
 * const x = randn([64, 3]), y = x.sum(1, { keepdim: true });
 * const model = new Linear(3, 1);
 * const history = await fit(model, new DataLoader(new TensorDataset(x, y), { batchSize: 16, shuffle: true }), {
 *   loss: F.mseLoss,
 *   optimizer: new SGD(model.parameters(), { lr: 0.1 }),
 *   epochs: 3,
 * });
 * history.values("loss").length; // 3
 * ```
 */
export async function fit<M extends Module, B>(
  model: M,
  loader: Batches<B>,
  options: FitOptions<M, B>,
): Promise<History> {
  using run = new FitRun(model, loader, options);
  return await run.run();
}

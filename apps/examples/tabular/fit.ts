/** Training until the validation part gets no better. */
import { noGrad } from "@heddle/autograd";
import { DataLoader, type TensorDataset } from "@heddle/data";
import { functional as F, type Sequential } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { Generator, scope, type Tensor } from "@heddle/tensor";
import { fit, type History } from "@heddle/train";
import { whole } from "../runner/recorded.ts";

/** Samples and their classes. */
export type Part = TensorDataset<[Tensor, Tensor]>;

/** How a network is trained. */
export interface FitSettings {
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  /** Training ends after this many epochs without a lower validation loss. */
  readonly patience: number;
  readonly seed: number;
}

/** Trains a network with early stopping: it ends with the weights of the epoch of the lowest validation loss. */
export async function train(
  network: Sequential,
  train: Part,
  validation: Part,
  settings: FitSettings,
): Promise<History> {
  const { epochs, batch, lr, patience, seed } = settings;
  const generator = new Generator(seed);
  return whole(
    await fit(network, new DataLoader(train, { batchSize: batch, shuffle: true, generator }), {
      step: (_, [x, y]) => ({ loss: F.crossEntropy(network.forward(x), y), weight: x.shape[0]! }),
      optimizer: new Adam(network.parameters(), { lr }),
      ...{ epochs, validation: [validation.tensors], earlyStopping: { patience } },
    }),
  );
}

/** The class probabilities of samples, `[samples, classes]`. */
export function probabilitiesOf(network: Sequential, x: Tensor): number[][] {
  using _ = scope();
  return noGrad(() => network.forward(x).softmax(1).toArray() as number[][]);
}

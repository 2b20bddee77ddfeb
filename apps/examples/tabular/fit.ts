/** Training until the validation part gets no better. */
import { noGrad } from "@heddle/autograd";
import { DataLoader, type TensorDataset } from "@heddle/data";
import { functional as F, type Sequential } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { Generator, scope, type Tensor } from "@heddle/tensor";

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

/** What training led to. */
export interface Fit {
  /** The epoch whose weights the network has. */
  readonly epoch: number;
  /** The losses after each epoch. */
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Trains a network with early stopping: it ends with the weights of the epoch of the lowest validation loss. */
export function fit(network: Sequential, train: Part, validation: Part, settings: FitSettings): Fit {
  const loader = new DataLoader(train, {
    batchSize: settings.batch,
    shuffle: true,
    generator: new Generator(settings.seed),
  });
  const optimizer = new Adam(network.parameters(), { lr: settings.lr });
  const losses = { train: [] as number[], validation: [] as number[] };
  let best = Infinity, epoch = 0, weights: Record<string, Tensor> = {};
  for (let now = 1; now <= settings.epochs && now - epoch <= settings.patience; now++) {
    let total = 0;
    for (const [x, y] of loader) {
      using _ = scope();
      const loss = F.crossEntropy(network.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      total += loss.item() * x.shape[0]!;
    }
    losses.train.push(total / train.length);
    const loss = lossOf(network, validation);
    losses.validation.push(loss);
    if (loss < best) {
      [best, epoch] = [loss, now];
      for (const each of Object.values(weights)) each.dispose();
      weights = Object.fromEntries(Object.entries(network.stateDict()).map(([name, each]) => [name, each.clone()]));
    }
  }
  network.loadStateDict(weights);
  for (const each of Object.values(weights)) each.dispose();
  return { epoch, ...losses };
}

/** The mean cross-entropy of a part. */
export function lossOf(network: Sequential, { tensors: [x, y] }: Part): number {
  using _ = scope();
  return noGrad(() => F.crossEntropy(network.forward(x), y).item());
}

/** The class probabilities of samples, `[samples, classes]`. */
export function probabilitiesOf(network: Sequential, x: Tensor): number[][] {
  using _ = scope();
  return noGrad(() => network.forward(x).softmax(1).toArray() as number[][]);
}

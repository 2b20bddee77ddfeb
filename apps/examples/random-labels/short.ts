// A perceptron that memorises random labels, without the runner: data, network, training, one line printed.
import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { mlp } from "../cifar/networks/mlp.ts";
import { ErrorPercent } from "../classification/error_percent.ts";
import { dataset, loadColourImages } from "../colour_images/colour_images.ts";
import { randomLabels } from "./corruptions.ts";

// Generated colour digits; "data/cifar10" in place of null loads CIFAR-10.
const sets = await loadColourImages(null, 500);
const test = new DataLoader(dataset(sets.test), { batchSize: 100 });

/** Trains on labels of which a share is random; returns the final errors in percent. */
async function errors(share: number): Promise<{ train: string; test: string }> {
  manualSeed(0);
  const train = new DataLoader(dataset(randomLabels(sets.train, share, 0)), { batchSize: 50, shuffle: true });
  const model = mlp(1);
  const history = await fit(model, train, {
    loss: F.crossEntropy,
    optimizer: new Adam(model.parameters(), { lr: 1e-3 }),
    epochs: 15,
    validation: test,
    metrics: { errorPercent: new ErrorPercent() },
  });
  const percent = (name: string): string => `${Number(history.last![name]).toFixed(1)}%`;
  return { train: percent("errorPercent"), test: percent("validationErrorPercent") };
}

const random = await errors(1), right = await errors(0);
console.log(
  `random labels: training error ${random.train}, test error ${random.test}; right labels: ${right.train}, ${right.test}`,
);

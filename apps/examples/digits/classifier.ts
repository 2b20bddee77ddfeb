/** A digit classifier for examples that need one. */
import { DataLoader } from "@heddle/data";
import { functional as F, type Layer } from "@heddle/nn";
import { LambdaLR, type Optimizer, SGD } from "@heddle/optim";
import { scope, type Tensor } from "@heddle/tensor";
import type { Digits } from "./digits.ts";

/** The settings of its training. */
export interface ClassifierSettings {
  steps: number;
  batch: number;
  /** The initial learning rate; it falls linearly to 0. */
  lr: number;
  /** The trained parameters (default: all). */
  parameters?: readonly Tensor[];
  /** Makes the optimiser (default: SGD). */
  optimizer?: (parameters: readonly Tensor[], lr: number) => Optimizer;
}

/**
 * Trains a network whose outputs are logits [n, classes] with cross-entropy, for as many epochs as the steps
 * take; calls `advance` with the loss of each step.
 */
export async function trainClassifier(
  network: Layer,
  digits: Digits,
  settings: ClassifierSettings,
  advance: (loss: number) => void = () => {},
): Promise<void> {
  const { steps, batch, lr } = settings;
  const loader = new DataLoader(digits, { batchSize: batch, shuffle: true });
  const { optimizer: make = (parameters, lr) => new SGD(parameters, { lr }) } = settings;
  const optimizer = make(settings.parameters ?? network.parameters(), lr);
  const schedule = new LambdaLR(optimizer, { lrLambda: (step) => 1 - step / steps });
  for (let step = 0; step < steps;) {
    for (const [images, labels] of loader) {
      if (++step > steps) break;
      using _ = scope();
      const loss = F.crossEntropy(network.forward(images), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      advance((await loss.detach().data("float32"))[0]!);
    }
  }
  optimizer.zeroGrad();
}

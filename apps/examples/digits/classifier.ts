/** A digit classifier for examples that need one. */
import { DataLoader } from "@heddle/data";
import { functional as F, type Layer } from "@heddle/nn";
import { LambdaLR, type Optimizer, SGD } from "@heddle/optim";
import type { Tensor } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { whole } from "../runner/recorded.ts";
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
  whole(
    await fit(network, loader, {
      loss: F.crossEntropy,
      schedule: new LambdaLR(optimizer, { lrLambda: (step) => 1 - step / steps }),
      ...{ optimizer, scheduleBy: "step", epochs: Math.ceil(steps / loader.length), maxSteps: steps },
      callbacks: [{ onStep: ({ loss }) => advance(loss) }],
    }),
  );
}

import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam, LambdaLR } from "@heddle/optim";
import { manualSeed, type Tensor, tidy } from "@heddle/tensor";
import { fit, type Progress } from "@heddle/train";
import type { Digits } from "../digits/digits.ts";
import { errorPercent } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import { parameterCount } from "../parameter_count.ts";
import type { Run } from "../runner/example.ts";
import { whole } from "../runner/recorded.ts";
import { type ModelName, RotationNetwork } from "./network.ts";
import { rotatedByQuarters } from "./rotated.ts";

/** Training and test digits; `watched` is tested after each epoch, the others at the end. */
export interface Sets {
  train: Digits;
  watched: Digits;
  upright: Digits;
  anyAngle: Digits;
  quarterTurns: Digits;
}

/** The settings of a training. */
export interface TrainSettings {
  model: ModelName;
  seed: number;
  epochs: number;
  batch: number;
  lr: number;
}

/** The result of a training. */
export interface Outcome {
  model: ModelName;
  parameters: number;
  /** The paper's test error in percent. */
  paper: number | null;
  seed: number;
  /** Test error in percent on the watched digits, after each epoch. */
  curve: number[];
  upright: number;
  anyAngle: number;
  quarterTurns: number;
  /** See {@link turnDifference}. */
  turnDifference: number;
  /** Of the training steps, without testing. */
  seconds: number;
}

/** Digits whose outputs are compared with those of the rotated digits. */
const COMPARED = 100;

/** Trains a network with Adam and a learning rate that falls linearly to 0, and tests it. */
export async function train(
  settings: TrainSettings,
  sets: Sets,
  run: Run,
  progress: Progress,
): Promise<{ network: RotationNetwork; outcome: Outcome }> {
  const { model, seed, epochs, batch, lr } = settings;
  manualSeed(seed);
  const network = new RotationNetwork(model);
  network.to(run.device);
  const loader = new DataLoader(sets.train, { batchSize: batch, shuffle: true });
  const steps = epochs * loader.length;
  const optimizer = new Adam(network.parameters(), { lr });
  const history = whole(
    await fit(network, loader, {
      loss: F.crossEntropy,
      schedule: new LambdaLR(optimizer, { lrLambda: (step) => 1 - step / steps }),
      ...{ optimizer, scheduleBy: "step", epochs },
      evaluate: async () => ({ testErrorPercent: await errorOf(network, sets.watched) }),
      callbacks: [
        ...run.out.within(`${model}/seed-${seed}`).log("metrics.jsonl", "the metrics by epoch"),
        {
          onStep: ({ epoch, loss }) =>
            progress.advance(`${network.title}, seed ${seed}, epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}`),
        },
      ],
    }),
  );

  const outcome = {
    ...{ model, parameters: parameterCount(network), paper: network.paper },
    ...{ seed, curve: history.values("testErrorPercent") },
    upright: await errorOf(network, sets.upright),
    anyAngle: await errorOf(network, sets.anyAngle),
    quarterTurns: await errorOf(network, sets.quarterTurns),
    turnDifference: await turnDifference(network, sets.upright),
    seconds: history.values("seconds").reduce((sum, each) => sum + each, 0),
  };
  return { network, outcome };
}

async function errorOf(network: RotationNetwork, digits: Digits): Promise<number> {
  return errorPercent(await predict(network, digits));
}

/**
 * The largest difference between the outputs for some digits and those for the digits rotated by 90°, 180° and 270°,
 * divided by the largest output. For an equivariant network, whose last layer is pooled, it is rounding error.
 */
export async function turnDifference(network: RotationNetwork, digits: Digits): Promise<number> {
  const indices = Array.from({ length: Math.min(COMPARED, digits.length) }, (_, i) => i);
  const [images] = digits.getBatch!(indices);
  network.eval();
  const difference: Tensor = noGrad(() =>
    tidy(() => {
      const outputs = [0, 1, 2, 3].map((quarters) => network.forward(rotatedByQuarters(images, quarters)));
      const largest = outputs.map((output) => output.sub(outputs[0]!).abs().amax()).reduce((a, b) => a.maximum(b));
      return largest.div(outputs[0]!.abs().amax());
    })
  );
  network.train();
  const [value] = await difference.data("float32");
  for (const tensor of [images, difference]) tensor.dispose();
  return value!;
}

import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { LambdaLR, SGD } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { type Ending, type EpochRecord, fit } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";
import { predict } from "../classification/predict.ts";
import type { Predictions } from "../classification/predictions.ts";
import type { DigitSets } from "../digits/digits.ts";
import type { Run } from "../runner/example.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { recorded } from "../runner/recorded.ts";
import type { History } from "./history.ts";
import { errorChart } from "./report.ts";
import { type DigitNetwork, RECIPES } from "./networks/mod.ts";

/** The settings of a training; a run resumes only from a checkpoint with the same settings, except for the last two. */
export interface TrainSettings {
  model: keyof typeof RECIPES;
  seed: number;
  data: string;
  augment: boolean;
  epochs: number;
  batch: number;
  lr: number;
  resume: boolean;
  checkpointEvery: number | null;
}

/** The result of a training. */
export interface Trained {
  network: DigitNetwork;
  history: History;
  /** The predictions for the test digits at the end. */
  tested: Predictions;
  steps: number;
  /** Whether it came to its end, or was interrupted. */
  ending: Ending;
}

/**
 * Trains a network with SGD, from its initial weights or from the checkpoint in `out`, and writes metrics and
 * checkpoints there.
 */
export async function train(settings: TrainSettings, sets: DigitSets, run: Run, out: OutFolder): Promise<Trained> {
  const { resume, checkpointEvery, ...about } = settings;
  const { model, epochs } = settings;
  manualSeed(settings.seed);
  const network = RECIPES[model].make();
  network.to(run.device);
  const loader = new DataLoader(sets.train, { batchSize: settings.batch, shuffle: true });
  const steps = epochs * loader.length;
  const optimizer = new SGD(network.parameters(), { lr: settings.lr });

  const history = await fit(network, loader, {
    loss: F.crossEntropy,
    optimizer,
    schedule: new LambdaLR(optimizer, { lrLambda: (step) => RECIPES[model].schedule(step / steps) }),
    scheduleBy: "step",
    epochs,
    validation: new DataLoader(sets.test, { batchSize: 100 }),
    metrics: { errorPercent: new ErrorPercent() },
    ...recorded(run, {
      ...{ out, resume, checkpointEvery, about: { example: "lenet", samples: sets.train.length, ...about } },
      draw: ({ rows }) => drawError(out, RECIPES[model].title, rows),
      row: ({ epoch, loss, errorPercent, validationErrorPercent, seconds }) => ({
        epoch,
        "train loss": loss.toFixed(4),
        "train error": `${(errorPercent as number).toFixed(2)}%`,
        "test error": `${(validationErrorPercent as number).toFixed(2)}%`,
        seconds: seconds.toFixed(1),
      }),
    }),
  });

  return {
    network,
    history: {
      losses: [...history.losses],
      trainLoss: history.values("loss"),
      trainErrorPercent: history.values("errorPercent"),
      testErrorPercent: history.values("validationErrorPercent"),
      secondsPerEpoch: history.values("seconds"),
    },
    tested: await predict(network, sets.test),
    steps,
    ending: history.ending,
  };
}

function drawError(out: OutFolder, title: string, history: readonly EpochRecord[]): void {
  const values = (name: string): number[] => history.map((record) => record[name] as number);
  const errors = { trainErrorPercent: values("errorPercent"), testErrorPercent: values("validationErrorPercent") };
  out.picture("error.svg", errorChart(title, errors));
}

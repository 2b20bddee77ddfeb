import { DataLoader } from "@heddle/data";
import { functional as F, type Layer } from "@heddle/nn";
import { SGD, weightDecayGroups } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { evaluate, fit, type History, type MetricValue } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";
import { type ColourSets, dataset, part } from "../colour_images/colour_images.ts";
import { errorPercent, type Predictions } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import type { Run } from "../runner/example.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { recorded, whole } from "../runner/recorded.ts";
import { type AugmentationName, augmentName, mixOf, transformsOf } from "./augment.ts";
import { type ImageNetwork, type ModelName, RECIPES } from "./networks/mod.ts";
import { drawCurves } from "./report.ts";
import { makeSchedule, type ScheduleName } from "./schedule.ts";

const MOMENTUM = 0.9;
/** Steps between two lines of the log. */
const LOG_EVERY = 10;
/** A long run is tested only after every few epochs, about this many times, since testing takes time. */
const TESTS = 12;
/** The share of the training images held out for early stopping. */
const HELD_OUT = 0.1;

/** The settings of a training; a run resumes only from a checkpoint with the same settings, except for the last two. */
export interface TrainSettings {
  model: ModelName;
  augment: readonly AugmentationName[];
  dropout: number;
  weightDecay: number;
  labelSmoothing: number;
  schedule: ScheduleName;
  /** The number of parts in which each batch is processed. */
  accumulate: number;
  /** The decay of the moving average of the weights that is tested; null to test the weights themselves. */
  ema: number | null;
  /** Epochs without improvement after which training stops; null for never. */
  earlyStopping: number | null;
  seed: number;
  data: string;
  epochs: number;
  batch: number;
  lr: number;
  resume: boolean;
  checkpointEvery: number | null;
}

/** The result of a training. */
export interface Trained {
  network: Layer;
  history: History;
  /** The predictions for the test images, by the weights at the end. */
  tested: Predictions;
  /** The epoch of these weights. */
  epoch: number;
}

/**
 * Trains a network with SGD, from its initial weights or from the checkpoint in `out`, and writes metrics and
 * checkpoints there.
 */
export async function train(settings: TrainSettings, sets: ColourSets, run: Run, out: OutFolder): Promise<Trained> {
  const { resume, checkpointEvery, ...about } = settings;
  const { epochs, lr, labelSmoothing, accumulate } = settings;
  manualSeed(settings.seed);
  const classes = sets.train.classes.length;
  const network: ImageNetwork = RECIPES[settings.model].make({ classes, dropout: settings.dropout });
  network.to(run.device);
  const patience = settings.earlyStopping;

  const learned = sets.train.labels.length - (patience === null ? 0 : Math.ceil(HELD_OUT * sets.train.labels.length));
  const train = dataset(part(sets.train, 0, learned), transformsOf(settings.augment));
  const heldOut = patience === null
    ? null
    : new DataLoader(dataset(part(sets.train, learned, Infinity)), { batchSize: 100 });
  const test = dataset(sets.test);
  const mix = mixOf(settings.augment, classes);
  const loader = new DataLoader(train, { batchSize: settings.batch / accumulate, shuffle: true });
  const steps = epochs * Math.ceil(loader.length / accumulate);
  const optimizer = new SGD(weightDecayGroups(network.parameters(), settings.weightDecay), { lr, momentum: MOMENTUM });

  const history = whole(
    await fit(network, loader, {
      step(_, [images, labels]) {
        const [seen, targets] = mix?.apply(images, labels) ?? [images, labels];
        const output = network.forward(seen);
        const loss = F.crossEntropy(output, targets, { labelSmoothing });
        return { loss, output, target: labels, ...(accumulate === 1 ? {} : { weight: labels.shape[0]! }) };
      },
      ...{ optimizer, epochs, accumulate, metrics: { errorPercent: new ErrorPercent() } },
      ...{ schedule: makeSchedule(settings.schedule, optimizer, { lr, steps, epochs }), scheduleBy: "step" },
      ...(settings.ema === null ? {} : { average: settings.ema }),
      ...(patience === null ? {} : { earlyStopping: { patience }, monitor: "heldOutLoss" }),
      async evaluate(judged, epoch) {
        const due = epoch % Math.ceil(epochs / TESTS) === 0 || epoch === epochs;
        return {
          ...(heldOut === null
            ? {}
            : { heldOutLoss: (await evaluate(judged, heldOut, { loss: F.crossEntropy })).loss }),
          ...(due ? { testErrorPercent: errorPercent(await predict(judged, test)) } : {}),
        };
      },
      ...recorded(run, {
        about: { example: "cifar", samples: train.length, ...about, augment: augmentName(settings.augment) },
        ...{ out, resume, checkpointEvery, logEvery: LOG_EVERY },
        draw: (history) => drawCurves(out, RECIPES[settings.model].title, history),
        row: ({ epoch, loss, errorPercent, testErrorPercent, seconds }) => ({
          epoch,
          "train loss": loss.toFixed(4),
          "train error": percent(errorPercent),
          "test error": percent(testErrorPercent),
          seconds: seconds.toFixed(1),
        }),
      }),
    }),
  );

  const epoch = history.bestEpoch ?? epochs;
  if (patience !== null) {
    run.print(`The weights of epoch ${epoch}, the best on ${sets.train.labels.length - learned} held-out images.`);
  }
  return { network, history, tested: await predict(network, test), epoch };
}

function percent(figure: MetricValue | undefined): string {
  return typeof figure === "number" ? `${figure.toFixed(2)}%` : "";
}

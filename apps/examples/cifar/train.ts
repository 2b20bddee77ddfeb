import { noGrad } from "@heddle/autograd";
import { DataLoader, type LabelledImages } from "@heddle/data";
import { AveragedModel, functional as F, getEmaMultiAvgFn, type Layer } from "@heddle/nn";
import { EarlyStopping, SGD, weightDecayGroups } from "@heddle/optim";
import { manualSeed, scope, stack, type Tensor, tidy } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import { type ColourSets, dataset, part } from "../colour_images/colour_images.ts";
import { errorPercent, type Predictions } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { mean } from "../runner/statistics.ts";
import { type AugmentationName, augmentName, mixOf, transformsOf } from "./augment.ts";
import { type ImageNetwork, type ModelName, RECIPES } from "./networks/mod.ts";
import { drawCurves } from "./report.ts";
import { makeSchedule, type ScheduleName } from "./schedule.ts";

const MOMENTUM = 0.9;
/** Steps between two records of the metrics. */
const METRICS_EVERY = 10;
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
  metrics: Metrics;
  /** The loss of every step. */
  losses: number[];
  /** The predictions for the test images at the end. */
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
  const averaged = settings.ema === null ? null : averageOf(network, settings.ema);
  const judged: Layer = averaged?.module ?? network;
  const patience = settings.earlyStopping;
  const stopping = patience === null ? null : new EarlyStopping({ patience, model: judged });

  const learned = sets.train.labels.length - (stopping ? Math.ceil(HELD_OUT * sets.train.labels.length) : 0);
  const train = dataset(part(sets.train, 0, learned), transformsOf(settings.augment));
  const heldOut = stopping && dataset(part(sets.train, learned, Infinity));
  const test = dataset(sets.test);
  const mix = mixOf(settings.augment, classes);
  const loader = new DataLoader(train, { batchSize: settings.batch, shuffle: true });
  const steps = epochs * loader.length;
  const optimizer = new SGD(weightDecayGroups(network.parameters(), settings.weightDecay), { lr, momentum: MOMENTUM });
  const schedule = makeSchedule(settings.schedule, optimizer, { lr, steps, epochs });

  const metrics = new Metrics(out);
  /** The loss of every step, and the sums of the current epoch. */
  const tally = { losses: [] as number[], loss: 0, wrong: 0, seconds: 0 };
  const parts = {
    ...{ network, optimizer, schedule, loader, metrics, tally: plainState(tally) },
    ...(averaged ? { averaged } : {}),
    ...(stopping ? { stopping } : {}),
  };
  const augment = augmentName(settings.augment);
  const checkpoint = checkpointIn(out, { example: "cifar", samples: train.length, ...about, augment }, parts);
  if (resume) await resumeFrom(checkpoint, run, () => `step ${tally.losses.length} of ${steps}`);

  const progress = run.progress(steps, tally.losses.length);
  const table = run.table(["epoch", "train loss", "train error", "test error", "seconds"]);
  let tested: Predictions | null = null;
  const over = (): boolean => stopping !== null && stopping.badEpochs >= patience!;
  for (let epoch = loader.epoch + 1; epoch <= epochs && !over(); epoch++) {
    let started = performance.now();
    for (const [images, labels] of loader) {
      const count = labels.shape[0]!;
      const rate = optimizer.paramGroups[0]!.lr;
      {
        using _ = scope();
        const [seen, targets] = mix?.apply(images, labels) ?? [images, labels];
        optimizer.zeroGrad();
        let value = 0;
        for (const { from, size } of portions(count, accumulate)) {
          using _ = scope();
          const logits = network.forward(seen.narrow(0, from, size));
          // Each part is weighted by its number of images, so that the sum is the mean over the batch.
          const loss = F.crossEntropy(logits, targets.narrow(0, from, size), { labelSmoothing }).mul(size / count);
          loss.backward();

          // Both at once: this waits for a GPU only once per part.
          const mistaken = logits.argmax(1).ne(labels.narrow(0, from, size)).sum();
          const read = await stack([loss.detach(), mistaken]).data("float32");
          value += read[0]!;
          tally.wrong += read[1]!;
        }
        optimizer.step();
        schedule.step();
        averaged?.updateParameters(network);
        tally.losses.push(value);
        tally.loss += value;
      }
      const step = tally.losses.length, done = step - (epoch - 1) * loader.length;
      progress.advance(`epoch ${epoch}/${epochs}  loss ${(tally.loss / done).toFixed(3)}`);
      if (step % METRICS_EVERY === 0) {
        metrics.add({ step, epoch, loss: mean(tally.losses.slice(-METRICS_EVERY)), rate });
      }
      if (checkpointEvery !== null && step % checkpointEvery === 0) {
        tally.seconds += (performance.now() - started) / 1000;
        await checkpoint.save();
        started = performance.now();
      }
    }
    const seconds = tally.seconds + (performance.now() - started) / 1000;
    const trainLoss = tally.loss / loader.length;
    const trainErrorPercent = 100 * tally.wrong / train.length;

    progress.say(`epoch ${epoch}/${epochs}  testing`);
    stopping?.step(await lossOf(judged, heldOut!));
    const due = epoch % Math.ceil(epochs / TESTS) === 0 || epoch === epochs;
    tested = due ? await predict(judged, test) : null;
    const testErrorPercent = tested && errorPercent(tested);
    metrics.add({
      ...{ step: tally.losses.length, epoch, trainLoss, trainErrorPercent, seconds },
      ...(testErrorPercent === null ? {} : { testErrorPercent }),
    });
    const percent = (value: number): string => `${value.toFixed(2)}%`;
    const shown = testErrorPercent === null ? "" : percent(testErrorPercent);
    drawCurves(out, RECIPES[settings.model].title, metrics, tally.losses);
    table.row(epoch, trainLoss.toFixed(4), percent(trainErrorPercent), shown, seconds.toFixed(1));
    tally.loss = tally.wrong = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();

  const epoch = stopping ? stopping.bestEpoch + 1 : epochs;
  if (stopping) {
    stopping.restore();
    run.print(`The weights of epoch ${epoch}, the best on ${heldOut!.length} held-out images.`);
  }
  // The best weights are tested once more; a resumed run that was already complete has not tested yet.
  if (stopping || tested === null) tested = await predict(judged, test);
  return { network: judged, metrics, losses: tally.losses, tested, epoch };
}

/** A copy of the network with averaged weights and statistics; early on the average is over few steps. */
function averageOf(network: ImageNetwork, decay: number): AveragedModel<ImageNetwork> {
  return new AveragedModel(network, { multiAvgFn: getEmaMultiAvgFn(decay, { warmup: true }), useBuffers: true });
}

/** Splits `count` into `parts` that differ by at most one; fewer parts if there are not enough. */
export function portions(count: number, parts: number): { from: number; size: number }[] {
  const used = Math.min(count, parts);
  return Array.from({ length: used }, (_, i) => {
    const from = Math.floor(i * count / used);
    return { from, size: Math.floor((i + 1) * count / used) - from };
  });
}

/** The mean cross-entropy over a dataset. */
async function lossOf(network: Layer, images: LabelledImages): Promise<number> {
  let sum = 0;
  network.eval();
  for (const [inputs, labels] of new DataLoader(images, { batchSize: 100 })) {
    const loss: Tensor = noGrad(() =>
      tidy(() => F.crossEntropy(network.forward(inputs), labels, { reduction: "sum" }))
    );
    sum += (await loss.data("float32"))[0]!;
    loss.dispose();
  }
  network.train();
  return sum / images.length;
}

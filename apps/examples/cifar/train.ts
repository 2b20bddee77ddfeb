import { noGrad } from "@heddle/autograd";
import { DataLoader, type LabelledImages } from "@heddle/data";
import { AveragedModel, functional as F, getEmaMultiAvgFn, type Layer } from "@heddle/nn";
import { EarlyStopping, SGD, weightDecayGroups } from "@heddle/optim";
import { manualSeed, scope, stack, type Tensor, tidy } from "@heddle/tensor";
import { type ColourSets, dataset, part } from "../colour_images/colour_images.ts";
import { errorPercent, type Predictions } from "../lenet/mistakes.ts";
import { predict } from "../lenet/predict.ts";
import { Checkpoint, plainState } from "../runner/checkpoint.ts";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { mean } from "../runner/statistics.ts";
import { type AugmentationName, augmentName, mixOf, transformsOf } from "./augment.ts";
import { type ImageNetwork, type ModelName, RECIPES } from "./networks/mod.ts";
import { makeSchedule, type ScheduleName } from "./schedule.ts";

const MOMENTUM = 0.9;
/** Steps between two lines of the metrics. */
const METRICS_EVERY = 10;
/** Testing takes time, so a long run is tested after every so many epochs that it comes to about this often. */
const TESTS = 12;
/** Of the training images, for early stopping: nothing is learned from them. */
const HELD_OUT = 0.1;

/** How a network is trained; a run goes on from a checkpoint only if all but the last two are the same. */
export interface TrainSettings {
  model: ModelName;
  augment: readonly AugmentationName[];
  dropout: number;
  weightDecay: number;
  labelSmoothing: number;
  schedule: ScheduleName;
  /** Each batch goes through the network in as many parts. */
  accumulate: number;
  /** The decay of the moving average of the weights that is tested; null for the weights themselves. */
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

/** What comes of it. */
export interface Trained {
  network: Layer;
  metrics: Metrics;
  /** The loss of every step. */
  losses: number[];
  /** What the network says of the test images at the end. */
  tested: Predictions;
  /** The epoch whose weights these are. */
  epoch: number;
}

/** Trains a network with SGD, from its first weights or from the checkpoint in `out`; metrics and checkpoints go there. */
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
  /** The loss of every step, and the sums of the epoch at hand. */
  const tally = { losses: [] as number[], loss: 0, wrong: 0, seconds: 0 };
  const parts = {
    ...{ network, optimizer, schedule, loader, metrics, tally: plainState(tally) },
    ...(averaged ? { averaged } : {}),
    ...(stopping ? { stopping } : {}),
  };
  const augment = augmentName(settings.augment);
  const checkpoint = new Checkpoint(out, { example: "cifar", samples: train.length, ...about, augment }, parts);
  if (resume) {
    const file = checkpoint.load();
    run.print(
      file ? `Going on from ${file}, step ${tally.losses.length} of ${steps}.` : "No checkpoint: from the start.",
    );
  }

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
          // Each part weighs as much as it has images, so that the sum is the mean over the batch.
          const loss = F.crossEntropy(logits, targets.narrow(0, from, size), { labelSmoothing }).mul(size / count);
          loss.backward();

          // Both at once: a GPU is waited for once a part.
          const mistaken = logits.argmax(1).ne(labels.narrow(0, from, size)).sum();
          const read = await stack([loss.detach(), mistaken]).data() as Float32Array;
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
    table.row(epoch, trainLoss.toFixed(4), percent(trainErrorPercent), shown, seconds.toFixed(1));
    tally.loss = tally.wrong = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();

  const epoch = stopping ? stopping.bestEpoch + 1 : epochs;
  if (stopping) {
    stopping.restore();
    run.print(`The weights of epoch ${epoch}, the best on ${heldOut!.length} images that were held out.`);
  }
  // With its best weights it is tested once more; a run that was over when it was taken up has tested nothing yet.
  if (stopping || tested === null) tested = await predict(judged, test);
  return { network: judged, metrics, losses: tally.losses, tested, epoch };
}

/** A copy of the network whose weights and statistics are a moving average; early on the average is short. */
function averageOf(network: ImageNetwork, decay: number): AveragedModel<ImageNetwork> {
  return new AveragedModel(network, { multiAvgFn: getEmaMultiAvgFn(decay, { warmup: true }), useBuffers: true });
}

/** `count` in `parts` that differ by one at most; fewer where there are not as many. */
export function portions(count: number, parts: number): { from: number; size: number }[] {
  const used = Math.min(count, parts);
  return Array.from({ length: used }, (_, i) => {
    const from = Math.floor(i * count / used);
    return { from, size: Math.floor((i + 1) * count / used) - from };
  });
}

/** The mean cross-entropy over a data set. */
async function lossOf(network: Layer, images: LabelledImages): Promise<number> {
  let sum = 0;
  network.eval();
  for (const [inputs, labels] of new DataLoader(images, { batchSize: 100 })) {
    const loss: Tensor = noGrad(() =>
      tidy(() => F.crossEntropy(network.forward(inputs), labels, { reduction: "sum" }))
    );
    sum += (await loss.data() as Float32Array)[0]!;
    loss.dispose();
  }
  network.train();
  return sum / images.length;
}

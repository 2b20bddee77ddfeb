import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { LambdaLR, SGD } from "@heddle/optim";
import { manualSeed, scope, stack } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import type { DigitSets } from "../digits/digits.ts";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { mean } from "../runner/statistics.ts";
import type { History } from "./history.ts";
import { errorPercent, type Predictions } from "../classification/predictions.ts";
import { type DigitNetwork, RECIPES } from "./networks/mod.ts";
import { predict } from "../classification/predict.ts";

/** Steps between two records of the metrics, which hold the mean loss in between. */
const METRICS_EVERY = 100;

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
  const schedule = new LambdaLR(optimizer, { lrLambda: (step) => RECIPES[model].schedule(step / steps) });
  const metrics = new Metrics(out);
  /** The loss of every step, and the sums of the current epoch. */
  const tally = { losses: [] as number[], loss: 0, wrong: 0, seconds: 0 };
  const parts = { network, optimizer, schedule, loader, metrics, tally: plainState(tally) };
  const checkpoint = checkpointIn(out, { example: "lenet", samples: sets.train.length, ...about }, parts);
  if (resume) await resumeFrom(checkpoint, run, () => `step ${tally.losses.length} of ${steps}`);

  const progress = run.progress(steps, tally.losses.length);
  const table = run.table(["epoch", "train loss", "train error", "test error", "seconds"]);
  let tested: Predictions | null = null;
  for (let epoch = loader.epoch + 1; epoch <= epochs; epoch++) {
    let started = performance.now();
    for (const [images, labels] of loader) {
      {
        using _ = scope();
        const logits = network.forward(images);
        const loss = F.crossEntropy(logits, labels);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        schedule.step();

        // Both at once: this waits for a GPU only once per step.
        const mistaken = logits.argmax(1).ne(labels).sum();
        const [value, mistakes] = await stack([loss.detach(), mistaken]).data("float32");
        tally.losses.push(value!);
        tally.loss += value!;
        tally.wrong += mistakes!;
      }
      const step = tally.losses.length, seen = step - (epoch - 1) * loader.length;
      progress.advance(`epoch ${epoch}/${epochs}  loss ${(tally.loss / seen).toFixed(3)}`);
      if (step % METRICS_EVERY === 0) metrics.add({ step, epoch, loss: mean(tally.losses.slice(-METRICS_EVERY)) });
      if (checkpointEvery !== null && step % checkpointEvery === 0) {
        tally.seconds += (performance.now() - started) / 1000;
        await checkpoint.save();
        started = performance.now();
      }
    }
    const seconds = tally.seconds + (performance.now() - started) / 1000;
    const trainLoss = tally.loss / loader.length;
    const trainErrorPercent = 100 * tally.wrong / sets.train.length;

    progress.say(`epoch ${epoch}/${epochs}  testing`);
    tested = await predict(network, sets.test);
    const testErrorPercent = errorPercent(tested);
    metrics.add({ step: tally.losses.length, epoch, trainLoss, trainErrorPercent, testErrorPercent, seconds });
    table.row(
      epoch,
      trainLoss.toFixed(4),
      `${trainErrorPercent.toFixed(2)}%`,
      `${testErrorPercent.toFixed(2)}%`,
      seconds.toFixed(1),
    );
    tally.loss = tally.wrong = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();

  const history: History = {
    losses: tally.losses,
    trainLoss: metrics.values("trainLoss"),
    trainErrorPercent: metrics.values("trainErrorPercent"),
    testErrorPercent: metrics.values("testErrorPercent"),
    secondsPerEpoch: metrics.values("seconds"),
  };
  // A resumed run that was already complete has not tested yet.
  return { network, history, tested: tested ?? await predict(network, sets.test), steps };
}

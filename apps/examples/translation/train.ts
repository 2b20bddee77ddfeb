/** Trains a translator of either kind. */
import type { Optimizer } from "@heddle/optim";
import { clipGradNorm_, type LRScheduler } from "@heddle/optim";
import { scope, type Tensor } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { pairLoader, type TranslationBatch, type Vocabularies } from "./batches.ts";
import { bleuOf, translateAll, validationLoss } from "./evaluate.ts";
import type { TranslationModel } from "./model.ts";
import type { WordPair } from "./pairs.ts";

/** Gradients are clipped to this norm, as usual for recurrent networks (Pascanu et al. 2013). */
const CLIP = 1;

/** The settings of a training. */
export interface TrainingRecipe {
  /** What a resumed run must have in common with its checkpoint. */
  about: Record<string, string | number | boolean | null>;
  epochs: number;
  batch: number;
  optimizer: Optimizer;
  /** Stepped after every batch; constructed from the total number of batches. */
  schedule: (steps: number) => LRScheduler;
  /** Mean loss of a batch in nats per word. */
  loss(batch: TranslationBatch): Tensor;
  /** Draws the metrics so far, after each epoch. */
  draw(metrics: Metrics): void;
  resume: boolean;
  checkpointEvery: number | null;
  /** Whether to take one step and stop. */
  dryRun: boolean;
}

/** The result of a training. */
export interface TrainingHistory {
  metrics: Metrics;
  /** For the figures of the run; `seconds` is the time of the training steps of all epochs, without testing. */
  figures: { steps: number; seconds: number; validationLoss: number[]; bleu: number[] };
}

/**
 * Trains a model and evaluates it after each epoch: the loss, and the BLEU of greedy translations. A checkpoint is
 * written after each epoch.
 */
export async function trainTranslator<State>(
  model: TranslationModel<State>,
  data: { train: readonly WordPair[]; validation: readonly WordPair[]; vocabularies: Vocabularies },
  recipe: TrainingRecipe,
  run: Run,
): Promise<TrainingHistory> {
  const { optimizer, epochs, dryRun } = recipe;
  const { train, validation, vocabularies } = data;
  const loader = pairLoader(train, vocabularies, { batchSize: recipe.batch, shuffle: true });
  const steps = dryRun ? 1 : epochs * loader.length;
  const schedule = recipe.schedule(steps);
  const metrics = new Metrics(run.out);
  const tally = { steps: 0, loss: 0, words: 0, seconds: 0, allSeconds: 0 };
  const parts = { model, optimizer, schedule, loader, metrics, tally: plainState(tally) };
  const checkpoint = checkpointIn(run.out, recipe.about, parts);
  if (recipe.resume) await resumeFrom(checkpoint, run);

  const progress = run.progress(steps, tally.steps);
  const table = run.table(["epoch", "train loss", "validation loss", "BLEU", "seconds"]);
  for (let epoch = loader.epoch + 1; epoch <= epochs && tally.steps < steps; epoch++) {
    for (const batch of loader) {
      const started = performance.now();
      const loss = await step(model, batch, recipe);
      schedule.step();
      tally.loss += loss * batch.words;
      tally.words += batch.words;
      tally.seconds += (performance.now() - started) / 1000;
      progress.advance(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}`);
      if (++tally.steps % (recipe.checkpointEvery ?? Infinity) === 0) await checkpoint.save();
      if (tally.steps >= steps) break;
    }
    progress.say(`epoch ${epoch}/${epochs}  testing`);
    const trainLoss = tally.loss / tally.words, { seconds } = tally;
    const heldOutLoss = await validationLoss(model, validation, vocabularies);
    const bleu = bleuOf(await translateAll(model, validation.map(([source]) => source), vocabularies), validation);
    metrics.add({ step: tally.steps, epoch, trainLoss, validationLoss: heldOutLoss, bleu, seconds });
    recipe.draw(metrics);
    table.row(epoch, trainLoss.toFixed(3), heldOutLoss.toFixed(3), bleu.toFixed(2), seconds.toFixed(1));
    tally.allSeconds += seconds;
    tally.loss = tally.words = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();
  const figures = {
    steps: tally.steps,
    seconds: tally.allSeconds,
    validationLoss: metrics.values("validationLoss"),
    bleu: metrics.values("bleu"),
  };
  return { metrics, figures };
}

async function step<State>(
  model: TranslationModel<State>,
  batch: TranslationBatch,
  { optimizer, loss: lossOf }: TrainingRecipe,
): Promise<number> {
  using _ = scope();
  const loss = lossOf(batch);
  optimizer.zeroGrad();
  loss.backward();
  clipGradNorm_(model.parameters(), CLIP);
  optimizer.step();
  return Number((await loss.detach().data())[0]);
}

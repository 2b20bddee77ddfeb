/** Training a translator, of whatever kind. */
import type { Optimizer } from "@heddle/optim";
import { clipGradNorm_, type LRScheduler } from "@heddle/optim";
import { scope, type Tensor } from "@heddle/tensor";
import { Checkpoint, plainState } from "../runner/checkpoint.ts";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import { pairLoader, type TranslationBatch, type Vocabularies } from "./batches.ts";
import { bleuOf, translateAll, validationLoss } from "./evaluate.ts";
import type { TranslationModel } from "./model.ts";
import type { WordPair } from "./pairs.ts";

/** Gradients longer than this are shortened to it, as usual for recurrent networks (Pascanu et al. 2013). */
const CLIP = 1;

/** How a translator is trained. */
export interface TrainingRecipe {
  /** What a run must have in common with the one that it goes on from. */
  about: Record<string, string | number | boolean | null>;
  epochs: number;
  batch: number;
  optimizer: Optimizer;
  /** Stepped after every batch; made by the number of all batches. */
  schedule: (steps: number) => LRScheduler;
  /** Mean loss of a batch in nats a word. */
  loss(batch: TranslationBatch): Tensor;
  resume: boolean;
  checkpointEvery: number | null;
  /** Take one step and stop. */
  dryRun: boolean;
}

/** What training came to. */
export interface TrainingHistory {
  metrics: Metrics;
  steps: number;
  /** Seconds of the training steps of all epochs; testing is not counted. */
  seconds: number;
}

/**
 * Trains a model and tests it after each epoch: the loss, and the BLEU of greedy translations. A checkpoint is written after each epoch.
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
  const checkpoint = new Checkpoint(run.out, recipe.about, parts);
  if (recipe.resume) run.print(`Going on from ${checkpoint.load() ?? "the start: there is no checkpoint"}.`);

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
    table.row(epoch, trainLoss.toFixed(3), heldOutLoss.toFixed(3), bleu.toFixed(2), seconds.toFixed(1));
    tally.allSeconds += seconds;
    tally.loss = tally.words = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();
  return { metrics, steps: tally.steps, seconds: tally.allSeconds };
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

/** The training loop of both networks. */
import type { Vocabulary } from "@heddle/data";
import type { Module } from "@heddle/nn";
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { scope, type Tensor } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { type NameBatch, nameLoader } from "./batches.ts";
import type { Name } from "./names.ts";

/** The settings of a training. */
export interface NamesRecipe {
  /** What a resumed run must have in common with its checkpoint. */
  about: Record<string, string | number | boolean | null>;
  epochs: number;
  batch: number;
  lr: number;
  resume: boolean;
  checkpointEvery: number | null;
  dryRun: boolean;
}

/** What is trained, and how it is evaluated. */
export interface NamesTask {
  /** The folder of its checkpoint and metrics within the run's folder. */
  name: string;
  network: Module;
  /** Draws all languages equally often. */
  balanced: boolean;
  /** Mean loss of a batch in nats. */
  loss(batch: NameBatch): Tensor;
  /** Metrics on the test names after an epoch, by name. */
  judge(): Promise<Record<string, number>>;
  /** Draws the metrics so far, after each epoch. */
  draw(metrics: Metrics): void;
  /** Table columns: titles, and the text of their metrics. */
  columns: Record<string, (figures: Record<string, number>) => string>;
}

/** Trains a network, and evaluates it after each epoch. */
export async function trainOnNames(
  task: NamesTask,
  data: { train: readonly Name[]; vocabulary: Vocabulary },
  recipe: NamesRecipe,
  run: Run,
): Promise<{ metrics: Metrics; steps: number }> {
  const { network, balanced } = task;
  const { epochs, batch, lr, dryRun } = recipe;
  const loader = nameLoader(data.train, data.vocabulary, { batch, shuffle: true, balanced });
  const optimizer = new Adam(network.parameters(), { lr });
  const folder = run.out.within(task.name);
  const metrics = new Metrics(folder);
  const tally = { steps: 0, loss: 0, batches: 0, seconds: 0 };
  const parts = { network, optimizer, loader, metrics, tally: plainState(tally) };
  const checkpoint = checkpointIn(folder, { ...recipe.about, part: task.name }, parts);
  if (recipe.resume) await resumeFrom(checkpoint, run);

  const steps = dryRun ? 1 : epochs * loader.length;
  const progress = run.progress(steps, tally.steps);
  const table = run.table(["epoch", "train loss", ...Object.keys(task.columns), "seconds"]);
  for (let epoch = loader.epoch + 1; epoch <= epochs && tally.steps < steps; epoch++) {
    for (const batch of loader) {
      const started = performance.now();
      const loss = await step(task, optimizer, batch);
      tally.loss += loss;
      tally.batches++;
      tally.seconds += (performance.now() - started) / 1000;
      progress.advance(`${task.name}  epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}`);
      if (++tally.steps % (recipe.checkpointEvery ?? Infinity) === 0) await checkpoint.save();
      if (tally.steps >= steps) break;
    }
    progress.say(`${task.name}  epoch ${epoch}/${epochs}  testing`);
    const trainLoss = tally.loss / tally.batches, { seconds } = tally;
    const figures = await task.judge();
    metrics.add({ step: tally.steps, epoch, trainLoss, ...figures, seconds });
    task.draw(metrics);
    table.row(
      epoch,
      trainLoss.toFixed(3),
      ...Object.values(task.columns).map((words) => words(figures)),
      seconds.toFixed(1),
    );
    tally.loss = tally.batches = tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();
  return { metrics, steps: tally.steps };
}

async function step({ network, loss: lossOf }: NamesTask, optimizer: Adam, batch: NameBatch): Promise<number> {
  using _ = scope();
  const loss = lossOf(batch);
  optimizer.zeroGrad();
  loss.backward();
  clipGradNorm_(network.parameters(), 1);
  optimizer.step();
  return Number((await loss.detach().data())[0]);
}

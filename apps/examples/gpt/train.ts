import { DataLoader, LanguageModelWindows } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { AdamW, clipGradNorm_, CosineAnnealingLR, linearWarmup, weightDecayGroups } from "@heddle/optim";
import { manualSeed, type MatmulPrecision, scope } from "@heddle/tensor";
import { plainState } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { Metrics } from "../runner/metrics.ts";
import { OptionError } from "../runner/options.ts";
import { checkpointIn, resumeFrom } from "../runner/resume.ts";
import { mean } from "../runner/statistics.ts";
import { negativeLogLikelihood } from "./evaluate.ts";
import { Gpt, type GptSizes } from "./model.ts";
import { drawReport } from "./report.ts";
import type { TextSets } from "./text.ts";
import type { Tokens } from "./tokens.ts";

/** Steps between two records of the metrics. */
const METRICS_EVERY = 20;
const BETAS: [number, number] = [0.9, 0.99], WEIGHT_DECAY = 0.1, MAX_NORM = 1;
/** The share of the steps in which the learning rate rises, and its final share of the maximum. */
const WARM_UP = 0.02, LEFT = 0.05;

/** The settings of a training; a run resumes only from a checkpoint with the same settings, except for the last two. */
export interface TrainSettings extends GptSizes {
  tokens: string;
  data: string;
  seed: number;
  epochs: number;
  batch: number;
  lr: number;
  precision: MatmulPrecision;
  resume: boolean;
  checkpointEvery: number | null;
}

/** The result of a training. */
export interface Trained {
  network: Gpt;
  metrics: Metrics;
  /** The loss of every step, in nats per token. */
  losses: number[];
  /** Over the whole held-out text, after the last epoch. */
  heldOutNatsPerToken: number;
  heldOutNatsPerCharacter: number;
}

/** Trains a network with AdamW, from its initial weights or from the checkpoint in the run's folder. */
export async function train(settings: TrainSettings, text: TextSets, tokens: Tokens, run: Run): Promise<Trained> {
  const { resume, checkpointEvery, ...about } = settings;
  const { epochs, context, batch } = settings;
  manualSeed(settings.seed);
  const network = new Gpt(settings);
  network.to(run.device);
  const learned = Int32Array.from(tokens.encode(text.train)), heldOut = Int32Array.from(tokens.encode(text.heldOut));
  for (const [name, ids] of [["training", learned], ["held-out", heldOut]] as const) {
    if (ids.length <= context) {
      throw new OptionError(
        `--context ${context}: the ${name} text has ${ids.length} tokens; use a longer text or a shorter context`,
      );
    }
  }

  // Windows begin at random positions, so shuffling has no effect.
  const windows = new LanguageModelWindows(learned, context, { random: true });
  const loader = new DataLoader(windows, { batchSize: batch, dropLast: windows.length > batch });
  const steps = epochs * loader.length;
  const optimizer = new AdamW(weightDecayGroups(network.parameters(), WEIGHT_DECAY), { lr: settings.lr, betas: BETAS });
  const warmUp = Math.ceil(WARM_UP * steps);
  const schedule = linearWarmup(optimizer, {
    steps: warmUp,
    then: (each) => new CosineAnnealingLR(each, { tMax: Math.max(1, steps - warmUp), etaMin: LEFT * settings.lr }),
  });
  const metrics = new Metrics(run.out);
  /** The loss of every step, and the seconds of the current epoch. */
  const tally = { losses: [] as number[], seconds: 0 };
  const parts = { network, optimizer, schedule, loader, metrics, tally: plainState(tally) };
  const what = { example: "gpt", characters: text.train.length, fingerprint: tokens.fingerprint, ...about };
  const checkpoint = checkpointIn(run.out, what, parts);
  if (resume) await resumeFrom(checkpoint, run, () => `step ${tally.losses.length} of ${steps}`);

  const test = async (): Promise<number> => await negativeLogLikelihood(network, heldOut) / text.heldOut.length;
  const progress = run.progress(steps, tally.losses.length);
  const table = run.table(["epoch", "train loss", "held-out nats per character", "seconds"]);
  let tested: number | null = null;
  for (let epoch = loader.epoch + 1; epoch <= epochs; epoch++) {
    let started = performance.now();
    for (const [inputs, targets] of loader) {
      {
        using _ = scope();
        const loss = F.crossEntropy(network.forward(inputs).flatten(0, 1), targets.flatten());
        optimizer.zeroGrad();
        loss.backward();
        clipGradNorm_(network.parameters(), MAX_NORM);
        optimizer.step();
        tally.losses.push((await loss.data("float32"))[0]!);
      }
      const step = tally.losses.length;
      const recent = mean(tally.losses.slice(-METRICS_EVERY));
      progress.advance(`epoch ${epoch}/${epochs}  loss ${recent.toFixed(3)}`);
      if (step % METRICS_EVERY === 0) metrics.add({ step, epoch, loss: recent, rate: optimizer.paramGroups[0]!.lr });
      schedule.step();
      if (checkpointEvery !== null && step % checkpointEvery === 0) {
        tally.seconds += (performance.now() - started) / 1000;
        await checkpoint.save();
        started = performance.now();
      }
    }
    const seconds = tally.seconds + (performance.now() - started) / 1000;
    const trainLoss = mean(tally.losses.slice(-loader.length));

    progress.say(`epoch ${epoch}/${epochs}  held-out text`);
    tested = await test();
    metrics.add({ step: tally.losses.length, epoch, trainLoss, heldOut: tested, seconds });
    drawReport(run.out, { metrics, losses: tally.losses }, text);
    table.row(epoch, trainLoss.toFixed(4), tested.toFixed(4), seconds.toFixed(1));
    tally.seconds = 0;
    await checkpoint.save();
  }
  progress.end();
  // A resumed run that was already complete has not tested yet.
  const heldOutNatsPerCharacter = tested ?? await test();
  const heldOutNatsPerToken = heldOutNatsPerCharacter * text.heldOut.length / (heldOut.length - 1);
  return { network, metrics, losses: tally.losses, heldOutNatsPerToken, heldOutNatsPerCharacter };
}

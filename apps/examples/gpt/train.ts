import { DataLoader, LanguageModelWindows } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { AdamW, CosineAnnealingLR, linearWarmup, weightDecayGroups } from "@heddle/optim";
import { manualSeed, type MatmulPrecision } from "@heddle/tensor";
import { fit, type History } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { OptionError } from "../runner/options.ts";
import { recorded, whole } from "../runner/recorded.ts";
import { negativeLogLikelihood } from "./evaluate.ts";
import { Gpt, type GptSizes } from "./model.ts";
import { drawReport } from "./report.ts";
import type { TextSets } from "./text.ts";
import type { Tokens } from "./tokens.ts";

/** Steps between two lines of the log. */
const LOG_EVERY = 20;
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
  /** Losses in nats per token; `heldOut` in nats per character. */
  history: History;
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
  const what = { example: "gpt", characters: text.train.length, fingerprint: tokens.fingerprint, ...about };
  const history = whole(
    await fit(network, loader, {
      loss: (scores, targets) => F.crossEntropy(scores.flatten(0, 1), targets.flatten()),
      ...{ optimizer, schedule, scheduleBy: "step", epochs, clipGradNorm: MAX_NORM },
      evaluate: async () => ({
        heldOut: await negativeLogLikelihood(network, heldOut) / text.heldOut.length,
      }),
      ...recorded(run, {
        ...{ resume, checkpointEvery, about: what, logEvery: LOG_EVERY },
        draw: (history) => drawReport(run.out, history, text),
        row: ({ epoch, loss, heldOut, seconds }) => ({
          epoch,
          "train loss": loss.toFixed(4),
          "held-out nats per character": (heldOut as number).toFixed(4),
          seconds: seconds.toFixed(1),
        }),
      }),
    }),
  );
  const heldOutNatsPerCharacter = history.last!["heldOut"] as number;
  const heldOutNatsPerToken = heldOutNatsPerCharacter * text.heldOut.length / (heldOut.length - 1);
  return { network, history, heldOutNatsPerToken, heldOutNatsPerCharacter };
}

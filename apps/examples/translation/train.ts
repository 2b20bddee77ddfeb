/** Trains a translator of either kind. */
import type { LRScheduler, Optimizer } from "@heddle/optim";
import type { Tensor } from "@heddle/tensor";
import { fit, type History } from "@heddle/train";
import type { Run } from "../runner/example.ts";
import { recorded, whole } from "../runner/recorded.ts";
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
  /** Draws the history so far, after each epoch. */
  draw(history: History): void;
  resume: boolean;
  checkpointEvery: number | null;
  /** Whether to take one step and stop. */
  dryRun: boolean;
}

/** Trains a model, and evaluates it after each epoch: the loss, and the BLEU of greedy translations. */
export async function trainTranslator<State>(
  model: TranslationModel<State>,
  data: { train: readonly WordPair[]; validation: readonly WordPair[]; vocabularies: Vocabularies },
  { about, epochs, batch, optimizer, schedule, loss, draw, resume, checkpointEvery, dryRun }: TrainingRecipe,
  run: Run,
): Promise<History> {
  const { train, validation, vocabularies } = data;
  const loader = pairLoader(train, vocabularies, { batchSize: batch, shuffle: true });
  const sentences = validation.map(([source]) => source);
  return whole(
    await fit(model, loader, {
      step: (_, batch) => ({ loss: loss(batch), weight: batch.words }),
      ...{ optimizer, epochs, clipGradNorm: CLIP, maxSteps: dryRun ? 1 : Infinity },
      ...{ schedule: schedule(dryRun ? 1 : epochs * loader.length), scheduleBy: "step" },
      evaluate: async () => ({
        validationLoss: await validationLoss(model, validation, vocabularies),
        bleu: bleuOf(await translateAll(model, sentences, vocabularies), validation),
      }),
      ...recorded(run, {
        ...{ about, resume, checkpointEvery, draw },
        row: ({ epoch, loss, validationLoss, bleu, seconds }) => ({
          epoch,
          "train loss": loss.toFixed(3),
          "validation loss": (validationLoss as number).toFixed(3),
          BLEU: (bleu as number).toFixed(2),
          seconds: seconds.toFixed(1),
        }),
      }),
    }),
  );
}

/** The figures of a training; `seconds` is the time of its steps, without testing. */
export function trainingFigures(history: History): Record<string, unknown> {
  return {
    steps: history.losses.length,
    seconds: history.values("seconds").reduce((sum, each) => sum + each, 0),
    validationLoss: history.values("validationLoss"),
    bleu: history.values("bleu"),
  };
}

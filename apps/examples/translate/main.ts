// An encoder and a decoder of gated recurrent units translate from French to English, or back, with attention or without.
import { Adam, LambdaLR } from "@heddle/optim";
import { rand, tidy } from "@heddle/tensor";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type AskOptions, askOptions } from "../runner/lines.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  choice,
  type CommonOptions,
  commonOptions,
  flag,
  integer,
  number,
  type Option,
} from "../runner/options.ts";
import { translatorAnswer } from "../translation/ask.ts";
import { vocabulariesOf } from "../translation/batches.ts";
import { wordLoss } from "../translation/evaluate.ts";
import { type Direction, loadPairs } from "../translation/pairs.ts";
import { attentionMap, drawAttention, drawCurves } from "../translation/report.ts";
import { readTranslator, saveTranslator } from "../translation/saved.ts";
import { compareSearches } from "../translation/searches.ts";
import { trainTranslator } from "../translation/train.ts";
import type { AttentionKind, TranslatorSizes } from "./sizes.ts";
import { Translator } from "./translator.ts";

interface TranslateOptions extends CommonOptions, CheckpointOptions, AskOptions {
  direction: Option<Direction>;
  attention: Option<AttentionKind>;
  bidirectional: Option<boolean>;
  hidden: Option<number>;
  embedding: Option<number>;
  layers: Option<number>;
  dropout: Option<number>;
  teacherForcing: Option<number>;
  beam: Option<number>;
  lengthPenalty: Option<number>;
}

/** Of so many translations the attention is drawn. */
const MAPS = 4;

/** The example; `start` below runs it when this file is what was started. */
export const translate: Example<TranslateOptions> = {
  name: "translate",
  about: "Trains a recurrent encoder and decoder to translate between French and English, and draws where it looks.",
  options: {
    direction: choice(["fr-en", "en-fr"], { help: "from which language to which", default: "fr-en" }),
    attention: choice(["none", "additive", "dot"], { help: "none, Bahdanau's or Luong's", default: "additive" }),
    bidirectional: flag({ help: "the encoder reads from both ends" }),
    hidden: integer({ help: "numbers of a state", default: 256, min: 1 }),
    embedding: integer({ help: "numbers of a word", default: 256, min: 1 }),
    layers: integer({ help: "of the encoder and of the decoder each", default: 1, min: 1 }),
    dropout: number({ help: "share of the numbers that are left out while training", default: 0.3, min: 0, max: 0.9 }),
    teacherForcing: number({
      help: "share of the batches whose decoder reads the true words, not its own",
      default: 1,
      min: 0,
      max: 1,
    }),
    beam: integer({ help: "translations that beam search follows", default: 5, min: 2 }),
    lengthPenalty: number({ help: "0 for none; more makes beam search's translations longer", default: 1, min: 0 }),
    ...askOptions("a sentence to translate"),
    ...checkpointOptions(),
    ...commonOptions({
      name: "translate",
      epochs: 10,
      batch: 64,
      lr: 1e-3,
      data: "sentences of a small grammar",
    }),
  },

  async run(options, run) {
    const { direction, attention, bidirectional, hidden, embedding, layers, dropout, teacherForcing, seed } = options;
    const batch = options.batch ?? 64, lr = options.lr ?? 1e-3;
    const limit = options.dryRun ? batch : options.limit;
    const { train, validation, minCount, about } = await loadPairs(options.data, direction, limit);
    const vocabularies = vocabulariesOf(train, minCount);
    const { source, target } = vocabularies;
    const sizes: TranslatorSizes = { attention, bidirectional, embedding, hidden, layers, dropout };
    const model = new Translator({ source: source.size, target: target.size }, sizes);
    model.to(run.device);
    const parameters = model.parameters().reduce((sum, parameter) => sum + parameter.numel, 0);
    run.print(
      `${about}\n${source.size.toLocaleString("en-US")} and ${target.size.toLocaleString("en-US")} words; ` +
        `${attention === "none" ? "no" : attention} attention, ${parameters.toLocaleString("en-US")} parameters, ` +
        `on device "${run.device.name}", seed ${seed}\n`,
    );

    const optimizer = new Adam(model.parameters(), { lr });
    const { metrics, steps, seconds } = await trainTranslator(model, { train, validation, vocabularies }, {
      about: {
        example: "translate",
        pairs: train.length,
        direction,
        ...sizes,
        teacherForcing,
        seed,
        batch,
        lr,
        epochs: options.epochs,
      },
      epochs: options.epochs,
      batch,
      optimizer,
      // Constant, then straight to zero over the second half.
      schedule: (steps) => new LambdaLR(optimizer, { lrLambda: (step) => Math.min(1, 2 * (1 - step / steps)) }),
      loss(batch) {
        const own = teacherForcing < 1 && tidy(() => rand([1], { device: "cpu" }).item()) >= teacherForcing;
        return wordLoss(model.forward(batch.source, batch.lengths, batch.previous, own), batch.next);
      },
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      dryRun: options.dryRun,
    }, run);

    const search = { direction, beams: options.beam, lengthPenalty: options.lengthPenalty };
    const { figures, written } = await compareSearches(model, validation, vocabularies, search, run);
    const title = `GRU, ${attention === "none" ? "no" : attention} attention, ${direction}`;
    drawCurves(run.out, title, metrics);
    for (const [n, pair] of written.slice(0, MAPS).entries()) {
      const map = await attentionMap(model, vocabularies, pair);
      if (map === null) continue;
      const picture = drawAttention(`${title}: where it looks`, map);
      run.out.picture(`attention-${n + 1}.svg`, picture, `“${figures.samples[n]!.source}”`);
    }
    await saveTranslator(run.out, "translate", model, { direction, sizes }, vocabularies);
    return {
      direction,
      ...sizes,
      parameters,
      ...deviceFigures(run.device),
      epochs: options.epochs,
      steps,
      seconds,
      validationLoss: metrics.values("validationLoss"),
      bleu: metrics.values("bleu"),
      ...figures,
    };
  },

  // deno-lint-ignore require-await -- what goes wrong is a rejection, as elsewhere
  async answer(options, run) {
    const saved = readTranslator<TranslatorSizes>(run.out.path, "translate");
    const { source, target } = saved.vocabularies;
    const model = new Translator({ source: source.size, target: target.size }, saved.sizes);
    return translatorAnswer(model, saved, { beams: options.beam, lengthPenalty: options.lengthPenalty }, run);
  },
};

await start(import.meta.url, translate);

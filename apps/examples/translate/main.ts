// A recurrent encoder and decoder translate from French to English or back, with or without attention.
import { Adam, LambdaLR } from "@heddle/optim";
import { rand, tidy } from "@heddle/tensor";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { choice, type CommonOptions, commonOptions, flag, integer, number, type Option } from "../runner/options.ts";
import { translatorAnswer } from "../translation/ask.ts";
import { vocabulariesOf } from "../translation/batches.ts";
import { wordLoss } from "../translation/evaluate.ts";
import { type TranslationOptions, translationOptions } from "../translation/options.ts";
import { loadPairs } from "../translation/pairs.ts";
import { attentionMap, directionWords, drawAttention, drawCurves } from "../translation/report.ts";
import { readTranslator, saveTranslator } from "../translation/model_file.ts";
import { compareSearches } from "../translation/compare_searches.ts";
import { trainingFigures, trainTranslator } from "../translation/train.ts";
import type { AttentionKind, TranslatorSizes } from "./sizes.ts";
import { Translator } from "./translator.ts";
import { page } from "./page.ts";

interface TranslateOptions extends CommonOptions, TranslationOptions {
  attention: Option<AttentionKind>;
  bidirectional: Option<boolean>;
  hidden: Option<number>;
  embedding: Option<number>;
  layers: Option<number>;
  dropout: Option<number>;
  teacherForcing: Option<number>;
}

/** Number of translations whose attention is drawn. */
const MAPS = 4;

/** The example; `start` runs it if this file is the main module. */
export const translate: Example<TranslateOptions> = {
  name: "translate",
  command: "deno task translate",
  about: "Trains a recurrent encoder and decoder to translate between French and English, and draws its attention.",
  page,
  options: {
    ...translationOptions(),
    attention: choice(["none", "additive", "dot"], { help: "none, Bahdanau's or Luong's", default: "additive" }),
    bidirectional: flag({ help: "the encoder reads from both ends" }),
    hidden: integer({ help: "size of the recurrent state", default: 256, min: 1 }),
    embedding: integer({ help: "size of the word embeddings", default: 256, min: 1 }),
    layers: integer({ help: "layers of the encoder, and of the decoder", default: 1, min: 1 }),
    dropout: number({ help: "dropout probability", default: 0.3, min: 0, max: 0.9 }),
    teacherForcing: number({
      help: "share of the batches in which the decoder reads the true words, not its own",
      default: 1,
      min: 0,
      max: 1,
    }),
    ...commonOptions({
      name: "translate",
      epochs: 10,
      batch: 64,
      lr: 1e-3,
      data: "generated sentences",
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
    const parameters = parameterCount(model);
    run.print(
      `${about}\n${source.size.toLocaleString("en-US")} and ${target.size.toLocaleString("en-US")} words; ` +
        `${attention === "none" ? "no" : attention} attention, ${parameters.toLocaleString("en-US")} parameters, ` +
        `on device "${run.device.name}", seed ${seed}\n`,
    );

    const title = `GRU, ${attention === "none" ? "no" : attention} attention, ${directionWords(direction)}`;
    const optimizer = new Adam(model.parameters(), { lr });
    const history = await trainTranslator(model, { train, validation, vocabularies }, {
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
      // Constant, then linear to zero over the second half.
      schedule: (steps) => new LambdaLR(optimizer, { lrLambda: (step) => Math.min(1, 2 * (1 - step / steps)) }),
      loss(batch) {
        const own = teacherForcing < 1 && tidy(() => rand([1], { device: "cpu" }).item()) >= teacherForcing;
        return wordLoss(model.forward(batch.source, batch.lengths, batch.previous, own), batch.next);
      },
      draw: (history) => drawCurves(run.out, title, history),
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      dryRun: options.dryRun,
    }, run);

    const search = { direction, beams: options.beam, lengthPenalty: options.lengthPenalty };
    const { figures, written } = await compareSearches(model, validation, vocabularies, search, run);
    drawCurves(run.out, title, history);
    for (const [n, pair] of written.slice(0, MAPS).entries()) {
      const map = await attentionMap(model, vocabularies, pair);
      if (map === null) continue;
      const picture = drawAttention(`${title}: attention`, map);
      run.out.picture(`attention-${n + 1}.svg`, picture, `“${figures.samples[n]!.source}”`);
    }
    await saveTranslator(run.out, "translate", model, { direction, sizes }, vocabularies);
    return {
      direction,
      ...sizes,
      parameters,
      ...deviceFigures(run.device),
      epochs: options.epochs,
      ...trainingFigures(history),
      ...figures,
    };
  },

  async answer(options, run) {
    const saved = await readTranslator<TranslatorSizes>(run.out.path, "translate");
    const { source, target } = saved.vocabularies;
    const model = new Translator({ source: source.size, target: target.size }, saved.sizes);
    return translatorAnswer(model, saved, { beams: options.beam, lengthPenalty: options.lengthPenalty }, run);
  },
};

await start(import.meta.url, translate);

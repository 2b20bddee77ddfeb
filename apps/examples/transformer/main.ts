// The transformer of "Attention is all you need", made small, translates from French to English or back.
import { noGrad } from "@heddle/autograd";
import { Adam, LambdaLR } from "@heddle/optim";
import { tidy } from "@heddle/tensor";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Run, start } from "../runner/example.ts";
import { type AskOptions, askOptions } from "../runner/lines.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  choice,
  type CommonOptions,
  commonOptions,
  integer,
  number,
  type Option,
  OptionError,
} from "../runner/options.ts";
import { headMaps } from "../runner/pictures/head_maps.ts";
import { translatorAnswer } from "../translation/ask.ts";
import { collatePairs, encodeSentence, type Vocabularies, vocabulariesOf } from "../translation/batches.ts";
import { wordLoss } from "../translation/evaluate.ts";
import { type Direction, loadPairs, type WordPair } from "../translation/pairs.ts";
import { WordPieces } from "../translation/pieces.ts";
import { attentionMap, drawAttention, drawCurves } from "../translation/report.ts";
import { readTranslator, saveTranslator } from "../translation/saved.ts";
import { compareSearches } from "../translation/searches.ts";
import { trainTranslator } from "../translation/train.ts";
import { type TransformerSizes, TransformerTranslator } from "./model.ts";
import { inverseSquareRoot } from "./schedule.ts";

interface TransformerOptions extends CommonOptions, CheckpointOptions, AskOptions {
  direction: Option<Direction>;
  layers: Option<number>;
  heads: Option<number>;
  width: Option<number>;
  feedForward: Option<number>;
  dropout: Option<number>;
  norm: Option<"first" | "last">;
  pieces: Option<number>;
  labelSmoothing: Option<number>;
  warmUp: Option<number | null>;
  beam: Option<number>;
  lengthPenalty: Option<number>;
}

const BATCH = 64, RATE = 1e-3;
/** Of so many translations the attention is drawn. */
const MAPS = 2;

/** The example; `start` below runs it when this file is what was started. */
export const transformer: Example<TransformerOptions> = {
  name: "transformer",
  about: "Trains a transformer to translate between French and English, and draws where its heads look.",
  options: {
    direction: choice(["fr-en", "en-fr"], { help: "from which language to which", default: "fr-en" }),
    layers: integer({ help: "of the encoder and of the decoder each", default: 3, min: 1 }),
    heads: integer({ help: "of every attention", default: 8, min: 1 }),
    width: integer({ help: "numbers of a word", default: 256, min: 2 }),
    feedForward: integer({ help: "numbers of the hidden layer in each layer", default: 512, min: 1 }),
    dropout: number({ help: "share of the numbers that are left out while training", default: 0.1, min: 0, max: 0.9 }),
    norm: choice(["first", "last"], { help: "before attention and feed-forward, or behind them", default: "first" }),
    pieces: integer({ help: "most pieces that words are made of; 0 for whole words", default: 6_000 }),
    labelSmoothing: number({ help: "share of the target that goes to all words", default: 0.1, min: 0, max: 1 }),
    warmUp: integer({ help: "steps until the full learning rate", default: null, min: 1, shown: "a tenth of them" }),
    beam: integer({ help: "translations that beam search follows", default: 5, min: 2 }),
    lengthPenalty: number({ help: "0 for none; more makes beam search's translations longer", default: 1, min: 0 }),
    ...askOptions("a sentence to translate"),
    ...checkpointOptions(),
    ...commonOptions({
      name: "transformer",
      epochs: 7,
      batch: BATCH,
      lr: RATE,
      data: "sentences of a small grammar",
    }),
  },

  async run(options, run) {
    const { direction, layers, heads, width, feedForward, dropout, norm, labelSmoothing, seed } = options;
    if (width % (2 * heads) !== 0) {
      throw new OptionError(
        `--width ${width}: expected a multiple of ${2 * heads}, an even number for each of ${heads} heads`,
      );
    }
    if (options.pieces > 0 && options.pieces < 300) {
      throw new OptionError(`--pieces ${options.pieces}: expected 0, or at least 300: all bytes are pieces`);
    }
    const batch = options.batch ?? BATCH, lr = options.lr ?? RATE;
    const limit = options.dryRun ? batch : options.limit;
    const { train, validation, minCount, about } = await loadPairs(options.data, direction, limit);
    const vocabularies = options.pieces === 0
      ? vocabulariesOf(train, minCount, true)
      : sharedPieces(train, options.pieces);
    const words = vocabularies.source.size;
    const sizes: TransformerSizes = { layers, heads, width, feedForward, dropout, norm };
    const model = new TransformerTranslator(words, sizes);
    model.to(run.device);
    const parameters = model.parameters().reduce((sum, parameter) => sum + parameter.numel, 0);
    run.print(
      `${about}\n${words.toLocaleString("en-US")} ${
        options.pieces === 0 ? "words" : "pieces of words"
      } of both languages, ${parameters.toLocaleString("en-US")} ` +
        `parameters, on device "${run.device.name}", seed ${seed}\n`,
    );

    const optimizer = new Adam(model.parameters(), { lr, betas: [0.9, 0.98], eps: 1e-9 });
    const settings = { ...sizes, labelSmoothing, warmUp: options.warmUp, seed, batch, lr, epochs: options.epochs };
    const { metrics, steps, seconds } = await trainTranslator(model, { train, validation, vocabularies }, {
      about: {
        example: "transformer",
        pairs: train.length,
        words: vocabularies.source.fingerprint,
        direction,
        ...settings,
      },
      epochs: options.epochs,
      batch,
      optimizer,
      schedule(steps) {
        const warmUp = options.warmUp ?? Math.ceil(steps / 10);
        return new LambdaLR(optimizer, { lrLambda: (step) => inverseSquareRoot(step, warmUp) });
      },
      loss: ({ source, lengths, previous, next }) =>
        wordLoss(model.forward(source, lengths, previous), next, labelSmoothing),
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      dryRun: options.dryRun,
    }, run);

    const search = { direction, beams: options.beam, lengthPenalty: options.lengthPenalty };
    const { figures, written } = await compareSearches(model, validation, vocabularies, search, run);
    drawCurves(run.out, `Transformer, ${direction}`, metrics);
    await drawMaps(run, model, vocabularies, written.slice(0, MAPS));
    await saveTranslator(run.out, "transformer", model, { direction, sizes }, vocabularies);
    return {
      ...{ direction, ...sizes, words, parameters },
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
    const saved = readTranslator<TransformerSizes>(run.out.path, "transformer");
    const { source } = saved.vocabularies;
    const model = new TransformerTranslator(source.size, saved.sizes);
    return translatorAnswer(model, saved, { beams: options.beam, lengthPenalty: options.lengthPenalty }, run);
  },
};

function sharedPieces(pairs: readonly WordPair[], size: number): Vocabularies {
  const pieces = WordPieces.learn(pairs, size);
  return { source: pieces, target: pieces };
}

/** Draws where the decoder looks: its last layer as a whole for each sentence, and every head of every layer for the first. */
async function drawMaps(
  run: Run,
  model: TransformerTranslator,
  vocabularies: Vocabularies,
  pairs: readonly WordPair[],
): Promise<void> {
  for (const [n, pair] of pairs.entries()) {
    const map = await attentionMap(model, vocabularies, pair);
    if (map === null) continue;
    const sentence = `“${pair[0].join(" ")}”`;
    const title = "Transformer: where the last layer looks, on average";
    run.out.picture(`attention-${n + 1}.svg`, drawAttention(title, map), sentence);
    if (n > 0) continue;
    for (const [layer, weights] of (await looksByHead(model, vocabularies, pair)).entries()) {
      const picture = headMaps({
        title: `Where the heads of decoder layer ${layer + 1} look`,
        subtitle: "each row is a word that was written, each column one that was read",
        rows: map.target,
        columns: map.source,
        maps: weights.map((shares, head) => ({ name: `head ${head + 1}`, shares })),
      });
      run.out.picture(`heads-${layer + 1}.svg`, picture, `Layer ${layer + 1} of the decoder, ${sentence}`);
    }
  }
}

/** `[layer][head][target word][source word]` */
async function looksByHead(
  model: TransformerTranslator,
  { source, target }: Vocabularies,
  [from, to]: WordPair,
): Promise<number[][][][]> {
  model.eval();
  const looks = noGrad(() =>
    tidy(() => {
      const batch = collatePairs([[encodeSentence(source, from), encodeSentence(target, to)]], target.bos);
      return model.looksOfHeads(batch.source, batch.lengths, batch.previous).select(1, 0).contiguous();
    })
  );
  model.train();
  await looks.data();
  const values = looks.to("cpu").toArray() as number[][][][];
  looks.dispose();
  return values;
}

await start(import.meta.url, transformer);

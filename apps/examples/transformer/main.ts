// A small version of the transformer of "Attention is all you need" translates from French to English or back.
import { noGrad } from "@heddle/autograd";
import { Adam, LambdaLR } from "@heddle/optim";
import { tidy } from "@heddle/tensor";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Run, start } from "../runner/example.ts";
import {
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
import { type TranslationOptions, translationOptions } from "../translation/options.ts";
import { loadPairs, type WordPair } from "../translation/pairs.ts";
import { WordPieces } from "../translation/word_pieces.ts";
import { attentionMap, directionWords, drawAttention, drawCurves } from "../translation/report.ts";
import { readTranslator, saveTranslator } from "../translation/model_file.ts";
import { compareSearches } from "../translation/compare_searches.ts";
import { trainingFigures, trainTranslator } from "../translation/train.ts";
import { type TransformerSizes, TransformerTranslator } from "./model.ts";
import { page } from "./page.ts";
import { inverseSquareRoot } from "./schedule.ts";

interface TransformerOptions extends CommonOptions, TranslationOptions {
  layers: Option<number>;
  heads: Option<number>;
  width: Option<number>;
  feedForward: Option<number>;
  dropout: Option<number>;
  norm: Option<"first" | "last">;
  pieces: Option<number>;
  labelSmoothing: Option<number>;
  warmUp: Option<number | null>;
}

const BATCH = 64, RATE = 1e-3;
/** Number of translations whose attention is drawn. */
const MAPS = 2;

/** The example; `start` runs it if this file is the main module. */
export const transformer: Example<TransformerOptions> = {
  name: "transformer",
  about: "Trains a transformer to translate between French and English, and draws the attention of its heads.",
  page,
  options: {
    ...translationOptions(),
    layers: integer({ help: "layers of the encoder, and of the decoder", default: 3, min: 1 }),
    heads: integer({ help: "attention heads", default: 8, min: 1 }),
    width: integer({ help: "width of the embeddings", default: 256, min: 2 }),
    feedForward: integer({ help: "hidden units of the feed-forward networks", default: 512, min: 1 }),
    dropout: number({ help: "dropout probability", default: 0.1, min: 0, max: 0.9 }),
    norm: choice(["first", "last"], {
      help: "norms before attention and feed-forward, or after them",
      default: "first",
    }),
    pieces: integer({ help: "maximal number of word pieces; 0 for whole words", default: 6_000 }),
    labelSmoothing: number({ help: "probability spread over all words", default: 0.1, min: 0, max: 1 }),
    warmUp: integer({
      help: "steps in which the learning rate rises",
      default: null,
      min: 1,
      shown: "a tenth of the steps",
    }),
    ...commonOptions({
      name: "transformer",
      epochs: 7,
      batch: BATCH,
      lr: RATE,
      data: "generated sentences",
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
      throw new OptionError(`--pieces ${options.pieces}: expected 0, or at least 300: every byte is a piece`);
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
    const parameters = parameterCount(model);
    run.print(
      `${about}\n${words.toLocaleString("en-US")} ${
        options.pieces === 0 ? "words" : "pieces of words"
      } of both languages, ${parameters.toLocaleString("en-US")} ` +
        `parameters, on device "${run.device.name}", seed ${seed}\n`,
    );

    const title = `Transformer, ${directionWords(direction)}`;
    const optimizer = new Adam(model.parameters(), { lr, betas: [0.9, 0.98], eps: 1e-9 });
    const settings = { ...sizes, labelSmoothing, warmUp: options.warmUp, seed, batch, lr, epochs: options.epochs };
    const history = await trainTranslator(model, { train, validation, vocabularies }, {
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
      draw: (history) => drawCurves(run.out, title, history),
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
      dryRun: options.dryRun,
    }, run);

    const search = { direction, beams: options.beam, lengthPenalty: options.lengthPenalty };
    const { figures, written } = await compareSearches(model, validation, vocabularies, search, run);
    drawCurves(run.out, title, history);
    await drawMaps(run, model, vocabularies, written.slice(0, MAPS));
    await saveTranslator(run.out, "transformer", model, { direction, sizes }, vocabularies);
    return {
      ...{ direction, ...sizes, words, parameters },
      ...deviceFigures(run.device),
      epochs: options.epochs,
      ...trainingFigures(history),
      ...figures,
    };
  },

  async answer(options, run) {
    const saved = await readTranslator<TransformerSizes>(run.out.path, "transformer");
    const { source } = saved.vocabularies;
    const model = new TransformerTranslator(source.size, saved.sizes);
    return translatorAnswer(model, saved, { beams: options.beam, lengthPenalty: options.lengthPenalty }, run);
  },
};

function sharedPieces(pairs: readonly WordPair[], size: number): Vocabularies {
  const pieces = WordPieces.learn(pairs, size);
  return { source: pieces, target: pieces };
}

/**
 * Draws the attention of the decoder: the average of its last layer for each sentence, and every head of every layer
 * for the first.
 */
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
    const title = "Transformer: average attention of the last layer";
    run.out.picture(`attention-${n + 1}.svg`, drawAttention(title, map), sentence);
    if (n > 0) continue;
    for (const [layer, weights] of (await looksByHead(model, vocabularies, pair)).entries()) {
      const picture = headMaps({
        title: `Attention of the heads of decoder layer ${layer + 1}`,
        subtitle: "each row is a target word, each column a source word",
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
  const values = looks.to("cpu").toArray<number[][][][]>();
  looks.dispose();
  return values;
}

await start(import.meta.url, transformer);

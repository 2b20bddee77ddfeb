// Learns word vectors from context: skip-gram with negative sampling, as in word2vec.
import { Adam, LambdaLR } from "@heddle/optim";
import { Generator } from "@heddle/tensor";
import { type Figures, fit } from "@heddle/train";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type AskOptions, askOptions } from "../runner/prompt.ts";
import { recorded, whole } from "../runner/recorded.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  type CommonOptions,
  commonOptions,
  integer,
  number,
  type Option,
} from "../runner/options.ts";
import { neighbourAnswer } from "./ask.ts";
import { type Corpus, loadText } from "./corpus.ts";
import { page } from "./page.ts";
import { GROUPS } from "./word_groups.ts";
import { PairLoader, Pairs } from "./pairs.ts";
import { PairCounts } from "./pmi.ts";
import { drawAgreement, drawGroups, drawLoss, drawMap } from "./report.ts";
import { readVectors, saveVectors } from "./model_file.ts";
import { SkipGram } from "./skip_gram.ts";
import { evaluateGroups, type GroupScore, WordVectors } from "./vectors.ts";

interface EmbeddingsOptions extends CommonOptions, CheckpointOptions, AskOptions {
  dim: Option<number>;
  window: Option<number>;
  negatives: Option<number>;
  minCount: Option<number>;
  sample: Option<number>;
}

/** Steps between two points of the curve. */
const EVERY = 25;

/** The example; `start` runs it if this file is the main module. */
export const embeddings: Example<EmbeddingsOptions> = {
  name: "embeddings",
  about: "Learns vectors of words from a text by skip-gram with negative sampling, and draws their map.",
  page,
  options: {
    dim: integer({ help: "size of the vectors", default: 64, min: 1 }),
    window: integer({ help: "maximal context size, in words on either side", default: 5, min: 1 }),
    negatives: integer({ help: "negative samples per pair", default: 5, min: 1 }),
    minCount: integer({ help: "minimal number of occurrences of a word", default: 5, min: 1 }),
    sample: number({
      help: "frequency above which words are subsampled",
      default: 1e-3,
      above: 0,
    }),
    ...askOptions("a word, or a sum such as: king - man + woman"),
    ...checkpointOptions(),
    ...commonOptions({
      name: "embeddings",
      epochs: 5,
      batch: 512,
      lr: 5e-3,
      data: "generated sentences; DIR may also be a text file",
    }),
  },

  async run(options, run) {
    const { dim, window, negatives, sample, minCount, seed, dryRun } = options;
    const settings = { window, negatives, sample, batch: dryRun ? 32 : options.batch ?? 512 };
    const lr = options.lr ?? 5e-3;
    const corpus = await loadText(options.data, dryRun ? 1 : minCount, dryRun ? 100 : options.limit);
    const network = new SkipGram(corpus.vocabulary.size, dim, new Generator(seed));
    network.to(run.device);
    const pairs = new Pairs(corpus, settings);
    const total = dryRun ? 1 : pairs.steps * options.epochs;
    run.print(`${corpus.source}, ${corpus.vocabulary.size} words that occur at least ${minCount} times`);
    run.print(`vectors of ${dim} on device "${run.device.name}", ${total} steps of ${settings.batch} pairs\n`);

    const optimizer = new Adam(network.parameters(), { lr });
    // The learning rate falls linearly to zero, as in word2vec.
    const schedule = new LambdaLR(optimizer, { lrLambda: (step) => 1 - step / total });
    const counts = new PairCounts(corpus, settings);
    const history = whole(
      await fit(network, new PairLoader(pairs, seed), {
        step(_, batch) {
          counts.add(batch);
          return network.loss(batch);
        },
        ...{ optimizer, schedule, scheduleBy: "step", epochs: options.epochs, maxSteps: total },
        async evaluate(): Promise<Figures> {
          const vectors = await vectorsOf(network, corpus);
          drawMap(run.out, vectors);
          const closer = evaluateGroups(vectors, GROUPS)?.closerPercent;
          return closer === undefined ? {} : { closer };
        },
        ...recorded(run, {
          about: { example: "embeddings", words: corpus.vocabulary.fingerprint, dim, ...settings, seed, lr, total },
          ...{ resume: options.resume, checkpointEvery: options.checkpointEvery, parts: { counts }, logEvery: EVERY },
          draw: ({ losses }) => drawLoss(run.out, lossCurve(losses, total)),
          row: ({ step, loss, closer }) => ({
            step,
            loss: loss.toFixed(3),
            "related words closer": typeof closer === "number" ? `${closer.toFixed(1)}%` : "–",
          }),
        }),
      }),
    );
    const { losses } = history;

    const vectors = await vectorsOf(network, corpus);
    const words = await network.words.weight.detach().data("float32");
    const agreement = counts.compare(corpus, words, await network.surroundings.weight.detach().data("float32"));
    drawMap(run.out, vectors);
    drawGroups(run.out, vectors);
    drawLoss(run.out, lossCurve(losses, total));
    if (agreement !== null) drawAgreement(run.out, agreement);
    await saveVectors(run.out, corpus.vocabulary, words);
    const neighbours = neighbourTable(vectors);
    for (const { word, nearest } of neighbours) run.print(`${word.padEnd(10)} ${nearest}`);
    return {
      ...deviceFigures(run.device),
      words: corpus.vocabulary.size,
      steps: losses.length,
      loss: losses.at(-1),
      ...rounded(evaluateGroups(vectors, GROUPS)),
      pmiCorrelation: agreement === null ? null : Math.round(1000 * agreement.correlation) / 1000,
      neighbours,
    };
  },

  async answer(options) {
    return neighbourAnswer(await readVectors(options.out));
  },
};

/** The losses of some steps, and of the last one. */
function lossCurve(losses: readonly number[], total: number): { x: number[]; y: number[] } {
  const steps = losses.map((_, i) => i + 1).filter((step) => step % EVERY === 0 || step === total);
  return { x: steps, y: steps.map((step) => losses[step - 1]!) };
}

async function vectorsOf(network: SkipGram, { vocabulary }: Corpus): Promise<WordVectors> {
  return new WordVectors(vocabulary, await network.words.weight.detach().data("float32"));
}

/** The neighbours of the first word of each group, or of frequent words if the text has none of these. */
function neighbourTable(vectors: WordVectors): { word: string; nearest: string }[] {
  const { vocabulary } = vectors;
  const firsts = Object.values(GROUPS).flatMap((words) => words.filter((word) => vocabulary.has(word)).slice(0, 1));
  return (firsts.length > 0 ? firsts : vocabulary.tokens.slice(0, 12)).map((word) => ({
    word,
    nearest: vectors.nearest(vectors.of(word), 6, [word]).map((neighbour) => neighbour.word).join(", "),
  }));
}

function rounded(score: GroupScore | null): Partial<GroupScore> {
  return Object.fromEntries(
    Object.entries(score ?? {}).map(([name, value]) => [
      name === "words" ? "groupWords" : name,
      Math.round(100 * value) / 100,
    ]),
  );
}

await start(import.meta.url, embeddings);

// A bidirectional LSTM finds names in sentences, with and without a conditional random field over the sequence of tags.
import { words as wordsOf } from "@heddle/data";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type AskOptions, askOptions, LineError } from "../runner/prompt.ts";
import { type CommonOptions, commonOptions, integer, number, type Option } from "../runner/options.ts";
import { mean } from "../runner/statistics.ts";
import { type Corpus, loadCorpus, tagsOf, Words } from "./corpus.ts";
import { bracketEntities } from "./entity_brackets.ts";
import { page } from "./page.ts";
import { drawCurves, drawTransitions, type Kind, KINDS } from "./report.ts";
import { readTagger, saveTagger } from "./model_file.ts";
import { tagAll, type Trained, trainTagger } from "./train.ts";

interface TaggerOptions extends CommonOptions, AskOptions {
  repeat: Option<number>;
  embedding: Option<number>;
  hidden: Option<number>;
  dropout: Option<number>;
}

/** Maximal number of words in a line. */
const MAX_WORDS = 200;

/** The example; `start` runs it if this file is the main module. */
export const tagger: Example<TaggerOptions> = {
  name: "tagger",
  about: "Finds names of people, places, organisations and works in sentences: a BiLSTM with and without a CRF.",
  page,
  options: {
    repeat: integer({ help: "number of seeds to average over", default: 3, min: 1 }),
    embedding: integer({ help: "size of the word vectors", default: 32, min: 1 }),
    hidden: integer({ help: "size of the LSTM's state in each direction", default: 32, min: 1 }),
    dropout: number({ help: "dropout probability", default: 0.5, min: 0, max: 0.95 }),
    ...askOptions("a sentence to find names in"),
    ...commonOptions({ name: "tagger", epochs: 30, batch: 16, lr: 5e-3, data: "generated sentences" }),
  },

  async run(options, run) {
    const { embedding, hidden, dropout, dryRun } = options;
    const corpus = await loadCorpus(options.data, dryRun ? 20 : options.limit);
    const words = Words.of(corpus.train);
    const tags = tagsOf(corpus.train);
    const sizes = { embedding, hidden, dropout };
    const seeds = Array.from({ length: dryRun ? 1 : options.repeat }, (_, i) => options.seed + i);
    const batch = options.batch ?? 16;
    const epochs = dryRun ? 1 : options.epochs;
    run.print(`${corpus.source}\n${words.vocabulary.size} words, ${tags.length} tags, device "${run.device.name}"\n`);

    const stepsEach = dryRun ? 1 : epochs * Math.ceil(corpus.train.length / batch);
    const progress = run.progress(stepsEach * seeds.length * 2);
    const table = run.table(["seed", "tagger    ", "precision", "recall", "entity F1", "tag accuracy", "inconsistent"]);
    const runs: Record<Kind, Trained[]> = { "BiLSTM": [], "BiLSTM-CRF": [] };
    for (const seed of seeds) {
      for (const kind of KINDS) {
        const trained = await trainTagger(corpus, words, tags, {
          ...{ sizes, seed, epochs, batch, lr: options.lr ?? 5e-3 },
          withCrf: kind === "BiLSTM-CRF",
          most: stepsEach,
        }, progress);
        runs[kind].push(trained);
        const { precision, recall, f1, accuracy } = trained.score;
        const percents = [precision, recall, f1, accuracy].map((share) => `${(100 * share).toFixed(1)}%`);
        if (runs["BiLSTM-CRF"].length === runs.BiLSTM.length) drawCurves(run.out, runs);
        table.row(seed, kind, ...percents, trained.inconsistent);
      }
    }
    progress.end();

    const crf = runs["BiLSTM-CRF"][0]!;
    drawCurves(run.out, runs);
    await drawTransitions(run.out, crf.tagger.crf!, tags);
    await saveTagger(run.out, { tagger: crf.tagger, words, tags }, {
      ...sizes,
      words: words.vocabulary.size,
      tags: tags.length,
    });
    const percent = (kind: Kind, of: (trained: Trained) => number): number =>
      Math.round(1e4 * mean(runs[kind].map(of))) / 100;
    const examples = differences(corpus, runs.BiLSTM[0]!, crf);
    for (const example of examples) {
      run.print(`\nright:      ${example.right}\nBiLSTM:     ${example.alone}\nBiLSTM-CRF: ${example.crf}`);
    }
    return {
      ...deviceFigures(run.device),
      seeds,
      epochs,
      steps: crf.steps,
      f1Percent: percent("BiLSTM", ({ score }) => score.f1),
      f1PercentCrf: percent("BiLSTM-CRF", ({ score }) => score.f1),
      f1PercentEach: runs.BiLSTM.map(({ score }) => Math.round(1e4 * score.f1) / 100),
      f1PercentEachCrf: runs["BiLSTM-CRF"].map(({ score }) => Math.round(1e4 * score.f1) / 100),
      tagAccuracyPercent: percent("BiLSTM", ({ score }) => score.accuracy),
      tagAccuracyPercentCrf: percent("BiLSTM-CRF", ({ score }) => score.accuracy),
      inconsistent: runs.BiLSTM.map((trained) => trained.inconsistent),
      inconsistentCrf: runs["BiLSTM-CRF"].map((trained) => trained.inconsistent),
      examples,
    };
  },

  async answer(options, run) {
    const saved = await readTagger(options.out);
    saved.tagger.to(run.device);
    return async (line) => {
      const words = wordsOf(line);
      if (words.length > MAX_WORDS) {
        throw new LineError(
          `this line has ${words.length} words; at most ${MAX_WORDS} are allowed, with one sentence per line`,
        );
      }
      const [tags] = await tagAll(saved.tagger, [words], saved.words, saved.tags);
      return bracketEntities(words, tags!);
    };
  },
};

/** A few test sentences that the two models tag differently. */
function differences(corpus: Corpus, alone: Trained, crf: Trained): { right: string; alone: string; crf: string }[] {
  const found: { right: string; alone: string; crf: string }[] = [];
  corpus.test.forEach(({ words, tags }, i) => {
    const texts = [tags, alone.found[i]!, crf.found[i]!].map((each) => bracketEntities(words, each)) as [
      string,
      string,
      string,
    ];
    if (found.length < 5 && texts[1] !== texts[2]) found.push({ right: texts[0], alone: texts[1], crf: texts[2] });
  });
  return found;
}

await start(import.meta.url, tagger);

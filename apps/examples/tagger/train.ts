/** Trains a tagger and evaluates it after each epoch. */
import { DataLoader, type EntityF1, entityF1 } from "@heddle/data";
import { Adam } from "@heddle/optim";
import { Generator, manualSeed, scope } from "@heddle/tensor";
import { fit, type Progress } from "@heddle/train";
import { whole } from "../runner/recorded.ts";
import { batchOf, batchSampler, type Corpus, tagNumbers, type Words } from "./corpus.ts";
import { Tagger, type TaggerSizes } from "./tagger.ts";

/** The settings of a training. */
export interface TrainSettings {
  readonly sizes: Omit<TaggerSizes, "words" | "tags">;
  readonly seed: number;
  readonly withCrf: boolean;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  /** Maximal number of steps. */
  readonly most: number;
}

/** A trained tagger and its results on the test sentences. */
export interface Trained {
  readonly tagger: Tagger;
  /** Predicted tags of the test sentences. */
  readonly found: readonly (readonly string[])[];
  readonly score: EntityF1;
  /** By epoch. */
  readonly f1: readonly number[];
  /** By step. */
  readonly losses: readonly number[];
  /** Number of "I-" tags that continue no entity of their type. */
  readonly inconsistent: number;
  readonly steps: number;
}

/** Trains a tagger; both kinds start with the same weights and see the same batches. */
export async function trainTagger(
  corpus: Corpus,
  words: Words,
  tags: readonly string[],
  { sizes, seed, withCrf, epochs, batch, lr, most }: TrainSettings,
  progress: Progress,
): Promise<Trained> {
  manualSeed(seed);
  const tagger = new Tagger(
    { ...sizes, words: words.vocabulary.size, tags: tags.length },
    withCrf,
    new Generator(seed),
  );
  const loader = new DataLoader(corpus.train, {
    batchSampler: batchSampler(corpus.train, batch, new Generator(seed)),
    collate: (sentences) => sentences,
  });
  const right = corpus.test.map((sentence) => sentence.tags);
  let found: string[][] = [];
  const history = whole(
    await fit(tagger, loader, {
      step: (_, sentences) =>
        tagger.loss(batchOf(sentences.map(({ words }) => words), words), tagNumbers(sentences, tags)),
      // Gradients of recurrent networks are occasionally large (Pascanu et al. 2013).
      ...{ optimizer: new Adam(tagger.parameters(), { lr }), epochs, maxSteps: most, clipGradNorm: 5 },
      async evaluate() {
        found = await tagAll(tagger, corpus.test.map((sentence) => sentence.words), words, tags);
        return { f1: entityF1(found, right).f1 };
      },
      callbacks: [{
        onStep: ({ epoch }) =>
          progress.advance(`${withCrf ? "BiLSTM-CRF" : "BiLSTM"}, seed ${seed}, epoch ${epoch}/${epochs}`),
      }],
    }),
  );
  return {
    ...{ tagger, found, score: entityF1(found, right), f1: history.values("f1"), losses: history.losses },
    inconsistent: countInconsistent(found),
    steps: history.losses.length,
  };
}

/** Batch size for tagging. */
const AT_A_TIME = 250;

/** The predicted tags of some sentences. */
export async function tagAll(
  tagger: Tagger,
  sentences: readonly (readonly string[])[],
  words: Words,
  tags: readonly string[],
): Promise<string[][]> {
  const found: string[][] = [];
  for (let from = 0; from < sentences.length; from += AT_A_TIME) {
    using _ = scope();
    const rows = await tagger.tag(batchOf(sentences.slice(from, from + AT_A_TIME), words));
    found.push(...rows.map((row) => row.map((tag) => tags[tag]!)));
  }
  return found;
}

/** Counts the "I-" tags that continue no entity, or one of another type. */
export function countInconsistent(sentences: readonly (readonly string[])[]): number {
  let count = 0;
  for (const tags of sentences) {
    tags.forEach((tag, t) => {
      if (tag.startsWith("I-") && (t === 0 || tags[t - 1] === "O" || tags[t - 1]!.slice(2) !== tag.slice(2))) count++;
    });
  }
  return count;
}

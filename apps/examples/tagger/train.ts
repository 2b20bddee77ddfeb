/** Trains a tagger and evaluates it after each epoch. */
import { type EntityF1, entityF1 } from "@heddle/data";
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { Generator, manualSeed, scope } from "@heddle/tensor";
import { type Progress } from "@heddle/train/text";
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
  const optimizer = new Adam(tagger.parameters(), { lr });
  const sampler = batchSampler(corpus.train, batch, new Generator(seed));
  const [f1, losses]: [number[], number[]] = [[], []];
  let steps = 0;
  let found: string[][] = [];
  for (let epoch = 1; epoch <= epochs && steps < most; epoch++) {
    for (const indices of sampler) {
      if (steps >= most) break;
      using _ = scope();
      const sentences = indices.map((index) => corpus.train[index]!);
      const loss = tagger.loss(batchOf(sentences.map(({ words }) => words), words), tagNumbers(sentences, tags));
      optimizer.zeroGrad();
      loss.backward();
      // Gradients of recurrent networks are occasionally large (Pascanu et al. 2013).
      clipGradNorm_(tagger.parameters(), 5);
      optimizer.step();
      const [value] = await loss.detach().data();
      losses.push(Number(value));
      steps++;
      progress.advance(`${withCrf ? "BiLSTM-CRF" : "BiLSTM"}, seed ${seed}, epoch ${epoch}/${epochs}`);
    }
    found = await tagAll(tagger, corpus.test.map((sentence) => sentence.words), words, tags);
    f1.push(entityF1(found, corpus.test.map((sentence) => sentence.tags)).f1);
  }
  const score = entityF1(found, corpus.test.map((sentence) => sentence.tags));
  return { tagger, found, score, f1, losses, inconsistent: countInconsistent(found), steps };
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

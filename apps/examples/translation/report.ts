/** The pictures of a translator: curves and attention maps; and sentences to show. */
import { noGrad } from "@heddle/autograd";
import { tidy } from "@heddle/tensor";
import type { History } from "@heddle/train";
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { collatePairs, encodeSentence, type Vocabularies } from "./batches.ts";
import type { TranslationModel } from "./model.ts";
import type { Direction, WordPair } from "./pairs.ts";
import type { WordCoder } from "./word_pieces.ts";

/** `French to English`, for titles. */
export function directionWords(direction: Direction): string {
  return direction === "fr-en" ? "French to English" : "English to French";
}

/** Losses and BLEU by epoch. */
export function drawCurves(out: OutFolder, title: string, history: History): void {
  const epochs = { label: "epoch", whole: true };
  const loss = lineChart({
    title: `${title}: loss`,
    x: epochs,
    y: { label: "cross-entropy (nats per word)" },
    series: [
      { name: "train, measured during training", ...history.curve("loss"), marks: true },
      { name: "validation", ...history.curve("validationLoss"), marks: true },
    ],
  });
  out.picture("loss.svg", loss);
  const bleu = lineChart({
    title: `${title}: BLEU`,
    x: epochs,
    y: { label: "BLEU", include: 0 },
    series: [{
      name: "greedy translations of the validation sentences",
      ...history.curve("bleu"),
      marks: true,
    }],
  });
  out.picture("bleu.svg", bleu);
}

/** A sentence and its translation, with the attention of each target word to each source word. */
export interface AttentionMap {
  source: string[];
  target: string[];
  /** `[target words + end, source words + end]` */
  weights: number[][];
}

/** The attention of a model while it reads given words; null for a model without attention. */
export async function attentionMap<State>(
  model: TranslationModel<State>,
  { source, target }: Vocabularies,
  [from, to]: WordPair,
): Promise<AttentionMap | null> {
  model.eval();
  const pair = [encodeSentence(source, from), encodeSentence(target, to)] as const;
  const weights = noGrad(() =>
    tidy(() => {
      const batch = collatePairs([pair], target.bos);
      return model.looks(batch.source, batch.lengths, batch.previous);
    })
  );
  model.train();
  if (weights === null) return null;
  const values = await weights.data("float32");
  const columns = pair[0].length;
  const rows = pair[1].map((_, t) => [...values.subarray(t * columns, (t + 1) * columns)]);
  weights.dispose();
  return { source: tokenNames(source, from, pair[0]), target: tokenNames(target, to, pair[1]), weights: rows };
}

/** The labels of the rows and columns of a map: the words, or their pieces where there are more; then the end. */
export function tokenNames(coder: WordCoder, words: readonly string[], ids: readonly number[]): string[] {
  const own = ids.slice(0, -1);
  return [...(own.length === words.length ? words : own.map((id) => coder.token(id))), "end"];
}

/** An attention map as a picture. */
export function drawAttention(title: string, { source, target, weights }: AttentionMap): string {
  return heatMap({
    title,
    subtitle: "each row is a target word, each column a source word; “end” is the end of the sentence",
    rows: { label: "translation", names: target },
    columns: { label: "source", names: source },
    shares: weights,
    colourLabel: "share of the attention",
    power: 0.6,
  });
}

/** A sentence, its reference translation, and the model's. */
export interface Sample {
  source: string;
  reference: string;
  greedy: string;
  beam: string;
}

/** Indices of validation sentences to show, of medium length and far apart. */
export function shownSentences(pairs: readonly WordPair[], count: number): number[] {
  const fitting = pairs.flatMap(([source], i) => source.length >= 5 && source.length <= 14 ? [i] : []);
  const candidates = fitting.length > 0 ? fitting : pairs.map((_, i) => i);
  const shown = Math.min(count, candidates.length);
  return Array.from({ length: shown }, (_, k) => candidates[Math.floor(k * candidates.length / shown)]!);
}

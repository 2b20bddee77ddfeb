/** Compares greedy decoding with beam search. */
import type { Run } from "../runner/example.ts";
import type { Vocabularies } from "./batches.ts";
import { bleuOf, translateAll } from "./evaluate.ts";
import type { TranslationModel } from "./model.ts";
import { type Direction, languages, type WordPair } from "./pairs.ts";
import { type Sample, shownSentences } from "./report.ts";
import { sentenceText } from "./sentence_words.ts";

/** Sentences on the page with their translations, and how many of them are printed. */
const SHOWN = 8, PRINTED = 3;

/** The results of {@link compareSearches}, for the figures of a run. */
export interface SearchFigures {
  greedyBleu: number;
  beamBleu: number;
  beams: number;
  samples: Sample[];
}

/**
 * Translates the validation sentences in both ways and prints some. `written` are the sentences on the page, with their
 * greedy translations.
 */
export async function compareSearches<State>(
  model: TranslationModel<State>,
  validation: readonly WordPair[],
  vocabularies: Vocabularies,
  { direction, beams, lengthPenalty }: { direction: Direction; beams: number; lengthPenalty: number },
  run: Run,
): Promise<{ figures: SearchFigures; written: WordPair[] }> {
  const sentences = validation.map(([source]) => source);
  const greedy = await translateAll(model, sentences, vocabularies);
  const beam = await translateAll(model, sentences, vocabularies, { beams, lengthPenalty });
  const [from, to] = languages(direction);
  const shown = shownSentences(validation, SHOWN);
  const samples = shown.map((i): Sample => ({
    source: sentenceText(validation[i]![0], from),
    reference: sentenceText(validation[i]![1], to),
    greedy: sentenceText(greedy[i]!, to),
    beam: sentenceText(beam[i]!, to),
  }));
  for (const { source, reference, beam } of samples.slice(0, PRINTED)) {
    run.print(`\n  ${source}\n  → ${beam}\n  (${reference})`);
  }
  return {
    figures: { greedyBleu: bleuOf(greedy, validation), beamBleu: bleuOf(beam, validation), beams, samples },
    written: shown.map((i) => [sentences[i]!, greedy[i]!]),
  };
}

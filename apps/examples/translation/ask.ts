/** Sentences that a person types, and their translations. */
import type { Run } from "../runner/example.ts";
import { type Answer, LineError } from "../runner/lines.ts";
import { encodeSentence, type Vocabularies } from "./batches.ts";
import { type SearchOptions, translateAll } from "./evaluate.ts";
import type { TranslationModel } from "./model.ts";
import { languages, MAX_WORDS, type WordPair } from "./pairs.ts";
import { attentionMap } from "./report.ts";
import type { SavedTranslator } from "./saved.ts";
import { sentenceText, sentenceWords } from "./sentence_words.ts";

/** Where words are cut into pieces, 60 of them can become very many. */
const MAX_TOKENS = 200;

/**
 * Translates lines. A word that the vocabulary does not know is `<unk>` to the model; where it writes `<unk>`, the source word that it
 * attended to most is put down as it is, as names want it (Luong et al. 2015, arXiv:1410.8206); a model without attention leaves it.
 *
 * @param model new, of the saved one's sizes: it gets the saved weights.
 * @throws LineError from the answer for a sentence of more words than the model was trained with.
 */
export function translatorAnswer<State>(
  model: TranslationModel<State>,
  { direction, vocabularies, weights }: SavedTranslator<unknown>,
  search: SearchOptions,
  run: Run,
): Answer {
  model.loadStateDict(weights);
  model.to(run.device);
  run.print(`${direction === "fr-en" ? "French to English" : "English to French"}; one sentence a line, Ctrl-D ends.`);
  const [, language] = languages(direction);
  return async (line) => {
    const source = sentenceWords(line);
    if (source.length > MAX_WORDS) {
      throw new LineError(
        `this sentence has ${source.length} words and punctuation marks, and the model was trained with at most ${MAX_WORDS}; cut it in two`,
      );
    }
    const tokens = encodeSentence(vocabularies.source, source).length;
    if (tokens > MAX_TOKENS) {
      throw new LineError(`its words are so rare that they make ${tokens} pieces, and at most ${MAX_TOKENS} are read`);
    }
    const [target] = await translateAll(model, [source], vocabularies, search);
    return sentenceText(await namesCopied(model, vocabularies, [source, target!]), language);
  };
}

/** The translation with source words in the place of unknown ones. */
async function namesCopied<State>(
  model: TranslationModel<State>,
  vocabularies: Vocabularies,
  [source, target]: WordPair,
): Promise<readonly string[]> {
  const unknown = vocabularies.target.specials.unk;
  if (unknown === undefined || !target.includes(unknown)) return target;
  const map = await attentionMap(model, vocabularies, [source, target]);
  if (map === null) return target;
  return target.map((word, t) => {
    if (word !== unknown) return word;
    const row = map.weights[t]!.slice(0, source.length);
    return source[row.indexOf(Math.max(...row))]!;
  });
}

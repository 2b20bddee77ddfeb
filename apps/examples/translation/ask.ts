/** Sentences that a person types, and their translations. */
import type { Run } from "../runner/example.ts";
import { type Answer, LineError } from "../runner/prompt.ts";
import { encodeSentence, type Vocabularies } from "./batches.ts";
import { type SearchOptions, translateAll } from "./evaluate.ts";
import type { TranslationModel } from "./model.ts";
import { languages, MAX_WORDS, type WordPair } from "./pairs.ts";
import { attentionMap } from "./report.ts";
import type { SavedTranslator } from "./model_file.ts";
import { sentenceText, sentenceWords } from "./sentence_words.ts";

/** With byte-pair encoding, 60 words can have very many pieces. */
const MAX_TOKENS = 200;

/**
 * Translates lines. A word that is not in the vocabulary is `<unk>` to the model; where the model generates `<unk>`,
 * the output has the source word with the highest attention, which suits names (Luong et al. 2015, arXiv:1410.8206). A
 * model without attention keeps `<unk>`.
 *
 * @param model a new model of the saved sizes: it gets the saved weights.
 * @throws LineError when called with a sentence of more words than the model was trained with.
 */
export function translatorAnswer<State>(
  model: TranslationModel<State>,
  { direction, vocabularies, weights }: SavedTranslator<unknown>,
  search: SearchOptions,
  run: Run,
): Answer {
  model.loadStateDict(weights);
  model.to(run.device);
  run.print(
    `${direction === "fr-en" ? "French to English" : "English to French"}; one sentence per line, Ctrl-D ends.`,
  );
  const [, language] = languages(direction);
  return async (line) => {
    const source = sentenceWords(line);
    if (source.length > MAX_WORDS) {
      throw new LineError(
        `this sentence has ${source.length} words and punctuation marks, and the model was trained with at most ${MAX_WORDS}; split it`,
      );
    }
    const tokens = encodeSentence(vocabularies.source, source).length;
    if (tokens > MAX_TOKENS) {
      throw new LineError(`its rare words have ${tokens} pieces, and at most ${MAX_TOKENS} are allowed`);
    }
    const [target] = await translateAll(model, [source], vocabularies, search);
    return sentenceText(await namesCopied(model, vocabularies, [source, target!]), language);
  };
}

/** The translation with unknown words replaced by source words. */
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

/** Surnames that a person types, and their languages; languages, and surnames of them. */
import { type Answer, LineError } from "../runner/prompt.ts";
import { nearMatches } from "../runner/edit_distance.ts";
import { classify, generateNames } from "./evaluate.ts";
import { MAX_LETTERS, nameLetters } from "./names.ts";
import type { SavedNames } from "./model_file.ts";

/** Languages listed for a name, and names generated for a language. */
const TOLD = 3, WRITTEN = 5;

/**
 * Replies to `Satoshi` with the most likely languages, and to `Russian:` or `Russian: Gor` with names of that language
 * that begin so. Letters that no training name had count as unknown.
 *
 * @throws LineError when called with a name that is too long or has no known letter, with an unknown language, or if
 * the network for this kind of line was not trained.
 */
export function namesAnswer({ vocabulary, languages, classifier, writer }: SavedNames, temperature: number): Answer {
  const letters = (name: string): string[] => {
    const found = nameLetters(name);
    if (found.length > MAX_LETTERS) {
      throw new LineError(`this name has ${found.length} letters; names have at most ${MAX_LETTERS}`);
    }
    return found;
  };
  return async (line) => {
    const [, asked, beginning = ""] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (asked !== undefined) {
      if (writer === null) throw new LineError("the network that generates names was not trained here; see --part");
      const language = languages.findIndex((name) => name.toLowerCase() === asked.trim().toLowerCase());
      if (language < 0) {
        throw new LineError(`"${asked.trim()}" is not one of the languages; ${suggestion(asked.trim(), languages)}`);
      }
      const given = letters(beginning);
      return (await generateNames(writer, vocabulary, { language, count: WRITTEN, beginning: given, temperature }))
        .join(
          " ",
        );
    }
    if (classifier === null) throw new LineError("the network that classifies names was not trained here; see --part");
    const name = letters(line);
    if (!name.some((letter) => vocabulary.has(letter))) {
      throw new LineError("none of these letters occurs in the training names");
    }
    const [shares] = await classify(classifier, [{ letters: name, language: 0 }], vocabulary);
    const order = languages.map((_, i) => i).sort((a, b) => shares![b]! - shares![a]!);
    return order.slice(0, TOLD).map((i) => `${languages[i]} ${(100 * shares![i]!).toFixed(0)}%`).join(", ");
  };
}

function suggestion(typed: string, languages: readonly string[]): string {
  const near = nearMatches(typed, languages);
  return near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are ${languages.join(", ")}`;
}

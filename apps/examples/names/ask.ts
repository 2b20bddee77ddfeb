/** Surnames that a person types, and their languages; languages, and surnames of them. */
import { type Answer, LineError } from "../runner/lines.ts";
import { nearMatches } from "../runner/near.ts";
import { classify, writeNames } from "./judge.ts";
import { MAX_LETTERS, nameLetters } from "./names.ts";
import type { SavedNames } from "./saved.ts";

/** Languages that are told of a name, names that are written of a language. */
const TOLD = 3, WRITTEN = 5;

/**
 * Answers `Satoshi` with the likeliest languages, and `Russian:` or `Russian: Gor` with names of that language that begin so. Letters that
 * no training name had count as unknown ones.
 *
 * @throws LineError from the answer for a name without a known letter or too long, a language that is not known, or when the network that would
 *   answer was not trained.
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
      if (writer === null) throw new LineError("no network that writes names was trained here; see --part");
      const language = languages.findIndex((name) => name.toLowerCase() === asked.trim().toLowerCase());
      if (language < 0) {
        throw new LineError(`"${asked.trim()}" is none of the languages; ${suggestion(asked.trim(), languages)}`);
      }
      const given = letters(beginning);
      return (await writeNames(writer, vocabulary, { language, count: WRITTEN, beginning: given, temperature })).join(
        " ",
      );
    }
    if (classifier === null) throw new LineError("no network that tells languages was trained here; see --part");
    const name = letters(line);
    if (!name.some((letter) => vocabulary.has(letter))) {
      throw new LineError("none of these letters was in the names that the network learnt from");
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

import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";

// French words that lose their vowel before another (l'homme, qu'il, jusqu'à), English endings (it's, don't), and French pronouns behind
// their verb (puis-je, a-t-il).
const ELISION = "(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu|entr)['’]";
const ENDING = "n['’]t|['’](?:s|re|ve|ll|d|m)|-(?:t-)?(?:je|tu|ils?|elles?|on|nous|vous|ce|les?|la|lui|leur|moi|toi)";
const ELIDED = new RegExp(`^${ELISION}`, "iu");
const ENDED = new RegExp(`^(.+?)(${ENDING})$`, "iu");
const PART = new RegExp(`^(?:${ELISION}|${ENDING})$`, "iu");

// Longer than any word of these languages. Such a word is not split, so that no input takes long.
const LONGEST = 100;

// The pieces, in order of preference: parts of words on their own, as in tokenised text; abbreviations (U.S., p.m.);
// numbers with what may stand inside (3.5, 1,000, 10:30); words with apostrophes and hyphens inside; dots of omission;
// any other single character but spaces.
const PIECES = new RegExp(
  [
    `(?<!\\S)(?:${ELISION}|${ENDING})(?!\\S)`,
    String.raw`(?:\p{L}\.){2,}`,
    String.raw`\p{N}+(?:[.,:]\p{N}+)*`,
    String.raw`[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*`,
    String.raw`\.{2,}`,
    String.raw`\S`,
  ].join("|"),
  "giu",
);

/**
 * Cuts a text into words, numbers and punctuation marks. French elisions (`l'`, `qu'`) and the pronouns behind a verb
 * (`-tu`, `-t-il`), English endings (`'s`, `n't`) become separate tokens, and keep the apostrophe or hyphen that tells
 * {@link joinWords} how to rejoin them. Text that is already split this way is split in the same places. Letters may be
 * of any script; for scripts without spaces use {@link characters}. Capitals are kept: see `normalizeText`.
 *
 * @example
 * ```ts
 * import { words } from "@heddle/data";
 *
 * console.log(words("L'homme, qu'a-t-il dit?")); // [ "L'", "homme", ",", "qu'", "a", "-t-il", "dit", "?" ]
 * console.log(words("It's 10:30, isn't it?")); // [ "It", "'s", "10:30", ",", "is", "n't", "it", "?" ]
 * ```
 */
export function words(text: string): string[] {
  checkArguments("words", arguments, 1, true);
  const tokens: string[] = [];
  for (const [piece] of text.matchAll(PIECES)) split(piece, tokens);
  return tokens;
}

function split(piece: string, tokens: string[]): void {
  if (piece.length > LONGEST || PART.test(piece)) {
    tokens.push(piece);
    return;
  }
  const elided = ELIDED.exec(piece)?.[0];
  if (elided !== undefined) {
    tokens.push(elided);
    return split(piece.slice(elided.length), tokens);
  }
  const ended = ENDED.exec(piece);
  if (ended === null) {
    tokens.push(piece);
    return;
  }
  split(ended[1]!, tokens);
  tokens.push(ended[2]!);
}

/** The characters of a text, by Unicode code points: an emoji is one, a letter with a combining accent two (`normalizeText` composes them). */
export function characters(text: string): string[] {
  checkArguments("characters", arguments, 1, true);
  return Array.from(text);
}

const CLOSING = /^(?:[.,;:!?)\]}%…]|\.{2,})$/u;
const OPENING = /^[([{¿¡$£]$/u;
const FRENCH_SPACED = /^[;:!?]$/;

/**
 * Joins the tokens of {@link words}: no space before a full stop, within brackets and quotes, or where an apostrophe or
 * hyphen says that a token belongs to its neighbour.
 *
 * @param options `french` puts a space before `;`, `:`, `!` and `?` (default false)
 *
 * @example
 * ```ts
 * import { joinWords } from "@heddle/data";
 *
 * console.log(joinWords(["qu'", "a", "-t-il", "dit", "?"])); // qu'a-t-il dit?
 * console.log(joinWords(["va", "!"], { french: true })); // va !
 * ```
 */
export function joinWords(tokens: readonly string[], options: { french?: boolean } = {}): string {
  checkOptions("joinWords", options, ["french"]);
  let text = "";
  let quoted = false;
  let glued = true;
  for (const token of tokens) {
    const quote = token === '"';
    const closes = quote ? quoted : CLOSING.test(token) && !(options.french && FRENCH_SPACED.test(token));
    const opens = quote ? !quoted : OPENING.test(token);
    if (quote) quoted = !quoted;
    const [before, after] = [ENDED.test(`x${token}`), ELIDED.exec(token)?.[0] === token];
    text += glued || closes || before ? token : ` ${token}`;
    glued = opens || after;
  }
  return text;
}

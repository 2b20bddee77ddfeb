import { checkOptions } from "../options.ts";

// What is found where, in this order: abbreviations (U.S., p.m.), numbers with what may stand inside (3.5, 1,000, 10:30), words with
// apostrophes and hyphens inside, dots of omission, and any other single character that is no space.
const PIECES = new RegExp(
  [
    String.raw`(?:\p{L}\.){2,}`,
    String.raw`\p{N}+(?:[.,:]\p{N}+)*`,
    String.raw`[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*`,
    String.raw`\.{2,}`,
    String.raw`[^\s]`,
  ].join("|"),
  "gu",
);
// French words that lose their vowel before another: l'homme, qu'il, jusqu'à.
const ELIDED = /^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’]/iu;
// English endings: it's, they're, don't.
const NOT = /^(.+)(n['’]t)$/iu;
const ENDING = /^(.+)(['’](?:s|re|ve|ll|d|m))$/iu;
// French pronouns behind their verb: puis-je, as-tu, a-t-il.
const PRONOUN = /^(.+?)(-(?:t-)?(?:je|tu|ils?|elles?|on|nous|vous|ce|les?|la|lui|leur|moi|toi))$/iu;

/**
 * Cuts a text into words, numbers and punctuation marks. French elisions (`l'`, `qu'`) and the pronouns behind a verb (`-tu`,
 * `-t-il`), English endings (`'s`, `n't`) become tokens of their own, and keep the apostrophe or hyphen by which {@link joinWords}
 * puts them back. Letters are any script's; scripts without spaces are for {@link characters}. Capitals stay: see `normalizeText`.
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
  const tokens: string[] = [];
  for (const [piece] of text.matchAll(PIECES)) split(piece, tokens);
  return tokens;
}

function split(piece: string, tokens: string[]): void {
  const elided = ELIDED.exec(piece)?.[0];
  if (elided !== undefined && elided !== piece) {
    tokens.push(elided);
    return split(piece.slice(elided.length), tokens);
  }
  const parts = NOT.exec(piece) ?? ENDING.exec(piece) ?? PRONOUN.exec(piece);
  if (parts === null) {
    tokens.push(piece);
    return;
  }
  split(parts[1]!, tokens);
  tokens.push(parts[2]!);
}

/** The characters of a text, by Unicode code points: an emoji is one, a letter with a combining accent two (`normalizeText` composes them). */
export function characters(text: string): string[] {
  return Array.from(text);
}

const CLOSING = /^(?:[.,;:!?)\]}%…]|\.{2,})$/u;
const OPENING = /^[([{¿¡]$/u;
const FRENCH_SPACED = /^[;:!?]$/;

/**
 * Puts the tokens of {@link words} together: no space before a full stop, within brackets and quotes, or where an apostrophe or hyphen
 * says that a token belongs to its neighbour.
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
    text += glued || closes || belongsBefore(token) ? token : ` ${token}`;
    glued = opens || ELIDED.exec(token)?.[0] === token;
  }
  return text;
}

function belongsBefore(token: string): boolean {
  return NOT.test(`x${token}`) || ENDING.test(`x${token}`) || PRONOUN.test(`x${token}`);
}

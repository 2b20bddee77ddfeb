import { joinWords, normalizeText, words } from "@heddle/data";

export type Language = "english" | "french";

// The Moses tools split "isn't" before its apostrophe, `words` before its n.
const CUT_NOT = /(?<=n) (?='t(?: |$))/gu;

/**
 * A sentence as a translator reads it: lower-cased and tokenised as the Moses tools do for Multi30k. Text that is
 * already tokenised stays unchanged, and typed text gets the same form: `isn't` is `isn 't`, and `puis-je` is one word.
 */
export function sentenceWords(text: string): string[] {
  const tokens: string[] = [];
  for (const token of words(normalizeText(text).replace(CUT_NOT, ""))) {
    if (token === "n't" && tokens.length > 0) tokens.push(`${tokens.pop()}n`, "'t");
    else if (/^-./.test(token) && tokens.length > 0) tokens.push(tokens.pop() + token);
    else tokens.push(token);
  }
  return tokens;
}

/** Joins words of {@link sentenceWords} into a sentence. */
export function sentenceText(tokens: readonly string[], language: Language): string {
  const whole: string[] = [];
  for (const token of tokens) {
    if (token === "'t" && whole.at(-1)?.endsWith("n")) whole.push(whole.pop() + token);
    else whole.push(token);
  }
  return joinWords(whole, { french: language === "french" });
}

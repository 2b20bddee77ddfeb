import { joinWords, normalizeText, words } from "@heddle/data";

// What the Moses tools cut off: "qu' un", "child 's", "isn 't".
const CUT_AFTER = /(?<=(?:^|[ ("])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu)') (?=\p{L})/gu;
const CUT_BEFORE = / (?='(?:s|re|ve|ll|d|m|t)(?: |$))/gu;

/**
 * A sentence as a translator reads it: small letters, cut into words and punctuation as the Moses tools cut Multi30k. A text that they
 * have cut already comes out as it was, and one that a person types comes out alike: `isn't` is `isn 't`, and `puis-je` one word.
 */
export function sentenceWords(text: string): string[] {
  const tokens: string[] = [];
  for (const token of words(normalizeText(text).replace(CUT_AFTER, "").replace(CUT_BEFORE, ""))) {
    if (token === "n't" && tokens.length > 0) tokens.push(`${tokens.pop()}n`, "'t");
    else if (token.length > 1 && token.startsWith("-") && tokens.length > 0) tokens.push(tokens.pop() + token);
    else tokens.push(token);
  }
  return tokens;
}

/** Words of {@link sentenceWords} as a sentence for people. */
export function sentenceText(tokens: readonly string[], language: "english" | "french"): string {
  const whole = tokens.join(" ").replace(CUT_BEFORE, "");
  return joinWords(words(whole.replace(CUT_AFTER, "")), { french: language === "french" });
}

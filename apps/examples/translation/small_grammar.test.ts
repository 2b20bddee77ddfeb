import { describe, expect, test } from "vitest";
import { smallGrammarPairs } from "./small_grammar.ts";

const pairs = smallGrammarPairs();
const french = new Map(pairs.map((pair) => [pair.english, pair.french]));

describe("smallGrammarPairs", () => {
  test("the same pairs every time, none twice, and no sentence with two translations", () => {
    expect(pairs).toHaveLength(1600);
    expect(smallGrammarPairs()).toEqual(pairs);
    expect(french.size).toBe(1600);
    expect(new Set(pairs.map((pair) => pair.french)).size).toBe(1600);
    expect(smallGrammarPairs(100)).toEqual(pairs.slice(0, 100));
  });

  test("no vowel is left to be dropped, and what is written is a sentence", () => {
    for (const { english, french } of pairs) {
      expect(french).not.toMatch(/\b(le|la|je|ne|que) [aeiouhéâê]/i);
      expect(french).toMatch(/^[A-ZÉ].* \?$|^[A-ZÉ].*[^ ]\.$/);
      expect(english).toMatch(/^[A-Z].*[^ ][.?]$/);
    }
  });

  test("verbs and adjectives agree", () => {
    for (const { english, french } of pairs) {
      if (/^The (wo)?men are .*tired/.test(english)) expect(french).toMatch(/ fatigué(e?)s\.$/);
      if (/^They /.test(english)) expect(french).toMatch(/^Ils (n'|ne )?\p{L}+nt /u);
      if (/house is|woman is/.test(english)) expect(french).not.toMatch(/ (petit|grand|fatigué|fort)\./);
      expect(french).not.toMatch(
        /\b(la|une) (petit|grand)\b|\b(le|un) (petite|grande)\b|(fleur|voiture) (noir|vert|bleu)\b/,
      );
    }
  });

  test("more pairs than the grammar has are an error", () => {
    expect(() => smallGrammarPairs(1_000_000)).toThrow(/smallGrammarPairs: the grammar makes \d+ pairs, not 1000000/);
  });
});

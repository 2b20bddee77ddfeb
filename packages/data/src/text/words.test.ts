import { describe, expect, test } from "vitest";
import { normalizeText } from "./normalize_text.ts";
import { characters, joinWords, words } from "./words.ts";

describe("words", () => {
  const cases: [string, string][] = [
    ["Va !", "Va !"],
    ["Qu'est-ce que c'est?", "Qu' est -ce que c' est ?"],
    ["L’homme qu'il a vu jusqu'à hier", "L’ homme qu' il a vu jusqu' à hier"],
    ["aujourd'hui, quelqu'un, O'Brien", "aujourd'hui , quelqu' un , O'Brien"],
    ["A-t-elle dit: as-tu faim ?", "A -t-elle dit : as -tu faim ?"],
    ["un arc-en-ciel là-bas", "un arc-en-ciel là-bas"],
    ["I can't, they're Tom's.", "I ca n't , they 're Tom 's ."],
    ["Shouldn't've", "Should n't 've"],
    ["in the U.S. at 10:30 p.m. for 1,000.50...", "in the U.S. at 10:30 p.m. for 1,000.50 ..."],
    ['("Non")', '( " Non " )'],
    ["100% sûr; œuf!?", "100 % sûr ; œuf ! ?"],
    ["Привет, κόσμε", "Привет , κόσμε"],
    ["e\u0301te\u0301", "e\u0301te\u0301"],
    ["a 😀 b", "a 😀 b"],
    ["<eos> et <pad>", "< eos > et < pad >"],
    ["l' 'n 's 'x -", "l' ' n 's ' x -"],
    ["un groupe d' hommes , ca n't", "un groupe d' hommes , ca n't"],
    ["it costs $5, £3.50", "it costs $ 5 , £ 3.50"],
  ];
  test.each(cases)("%s", (text, tokens) => {
    expect(words(text)).toEqual(tokens.split(" "));
  });

  test("what was cut is cut in the same places", () => {
    for (const [text] of cases) expect(words(words(text).join(" "))).toEqual(words(text));
  });

  test("of nothing there are none", () => {
    expect([...words(""), ...words(" \t\n")]).toEqual([]);
  });

  test("no character but white space is lost", () => {
    const text = "“Qu’a-t-il… dit\u00a0?” — 3,5% d'été; don't_x `y` \u200b\u0007 ½ 漢字";
    expect(words(text).join("")).toBe(text.replace(/\s/g, ""));
  });

  test("long words take no longer than their length", () => {
    expect(words("a".repeat(200_000)).length).toBe(1);
    expect(words("a-".repeat(50_000)).length).toBeGreaterThan(0);
    expect(words("a.".repeat(50_000)).length).toBe(1);
    expect(words(`x${"-je".repeat(50_000)} ${"d'".repeat(50_000)}a`).length).toBe(2);
  });
});

describe("joinWords", () => {
  test.each([
    "Qu'est-ce que c'est?",
    'A-t-elle dit (hier): "as-tu faim?", puis rien...',
    "I can't, they're Tom's; it costs $1,000.50!",
    "Aujourd'hui, l'homme n'a pas d'arc-en-ciel.",
  ])("is the inverse of words for %s", (text) => {
    expect(joinWords(words(text))).toBe(text);
  });

  test("French has a space before high marks", () => {
    expect(joinWords(words("Va-t'en ! Où es-tu ? Là : ici, donc."), { french: true })).toBe(
      "Va-t'en ! Où es-tu ? Là : ici, donc.",
    );
  });

  test("of nothing is nothing", () => expect(joinWords([])).toBe(""));
});

test("characters are code points", () => {
  expect(characters("né😀")).toEqual(["n", "é", "😀"]);
});

describe("normalizeText", () => {
  const cases: [string, string][] = [
    ["  Va\u202f!\u00a0 \n", "va !"],
    ["l’été", "l'été"],
    ["e\u0301", "é"],
    ["«\u00a0Oui\u00a0» “non”", '" oui " "non"'],
    ["d&apos; hommes &amp;quot;", "d' hommes &quot;"],
    ["a\u200bb\ufeffc\u00add\u0000", "abcd"],
    ["Non…", "non..."],
    ["ŒUVRE ÎLE", "œuvre île"],
  ];
  test.each(cases)("%j", (text, plain) => {
    expect(normalizeText(text)).toBe(plain);
  });

  test("what is normal stays", () => {
    for (const [, plain] of cases.filter(([text]) => !text.includes("&"))) expect(normalizeText(plain)).toBe(plain);
  });

  test("capitals and accents as told", () => {
    expect(normalizeText("Ça, ÉTÉ", { lowercase: false })).toBe("Ça, ÉTÉ");
    expect(normalizeText("Ça, ÉTÉ Ślusàrski", { stripAccents: true })).toBe("ca, ete slusarski");
    expect(() => normalizeText("x", { lower: true } as object)).toThrow(/did you mean "lowercase"/);
  });
});

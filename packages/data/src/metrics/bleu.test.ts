/** BLEU, against what sacreBLEU counted (conformance/fixtures/text/bleu.json). */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type BleuOptions, type BleuScore, corpusBleu } from "./bleu.ts";
import { type BleuTokenize, bleuTokens } from "./bleu_tokens.ts";

interface Case extends BleuScore {
  name: string;
  hypotheses: string[];
  references: string[][];
  options: {
    tokenize?: BleuTokenize;
    lowercase?: boolean;
    smooth_method?: BleuOptions["smoothMethod"];
    smooth_value?: number | null;
    max_ngram_order?: number;
    effective_order?: boolean;
  };
  tokens: string[][];
}

const file = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/text/bleu.json");
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

test.each(cases.map((each) => [each.name, each] as const))("%s", (_, recorded) => {
  const { smooth_method, smooth_value, max_ngram_order, effective_order, ...same } = recorded.options;
  const found = corpusBleu(recorded.hypotheses, recorded.references, {
    ...same,
    ...(smooth_method && { smoothMethod: smooth_method }),
    ...(typeof smooth_value === "number" && { smoothValue: smooth_value }),
    ...(max_ngram_order && { maxOrder: max_ngram_order }),
    ...(effective_order && { effectiveOrder: true }),
  });
  const tokens = recorded.hypotheses.map((text) =>
    bleuTokens(same.lowercase ? text.toLowerCase() : text, same.tokenize ?? "13a")
  );
  expect(tokens).toEqual(recorded.tokens);
  const { counts, totals, hypothesisLength, referenceLength, signature } = recorded;
  expect(found).toMatchObject({ counts, totals, hypothesisLength, referenceLength, signature });
  expect(found.score).toBeCloseTo(recorded.score, 9);
  expect(found.brevityPenalty).toBeCloseTo(recorded.brevityPenalty, 12);
  recorded.precisions.forEach((precision, n) => expect(found.precisions[n]).toBeCloseTo(precision, 9));
});

describe("corpusBleu", () => {
  test("the same text has 100, and one list of references is a list of lists of one", () => {
    const text = ["A cat sat on the mat.", "It rained, and nobody came."];
    expect(corpusBleu(text, text).score).toBeCloseTo(100, 9);
    expect(corpusBleu(text, [text])).toEqual(corpusBleu(text, text));
  });

  test("the published example of clipped counts", () => {
    // Papineni et al. 2002, section 2.1: "the" seven times has a unigram precision of 2/7.
    const found = corpusBleu(["the the the the the the the"], [["The cat is on the mat"], [
      "There is a cat on the mat",
    ]], {
      lowercase: true,
      maxOrder: 1,
    });
    expect([found.counts, found.totals]).toEqual([[2], [7]]);
  });

  test("bad input is refused", () => {
    expect(() => corpusBleu([], [])).toThrow(/no sentences/);
    expect(() => corpusBleu(["a"], ["a", "b"])).toThrow(/1 hypotheses, but 2 references/);
    expect(() => corpusBleu(["a", "b"], [["a", "b"], ["c"]])).toThrow(
      /2 hypotheses, but 1 references in list 1.*not as a list for each/,
    );
    expect(() => corpusBleu(["a"], [[["b"]] as never])).toThrow(/reference 0 is \["b"\]; sentences are strings/);
    expect(() => corpusBleu([["a"] as never], ["b"])).toThrow(/hypothesis 0 is \["a"\]/);
    expect(() => corpusBleu(["a"], ["a"], { tokenize: "intl" as never })).toThrow(
      /tokenize must be one of 13a, none, char, got intl/,
    );
    expect(() => corpusBleu(["a"], ["a"], { smoothMethod: "toString" as never })).toThrow(
      /smoothMethod must be one of/,
    );
    expect(() => corpusBleu(["a"], ["a"], { maxOrder: 0 })).toThrow(/maxOrder must be/);
    expect(() => corpusBleu(["a"], ["a"], { lower: true } as object)).toThrow(/did you mean "lowercase"/);
  });
});

/** Byte-pair encoding, against what Hugging Face's tokenizers learnt and wrote (conformance/fixtures/text/bpe.json). */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BytePairEncoding, type BytePairState, type TokenizerJson } from "../bpe.ts";

interface Case {
  name: string;
  texts: string[];
  size: number;
  minCount: number;
  specials: string[];
  merges: [string, string][];
  tokens: string[];
  unseen: [text: string, ids: number[]][];
}

const file = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/text/bpe.json");
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] };

test.each(cases.map((each) => [each.name, each] as const))("recorded: %s", (_, recorded) => {
  const bpe = BytePairEncoding.train(recorded.texts, {
    vocabularySize: recorded.size,
    minCount: recorded.minCount,
    specials: { others: recorded.specials },
  });
  expect(bpe.tokenizerJson.model.merges).toEqual(recorded.merges);
  expect(bpe.vocabulary.tokens).toEqual(recorded.tokens);
  for (const [text, ids] of recorded.unseen) {
    expect(bpe.encode(text)).toEqual(ids);
    expect(bpe.decode(ids)).toBe(text);
  }
});

const french = ["l'été dernier, l'été prochain", "les étés derniers", "l'hiver dernier"];
const bpe = BytePairEncoding.train(french, { vocabularySize: 280, minCount: 1 });

describe("BytePairEncoding", () => {
  test("every text comes back exactly", () => {
    const texts = [
      "été",
      "漢字 😀",
      "\n\t  x  ",
      "\u0000\u007f\u00a0\u0085\ufeff",
      "don't  'S 12½",
      "e\u0301",
      "<eos><pad>",
      "a b",
    ];
    for (const text of [...texts, texts.join(""), "né ".repeat(20_000)]) {
      expect(bpe.decode(bpe.encode(text))).toBe(text);
    }
    expect([bpe.encode(""), bpe.decode([])]).toEqual([[], ""]);
  });

  test("frequent words are one token, and the size is as asked for", () => {
    expect(bpe.tokens("l'été dernier").map((token) => token.length)).toEqual([
      1,
      1,
      "été".length + 2,
      "dernier".length + 1,
    ]);
    expect([bpe.size, bpe.vocabulary.size]).toEqual([280, 280]);
  });

  test("special tokens begin and end, are left out again, and are not found in what people write", () => {
    const { bos, eos, pad } = bpe.vocabulary;
    expect([pad, bos, eos]).toEqual([0, 1, 2]);
    const ids = bpe.encode("<eos> l'été", { bos: true, eos: true });
    expect([ids[0], ids.at(-1)]).toEqual([bos, eos]);
    expect(ids.slice(1, -1).filter((id) => id < 3)).toEqual([]);
    expect(bpe.decode([...ids, pad, pad])).toBe("<eos> l'été");
  });

  test("no joining spells a special token", () => {
    const texts = Array.from({ length: 50 }, () => "<pad> and ab");
    const trained = BytePairEncoding.train(texts, { vocabularySize: 400, specials: { pad: "ab", others: ["<pad>"] } });
    expect(trained.encode("<pad> ab ab").includes(trained.vocabulary.pad)).toBe(false);
    expect(trained.decode(trained.encode("ab <pad>"))).toBe("ab <pad>");
  });

  test("saved and loaded it is the same", () => {
    const again = BytePairEncoding.fromJSON(JSON.parse(JSON.stringify(bpe)));
    expect(again.encode("les étés prochains", { eos: true })).toEqual(bpe.encode("les étés prochains", { eos: true }));
    again.vocabulary.check(bpe.vocabulary.fingerprint);
    expect(JSON.stringify(again)).toBe(JSON.stringify(bpe));
  });

  test("a tokenizer.json of another program", () => {
    // As GPT-2's is: merges as strings, one special token behind the others and missing in the model's own table.
    const { model, ...rest } = bpe.tokenizerJson;
    const merges = model.merges.map((merge) => (merge as [string, string]).join(" "));
    const added_tokens = [...rest.added_tokens, { id: 280, content: "<|endoftext|>", special: true }];
    const other = BytePairEncoding.fromTokenizerJson({ ...rest, added_tokens, model: { ...model, merges } }, {
      eos: "<|endoftext|>",
    });
    expect(other.encode("l'été", { eos: true })).toEqual([...bpe.encode("l'été"), 280]);
    expect(other.decode([280, ...bpe.encode("l'été"), 280])).toBe("l'été");
  });

  test("a character that is cut off is seen as such", () => {
    const ids = bpe.encode("漢");
    expect(ids.length).toBe(3);
    expect(bpe.decode(ids.slice(0, 2))).toBe("\ufffd");
  });

  test("bad input is refused", () => {
    const train = (options: object): BytePairEncoding => BytePairEncoding.train(french, options as never);
    expect(() => train({ vocabularySize: 258 })).toThrow(
      /an integer from 259 \(256 bytes and 3 special tokens\), got 258/,
    );
    expect(() => train({})).toThrow(/got undefined/);
    expect(() => train({ vocabularySize: 300, minCount: 0 })).toThrow(/minCount must be a positive integer, got 0/);
    expect(() => train({ vocabSize: 300 })).toThrow(/unknown option "vocabSize"/);
    expect(() => BytePairEncoding.train([], { vocabularySize: 300 })).toThrow(/no text to learn from/);
    expect(() => bpe.decode([280])).toThrow(/280 is the number of no token/);
    expect(() => bpe.vocabulary.unk).toThrow(/no unk token/);
  });

  test("damaged data is an error", () => {
    const saved = (): BytePairState => JSON.parse(JSON.stringify(bpe));
    for (const wrong of [null, {}, bpe.tokenizerJson]) {
      expect(() => BytePairEncoding.fromJSON(wrong as never)).toThrow(/expected what toJSON\(\) returned/);
    }
    expect(() => BytePairEncoding.fromJSON({ ...saved(), specials: { eos: "l" } })).toThrow(/tokens were altered/);
    const json = bpe.tokenizerJson;
    const others: object[] = [
      { ...json, model: { ...json.model, type: "WordPiece" } },
      { ...json, pre_tokenizer: { type: "Metaspace" } },
      { ...json, normalizer: { type: "NFC" } },
    ];
    for (const other of others) {
      expect(() => BytePairEncoding.fromTokenizerJson(other as TokenizerJson)).toThrow(
        /expected a byte-level byte-pair encoding/,
      );
    }
    const gap = { ...json.model.vocab, extra: 500 };
    expect(() => BytePairEncoding.fromTokenizerJson({ ...json, model: { ...json.model, vocab: gap } })).toThrow(
      /token 280 is undefined/,
    );
  });
});

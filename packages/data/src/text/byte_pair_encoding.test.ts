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

  test("a lone surrogate is refused, since it would come back as another character", () => {
    for (
      const [text, at, code] of [["\ud83d", 0, "d83d"], ["né 😀\ude00x", 5, "de00"], [
        "\ude00\ud83d",
        0,
        "de00",
      ]] as const
    ) {
      const message = `character ${at} of the text is a lone surrogate (\\u${code})`;
      expect(() => bpe.encode(text)).toThrow(`BytePairEncoding: ${message}`);
      expect(() => bpe.tokens(text)).toThrow(/Split texts between whole characters.*or pass text\.toWellFormed\(\)\.$/);
      expect(() => BytePairEncoding.train(["well", text], { vocabularySize: 280 })).toThrow(
        `BytePairEncoding.train: ${message}`,
      );
    }
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
    expect(() => bpe.decode([280])).toThrow(/280 is not a token id of this vocabulary/);
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
      'the token "extra" has the number 500; 284 tokens have integers from 0 to 283',
    );
  });

  test("numbers that cannot be are refused at once, and name the token", () => {
    const with_ = (vocab: object, added: unknown = bpe.tokenizerJson.added_tokens): () => BytePairEncoding => () =>
      BytePairEncoding.fromTokenizerJson(
        JSON.parse(
          JSON.stringify({ ...bpe.tokenizerJson, added_tokens: added, model: { ...bpe.tokenizerJson.model, vocab } }),
        ),
      );
    const { vocab } = bpe.tokenizerJson.model;
    for (const id of [300_000_000, 2 ** 32 - 1, 2 ** 31, -1, 0.5, 1e300, "7", null, [], {}, true]) {
      expect(with_({ ...vocab, extra: id }), String(id)).toThrow(
        /the token "extra" has the number .*; 284 tokens have integers from 0 to 283/,
      );
      expect(with_(vocab, [{ id, content: "<x>" }]), String(id)).toThrow(/"<x>" has the number/);
    }
    expect(with_({ ...vocab, extra: 279 })).toThrow(/"extra" has 279, and so has/);
    expect(with_({ ...vocab, extra: 281 })).toThrow(
      /numbers of 281 tokens are not those from 0 to 280, each once: "extra" has 281/,
    );
    expect(with_(vocab, [{ id: 3, content: "<pad>" }])).toThrow(/"<pad>" has two numbers, 0 and 3/);
    for (const wrong of [undefined, null, 7, "x", []]) {
      expect(with_(wrong as never)).toThrow(/expected model.vocab to be an object/);
    }
    for (const wrong of [null, 7, "x", {}]) expect(with_(vocab, wrong)).toThrow(/expected added_tokens to be a list/);
    expect(with_(vocab, [7])).toThrow(/expected added_tokens\[0\] to be an object, got 7/);
    expect(with_(vocab, [{ id: 0 }])).toThrow(/added_tokens\[0\] has no content/);
    // A name that objects have anyway is a token like another.
    const odd = with_(JSON.parse(`{${JSON.stringify(vocab).slice(1, -1)},"__proto__":280,"constructor":281}`))();
    expect([odd.vocabulary.id("__proto__"), odd.vocabulary.id("constructor"), odd.size]).toEqual([280, 281, 282]);
    expect(odd.decode(odd.encode("__proto__ constructor"))).toBe("__proto__ constructor");
  });

  test("pairs that cannot be joined are refused", () => {
    const with_ = (merges: unknown): () => BytePairEncoding => () =>
      BytePairEncoding.fromTokenizerJson({
        ...bpe.tokenizerJson,
        model: { ...bpe.tokenizerJson.model, merges: merges as never },
      });
    const { merges } = bpe.tokenizerJson.model;
    for (const wrong of ["a", "a b c", 7, null, ["a"], ["a", "b", "c"], ["a", 7], {}]) {
      expect(with_([wrong]), JSON.stringify(wrong)).toThrow(/merge 0 is not a pair of tokens/);
    }
    expect(with_(["€ a"])).toThrow(/merge 0 has "€", which is not a token/);
    expect(with_(["z q"])).toThrow(/merge 0 has "zq", which is not a token/);
    expect(with_([...merges, merges[0]])).toThrow(/is there twice/);
    expect(with_(undefined)).toThrow(/expected model.merges to be a list/);
  });

  test("whatever decides the encoding is in the fingerprint", () => {
    const saved = (): BytePairState => JSON.parse(JSON.stringify(bpe));
    const changes: ((state: BytePairState) => unknown)[] = [
      ({ tokenizer: { model } }) => (model.merges as unknown[]).reverse(),
      ({ tokenizer: { model } }) => (model.merges as unknown[]).pop(),
      ({ tokenizer: { model } }) => (model.merges as unknown[]).splice(0, 2, model.merges[1], model.merges[0]),
      ({ tokenizer: { model } }) => Object.assign(model, { ignore_merges: true }),
      ({ tokenizer: { pre_tokenizer } }) => Object.assign(pre_tokenizer!, { add_prefix_space: true }),
      ({ tokenizer: { pre_tokenizer } }) => Object.assign(pre_tokenizer!, { use_regex: false }),
      ({ tokenizer: { decoder } }) => Object.assign(decoder!, { trim_offsets: false }),
      ({ tokenizer: { model: { vocab } } }) => Object.assign(vocab, { e: vocab["l"], l: vocab["e"] }),
      (state) => Object.assign(state.specials, { eos: "<bos>" }),
      (state) => Object.assign(state.specials, { others: ["l"] }),
      (state) => Object.assign(state, { fingerprint: "0" }),
    ];
    BytePairEncoding.fromJSON(saved()).check(bpe.fingerprint);
    for (const change of changes) {
      const state = saved();
      change(state);
      expect(() => BytePairEncoding.fromJSON(state), String(change)).toThrow(/tokens were altered, or the pairs/);
    }
    const other = BytePairEncoding.train(french, { vocabularySize: 279, minCount: 1 });
    expect(() => other.check(bpe.fingerprint, "runs/x.json")).toThrow(/runs\/x.json was made with another encoding/);
    // What is written about the file, and what this library does not read, decides nothing.
    const state = saved();
    Object.assign(state.tokenizer, { version: "7", post_processor: { type: "x" } });
    expect(BytePairEncoding.fromJSON(state).fingerprint).toBe(bpe.fingerprint);
  });

  test("data of any size is shown in few words", () => {
    const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    for (
      const wrong of [deep, { version: deep }, { version: 2, tokenizer: deep }, "x".repeat(1e6), {
        ["y".repeat(1e6)]: 1,
      }]
    ) {
      let message = "";
      try {
        BytePairEncoding.fromJSON(wrong as never);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^BytePairEncoding\.from/);
      expect(message.length).toBeLessThan(500);
    }
  });
});

import { describe, expect, test } from "vitest";
import { Vocabulary, type VocabularyState } from "./vocabulary.ts";
import { characters, words } from "./words.ts";

const lines = ["b a c", "a b", "a d e"].map((line) => words(line));

describe("build", () => {
  test("special tokens first, then by count, then by spelling", () => {
    const vocabulary = Vocabulary.build(lines);
    expect(vocabulary.tokens).toEqual(["<pad>", "<unk>", "<bos>", "<eos>", "a", "b", "c", "d", "e"]);
    expect([vocabulary.pad, vocabulary.unk, vocabulary.bos, vocabulary.eos, vocabulary.size]).toEqual([0, 1, 2, 3, 9]);
  });

  test("ties do not depend on the order in which tokens come", () => {
    const turned = [...lines].reverse().map((line) => [...line].reverse());
    expect(Vocabulary.build(turned).fingerprint).toBe(Vocabulary.build(lines).fingerprint);
  });

  test("minCount and maxSize bound it", () => {
    expect(Vocabulary.build(lines, { minCount: 2 }).tokens.slice(4)).toEqual(["a", "b"]);
    expect(Vocabulary.build(lines, { maxSize: 6 }).tokens.slice(4)).toEqual(["a", "b"]);
    expect(Vocabulary.build(lines, { maxSize: 5 }).size).toBe(5);
  });

  test("special tokens may be others, fewer, or none", () => {
    expect(Vocabulary.build([characters("hello")], { specials: {} }).tokens).toEqual(["l", "e", "h", "o"]);
    const own = Vocabulary.build([["x"]], { specials: { unk: "?", eos: ".", others: ["<fr>", "<en>"] } });
    expect(own.tokens).toEqual(["?", ".", "<fr>", "<en>", "x"]);
    expect([own.unk, own.eos, own.id("<en>")]).toEqual([0, 1, 3]);
    // GPT-2's way: one token for the end and for padding.
    expect(Vocabulary.build([["x"]], { specials: { pad: "<end>", eos: "<end>" } }).tokens).toEqual(["<end>", "x"]);
  });

  test("a token that is spelt like a special one is that one", () => {
    const vocabulary = Vocabulary.build([["a", "<unk>", "a", "<unk>", "<unk>"]]);
    expect(vocabulary.tokens).toEqual(["<pad>", "<unk>", "<bos>", "<eos>", "a"]);
  });

  test("names of Object's own are tokens like others", () => {
    const vocabulary = Vocabulary.build([["constructor", "__proto__", "constructor"]], { specials: {} });
    expect(vocabulary.encode(["__proto__", "constructor"])).toEqual([1, 0]);
    expect(vocabulary.has("toString")).toBe(false);
  });

  test("bad arguments are refused", () => {
    expect(() => Vocabulary.build(lines, { minCount: 0 })).toThrow(/minCount must be a positive integer, got 0/);
    expect(() => Vocabulary.build(lines, { maxSize: 4 })).toThrow(/above 4, the number of special tokens, got 4/);
    expect(() => Vocabulary.build(["a sentence"])).toThrow(/the string "a sentence"; split it first/);
    expect(() => Vocabulary.build([])).toThrow(/has no tokens/);
    expect(() => Vocabulary.build(lines, { minFreq: 2 } as object)).toThrow(/unknown option "minFreq"/);
    expect(() => Vocabulary.build(lines, { specials: { eof: "x" } as object })).toThrow(/unknown option "eof"/);
    expect(() => new Vocabulary(["a", "b", "a"])).toThrow(/"a" is there twice, as tokens 0 and 2/);
    expect(() => new Vocabulary(["a"], { pad: "<pad>" })).toThrow(/"<pad>" is not among the tokens/);
    expect(() => new Vocabulary(["a", ""])).toThrow(/token 1 is ""/);
  });
});

describe("encode and decode", () => {
  const vocabulary = Vocabulary.build(lines);

  test("there and back", () => {
    const ids = vocabulary.encode(words("a e b"), { bos: true, eos: true });
    expect(ids).toEqual([2, 4, 8, 5, 3]);
    expect(vocabulary.decode([...ids, 0, 0])).toEqual(["a", "e", "b"]);
    expect(vocabulary.decode(ids, { specials: true })).toEqual(["<bos>", "a", "e", "b", "<eos>"]);
  });

  test("what is not known becomes the unknown token, and is seen as such", () => {
    expect(vocabulary.encode(["a", "zebra"])).toEqual([4, 1]);
    expect(vocabulary.decode([4, 1])).toEqual(["a", "<unk>"]);
    expect([vocabulary.has("a"), vocabulary.has("zebra")]).toEqual([true, false]);
  });

  test("without an unknown token an unknown character is an error that names it", () => {
    const letters = Vocabulary.build([characters("abc")], { specials: {} });
    expect(() => letters.encode(characters("abé"))).toThrow(/"é" is not among the 3 tokens/);
    expect(() => letters.eos).toThrow(/no eos token/);
    expect(() => letters.encode(["a"], { bos: true })).toThrow(/no bos token/);
  });

  test("an id that no token has is an error", () => {
    for (const id of [9, -1, 1.5, NaN]) {
      expect(() => vocabulary.decode([id])).toThrow(`${id} is not a token id of this vocabulary`);
    }
  });
});

describe("saved and loaded", () => {
  const vocabulary = Vocabulary.build(lines, { specials: { unk: "<unk>", others: ["<s>"] } });
  const saved = (): VocabularyState => JSON.parse(JSON.stringify(vocabulary));

  test("it is the same again", () => {
    const again = Vocabulary.fromJSON(saved());
    expect(again.tokens).toEqual(vocabulary.tokens);
    expect(again.specials).toEqual(vocabulary.specials);
    again.check(vocabulary.fingerprint);
  });

  test("the fingerprint follows the tokens, their order and the special ones", () => {
    const prints = [
      new Vocabulary(["a", "b"]),
      new Vocabulary(["b", "a"]),
      new Vocabulary(["a", "b", "c"]),
      new Vocabulary(['a","b']),
      new Vocabulary(["a", "b"], { pad: "a" }),
      new Vocabulary(["a", "b"], { unk: "a" }),
    ].map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{16}$/);
    // It stands in files, so it may not change from version to version.
    expect(prints[0]).toBe("d7c3cb36d1594569");
  });

  test("what was saved is refused when any of it is altered or of another kind", () => {
    const saved = (): Record<string, unknown> => JSON.parse(JSON.stringify(vocabulary));
    for (
      const [name, value] of [["specials", { ...vocabulary.specials, others: [vocabulary.tokens.at(-1)!] }], [
        "specials",
        {},
      ], ["fingerprint", 0]] as const
    ) {
      expect(() => Vocabulary.fromJSON({ ...saved(), [name]: value } as never), name).toThrow(/tokens were altered/);
    }
    for (const specials of [null, 7, "pad", ["<pad>"]]) {
      expect(() => Vocabulary.fromJSON({ ...saved(), specials } as never)).toThrow(/specials must be an object/);
    }
    expect(() => Vocabulary.fromJSON({ ...saved(), specials: { others: "ab" } } as never)).toThrow(
      /others must be a list/,
    );
    expect(() => Vocabulary.fromJSON({ ...saved(), specials: { pad: 7 } } as never)).toThrow(
      /special token 7 is not among/,
    );
    const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    expect(() => Vocabulary.fromJSON(deep)).toThrow(/expected what toJSON\(\) returned \(version 1\), got a list of 1/);
    expect(() => Vocabulary.fromJSON({ ...saved(), tokens: [deep] } as never)).toThrow(/token 0 is a list of 1/);
    const odd = new Vocabulary(["__proto__", "constructor", "toString"]);
    expect(Vocabulary.fromJSON(JSON.parse(JSON.stringify(odd))).encode(["toString", "__proto__"])).toEqual([2, 0]);
  });

  test("fingerprints of many vocabularies that differ little differ", () => {
    const prints = new Set(Array.from({ length: 5000 }, (_, i) => new Vocabulary(["a", `t${i}`]).fingerprint));
    expect(prints.size).toBe(5000);
  });

  test("the vocabulary of another model is an error", () => {
    const other = Vocabulary.build([["x"]]);
    expect(() => vocabulary.check(other.fingerprint, "runs/gru.json")).toThrow(
      /runs\/gru\.json was made with another vocabulary .*Load the vocabulary that was saved with it/,
    );
  });

  test("damaged data is an error", () => {
    expect(() => Vocabulary.fromJSON({ ...saved(), tokens: [...saved().tokens].reverse() })).toThrow(/were altered/);
    expect(() => Vocabulary.fromJSON({ ...saved(), version: 2 } as never)).toThrow(/version 1/);
    for (const wrong of [null, 3, [], {}]) {
      expect(() => Vocabulary.fromJSON(wrong as never)).toThrow(/fromJSON: expected/);
    }
  });
});

/** Words that are also names of an object's own fields, and numbers, which objects put first: none may be lost or take another's place. */
import { tensor } from "@heddle/tensor";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConcatDataset } from "../datasets/concat_dataset.ts";
import { encodeImage } from "../images/image_file.ts";
import { ImageFolder } from "../images/image_folder.ts";
import { defaultCollate } from "../loader/collate.ts";
import { pack, unpack } from "../loader/packed_batch.ts";
import { corpusBleu } from "../metrics/bleu.ts";
import { entityF1 } from "../metrics/entity_f1.ts";
import { BytePairEncoding } from "./byte_pair_encoding.ts";
import { Vocabulary } from "./vocabulary.ts";

const WORDS = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "10", "2", "0"];

/** An object with the words as its own fields, which `{ __proto__: … }` would not make. */
const objectOf = <T>(of: (word: string, i: number) => T): Record<string, T> =>
  Object.fromEntries(WORDS.map((word, i) => [word, of(word, i)]));

test("a vocabulary", () => {
  const vocabulary = Vocabulary.build([WORDS, WORDS.slice(0, 3)]);
  expect(vocabulary.size).toBe(WORDS.length + 4);
  const again = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
  for (const each of [vocabulary, again]) {
    expect(each.decode(each.encode(WORDS))).toEqual(WORDS);
    expect(each.encode(["isPrototypeOf", "1"])).toEqual([each.unk, each.unk]);
  }
});

test("byte pairs, trained, saved and read from another program's file", () => {
  const text = WORDS.join(" ");
  const bpe = BytePairEncoding.train(Array<string>(5).fill(text), { vocabularySize: 400 });
  const json = JSON.parse(JSON.stringify(bpe));
  for (const each of [bpe, BytePairEncoding.fromJSON(json), BytePairEncoding.fromTokenizerJson(json.tokenizer)]) {
    expect(each.decode(each.encode(text))).toBe(text);
    for (const word of ["constructor", "toString", "10"]) expect(each.tokens(` ${word}`)).toEqual([`Ġ${word}`]);
  }
  const special = BytePairEncoding.train([text], { vocabularySize: 280, specials: { pad: "__proto__", eos: "10" } });
  const saved = BytePairEncoding.fromJSON(JSON.parse(JSON.stringify(special)));
  expect([saved.vocabulary.pad, saved.vocabulary.eos]).toEqual([0, 1]);
  expect(saved.decode(saved.encode(text, { eos: true }))).toBe(text);
  expect(() => BytePairEncoding.train([text], { vocabularySize: 280, specials: { eos: "2" } })).toThrow(
    /^BytePairEncoding\.train: the special token "2" is also the token of a byte/,
  );
});

test("classes of a folder", async () => {
  const root = await mkdtemp(join(tmpdir(), "heddle-words-"));
  try {
    for (const [i, word] of WORDS.entries()) {
      await mkdir(join(root, word));
      await writeFile(join(root, word, "1.png"), encodeImage(tensor([[i]], { dtype: "uint8" })));
    }
    const folder = await ImageFolder.load(root, { mode: "gray" });
    expect(folder.classes).toEqual([...WORDS].sort());
    const [, label] = await folder.get(folder.classes.indexOf("__proto__"));
    expect(folder.classes[label]).toBe("__proto__");
  } finally {
    await rm(root, { recursive: true });
  }
});

test("fields of samples and batches", () => {
  const batch = defaultCollate([objectOf((_, i) => i), objectOf((_, i) => i + 0.5)]);
  const joined = new ConcatDataset([0, 1].map((part) => ({
    length: 2,
    get: () => objectOf((_, i) => i + part),
    getBatch: () => objectOf((_, i) => tensor([i + part])),
  }))).getBatch!([0, 2]) as typeof batch;
  for (const each of [batch, unpack(pack(batch, [])) as typeof batch, joined]) {
    expect(Object.keys(each).sort()).toEqual([...WORDS].sort());
    expect(Object.getPrototypeOf(each)).toBe(Object.prototype);
    for (const [i, word] of WORDS.entries()) {
      expect(Object.getOwnPropertyDescriptor(each, word)!.value.toArray()[0]).toBe(i);
    }
  }
  expect(() => defaultCollate([{ "a,b": 1 }, { a: 1, b: 1 }] as object[])).toThrow(
    /has the fields \{a,b\}, but sample 1 has/,
  );
});

test("types of entities, and n-grams", () => {
  const gold = WORDS.map((word) => [`B-${word}`, `I-${word}`]);
  const found = WORDS.map((word, i) => [`B-${word}`, i % 2 === 0 ? `I-${word}` : "O"]);
  const { byType, correct } = entityF1(found, gold);
  expect(correct).toBe(WORDS.length / 2);
  expect(Object.keys(byType).sort()).toEqual([...WORDS].sort());
  for (const [i, word] of WORDS.entries()) expect([word, byType[word]!.f1]).toEqual([word, i % 2 === 0 ? 1 : 0]);
  // A type that did not come is undefined, not a function that every object has.
  const { byType: none } = entityF1([["O"]], [["O"]]);
  for (const word of WORDS) expect([word, none[word]]).toEqual([word, undefined]);
  expect(corpusBleu([WORDS.join(" ")], [[WORDS.join(" ")]]).score).toBeCloseTo(100);
});

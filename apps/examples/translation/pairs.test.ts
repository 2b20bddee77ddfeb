import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OptionError } from "../runner/options.ts";
import { collatePairs, encodeSentence, pairLoader, vocabulariesOf } from "./batches.ts";
import { loadPairs } from "./pairs.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-pairs-")));
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string | Uint8Array>): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
}

const MULTI30K = {
  "train.fr": "un chien .\n\nun chat qu&apos; on voit .\r\n",
  "train.en": "a dog .\na bird .\na cat one sees .\n",
  "val.fr": "un homme .\n",
  "val.en": "a man .\n",
};

describe("loadPairs", () => {
  test("Multi30k, both ways; a pair with an empty side is left out, and counted", async () => {
    write(MULTI30K);
    const { train, validation, minCount, about } = await loadPairs(folder, "fr-en");
    expect(train.map((pair) => pair.map((side) => side.join(" ")))).toEqual([
      ["un chien .", "a dog ."],
      ["un chat qu' on voit .", "a cat one sees ."],
    ]);
    expect(validation).toEqual([[["un", "homme", "."], ["a", "man", "."]]]);
    expect(minCount).toBe(2);
    expect(about).toBe(
      "Multi30k: 2 pairs for training, 1 for testing; 1 pairs with an empty side were left out",
    );
    expect((await loadPairs(folder, "en-fr", 1)).train).toEqual([[["a", "dog", "."], ["un", "chien", "."]]]);
  });

  test("files of different lengths are an error, never a wrong alignment", async () => {
    write({ ...MULTI30K, "train.en": "a dog .\na cat .\n" });
    const loading = loadPairs(folder, "fr-en");
    await expect(loading).rejects.toThrow(OptionError);
    await expect(loading).rejects.toThrow(/train\.fr has 3 lines and .*train\.en has 2/);
  });

  test("invalid UTF-8 is an error that names the line", async () => {
    write({ ...MULTI30K, "val.fr": Uint8Array.of(0x75, 0x6e, 0x20, 0xe9, 0x0a) });
    await expect(loadPairs(folder, "fr-en")).rejects.toThrow(/val\.fr: line 1 is not UTF-8/);
  });

  test("fra.txt: no validation sentence is in the training set, in any translation", async () => {
    const lines = Array.from(
      { length: 400 },
      (_, i) => `Go ${i >> 1}.\tVa ${i}${i % 7 === 0 ? "" : " !"}\tattribution`,
    );
    write({ "fra.txt": lines.join("\n") });
    const { train, validation } = await loadPairs(folder, "fr-en");
    expect(validation.length).toBeGreaterThan(15);
    expect(train.length + validation.length).toBe(400);
    const trained = new Set(train.flatMap((pair) => pair.map((side) => side.join(" "))));
    for (const pair of validation) for (const side of pair) expect(trained).not.toContain(side.join(" "));
  });

  test("a long sentence is left out, and counted", async () => {
    write({ ...MULTI30K, "train.fr": `${"très ".repeat(70)}long .\nun chien .\nun chat .\n` });
    const { train, about } = await loadPairs(folder, "fr-en");
    expect(train).toHaveLength(2);
    expect(about).toContain("1 pairs of more than 60 words were left out");
  });

  test("another folder is an error that says what is expected", async () => {
    write({ "readme.txt": "nothing" });
    await expect(loadPairs(folder, "fr-en")).rejects.toThrow(/expected Multi30k's train\.fr, .* or Tatoeba's fra\.txt/);
  });

  test("without a folder: the small grammar, no sentence on both sides", async () => {
    const { train, validation } = await loadPairs(null, "fr-en");
    expect([train.length, validation.length]).toEqual([1520, 80]);
    const trained = new Set(train.map(([source]) => source.join(" ")));
    for (const [source] of validation) expect(trained).not.toContain(source.join(" "));
  });
});

describe("batches", () => {
  const pairs = [[["a", "b"], ["c"]], [["a"], ["c", "c", "d"]]] as const;

  test("inputs are the targets shifted by one; rows are padded with 0", () => {
    const { source, target } = vocabulariesOf(pairs, 1);
    const encoded = pairs.map(([from, to]) => [encodeSentence(source, from), encodeSentence(target, to)] as const);
    const batch = collatePairs(encoded, target.bos);
    const [a, b, c, d] = [source.id("a"), source.id("b"), target.id("c"), target.id("d")];
    const { bos, eos } = target;
    expect(batch.source.toArray()).toEqual([[a, b, eos], [a, eos, 0]]);
    expect(batch.lengths).toEqual([3, 2]);
    expect(batch.previous.toArray()).toEqual([[bos, c, 0, 0], [bos, c, c, d]]);
    expect(batch.next.toArray()).toEqual([[c, eos, 0, 0], [c, c, d, eos]]);
    expect(batch.words).toBe(6);
  });

  test("every pair comes once in an epoch; a shared vocabulary is one", async () => {
    const { train } = await loadPairs(null, "fr-en", 100);
    const vocabularies = vocabulariesOf(train, 1, true);
    expect(vocabularies.source).toBe(vocabularies.target);
    let rows = 0, words = 0;
    for (const batch of pairLoader(train, vocabularies, { batchSize: 16, shuffle: true })) {
      rows += batch.lengths.length;
      words += batch.words;
      expect(Math.max(...batch.lengths)).toBe(batch.source.shape[1]);
    }
    expect(rows).toBe(100);
    expect(words).toBe(train.reduce((sum, [, target]) => sum + target.length + 1, 0));
  });
});

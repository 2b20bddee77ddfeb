import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { loadCorpus, tagsOf, Words } from "./corpus.ts";
import { drawSentences } from "./synthetic_sentences.ts";
import { tagger } from "./main.ts";
import { bracketEntities } from "./entity_brackets.ts";
import { countInconsistent } from "./train.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-tagger-")));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(args: string[], lines: string[] = []) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
    stdin: (async function* () {
      yield* lines;
    })(),
  };
  const code = await runExample(tagger, [...args, "--out", join(folder, "out")], streams);
  return { code, said, stdout };
}

describe("tagger", () => {
  test("the CRF finds more entities and finds them completely; --ask works", { tags: ["long", "once"] }, async () => {
    const { code, stdout } = await run(["--repeat", "1", "--epochs", "12", "--json"]);
    const figures = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(figures).toMatchObject({ seeds: [0], epochs: 12, steps: 300 });
    expect(figures.f1PercentCrf).toBeGreaterThan(65);
    expect(figures.f1PercentCrf).toBeGreaterThan(figures.f1Percent + 4);
    expect(figures.inconsistentCrf[0]).toBeLessThan(figures.inconsistent[0] / 3);
    expect(figures.examples).toHaveLength(5);
    const page = readFileSync(join(folder, "out", "index.html"), "utf8");
    for (const picture of ["f1", "transitions"]) {
      expect(page).toContain(`src="${picture}.svg"`);
      expect(readFileSync(join(folder, "out", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
    const long = Array(201).fill("name").join(" ");
    const asked = await run(["--ask"], [
      "Hugo Vance visited Tunis yesterday .\n",
      `${long}\n`,
      "a horse from Oslo was old .\n",
    ]);
    expect(asked.stdout.split("\n")).toEqual([
      "[PER Hugo Vance] visited [LOC Tunis] yesterday .",
      "",
      "a horse from [LOC Oslo] was old .",
      "",
    ]);
    expect(asked.said).toContain("line 2: this line has 201 words; at most 200 are allowed");
  });

  test("a dry run takes a step of each and writes nothing", async () => {
    const { stdout, said } = await run(["--dry-run", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: [0], epochs: 1, steps: 1 });
    expect(said).toContain("Dry run: nothing was written.");
  });

  test("--ask without a model is an error", async () => {
    const { code, said } = await run(["--ask"], ["a\n"]);
    expect(code).toBe(2);
    expect(said).toMatch(/--ask: there is no .*tagger\.safetensors; train first/);
  });
});

describe("sentences", () => {
  test("the grammar's are tagged without contradiction, and hold names that are not to be learned", () => {
    const [known, unknown] = [drawSentences(300, 1, false), drawSentences(300, 1, true)];
    expect(drawSentences(300, 1, false)).toEqual(known);
    expect(countInconsistent([...known, ...unknown].map(({ tags }) => tags))).toBe(0);
    expect(tagsOf(known)).toEqual(["B-LOC", "B-ORG", "B-PER", "B-WORK", "I-LOC", "I-ORG", "I-PER", "I-WORK", "O"]);
    const words = Words.of(known);
    const shape = words.vocabulary.id("<Unknown>");
    const share = (ids: number[]): number => ids.filter((id) => id === shape).length / ids.length;
    const all = (sentences: typeof known): number[] => sentences.flatMap((sentence) => words.encode(sentence.words));
    expect(share(all(known))).toBeLessThan(0.01);
    expect(share(all(unknown))).toBeGreaterThan(0.05);
  });

  test("unknown words are known by their shape, and a capital at the beginning is nothing", () => {
    const words = Words.of([{ words: ["the", "the", "end", "end"], tags: ["O", "O", "O", "O"] }]);
    const tokens = (...text: string[]): string[] => words.encode(text).map((id) => words.vocabulary.token(id));
    expect(tokens("The", "End", "of", "2001")).toEqual(["the", "<Unknown>", "<unknown>", "<0>"]);
  });

  test("columns of CoNLL are read, and a line without a tag is an error", async () => {
    const data = join(folder, "data");
    mkdirSync(data);
    writeFileSync(
      join(data, "train.txt"),
      "-DOCSTART- -X- O O\n\nAda NNP I-NP B-PER\nsmiled VBD I-VP O\n\nLima NNP I-NP B-LOC\n",
    );
    writeFileSync(join(data, "test.txt"), "Ada B-PER\n\n\nsmiled O\n");
    expect(await loadCorpus(data, null)).toMatchObject({
      train: [{ words: ["Ada", "smiled"], tags: ["B-PER", "O"] }, { words: ["Lima"], tags: ["B-LOC"] }],
      test: [{ words: ["Ada"], tags: ["B-PER"] }, { words: ["smiled"], tags: ["O"] }],
    });
    writeFileSync(join(data, "test.txt"), "Ada B-PER\nsmiled\n");
    await expect(loadCorpus(data, null)).rejects.toThrow(/line 2 of .*test\.txt ends in "smiled", which is not a tag/);
    await expect(loadCorpus(folder, null)).rejects.toThrow("expected a folder with train.txt and test.txt");
  });

  test("entities in brackets; an I- tag without a beginning starts one", () => {
    const words = ["Ada", "Bay", "of", "Lima", "slept"];
    expect(bracketEntities(words, ["B-PER", "B-LOC", "I-LOC", "I-LOC", "O"])).toBe("[PER Ada] [LOC Bay of Lima] slept");
    expect(bracketEntities(words, ["O", "I-LOC", "O", "I-LOC", "I-PER"])).toBe(
      "Ada [LOC Bay] of [LOC Lima] [PER slept]",
    );
    expect(countInconsistent([["O", "I-LOC", "O", "I-LOC", "I-PER"], ["I-PER", "I-PER"], ["B-LOC", "I-PER"]])).toBe(5);
  });
});

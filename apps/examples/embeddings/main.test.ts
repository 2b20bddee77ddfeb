import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { countWords, loadText } from "./corpus.ts";
import { embeddings } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-embeddings-")));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(out: string, args: string[], { lines = [] as string[], crashAt = "never" } = {}) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: {
      write: (text: string) => {
        said += text;
        if (text.includes(crashAt)) throw new Error("the power went");
      },
    },
    stdin: (async function* () {
      yield* lines;
    })(),
  };
  const code = await runExample(embeddings, [...args, "--out", join(folder, out)], streams);
  return { code, said, stdout };
}

describe("embeddings", () => {
  test("words that belong together are closer; products are the mutual information; the vectors answer", {
    tags: ["long", "once"],
  }, async () => {
    const { code, stdout } = await run("a", ["--limit", "6000", "--batch", "128", "--dim", "24", "--json"]);
    const figures = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(figures.groupWords).toBe(78);
    expect(figures.closerPercent).toBeGreaterThan(97);
    expect(figures.nearestPercent).toBeGreaterThan(90);
    expect(figures.nearestByChancePercent).toBeLessThan(10);
    expect(figures.meanCosineWithin).toBeGreaterThan(figures.meanCosineAcross + 0.2);
    expect(figures.pmiCorrelation).toBeGreaterThan(0.75);
    const page = readFileSync(join(folder, "a", "index.html"), "utf8");
    for (const picture of ["map", "groups", "loss", "pmi"]) {
      expect(page).toContain(`src="${picture}.svg"`);
      expect(readFileSync(join(folder, "a", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
    const asked = await run("a", ["--ask"], { lines: ["Guitar\nunicorn\n\n"] });
    const [guitar, unicorn, empty] = asked.stdout.split("\n");
    expect(
      guitar!.split(", ").slice(0, 3).every((near) => /^(drums|piano|violin|trumpet|flute) [01]\.\d\d$/.test(near)),
    )
      .toBe(true);
    expect([unicorn, empty]).toEqual(["", ""]);
    expect(asked.said).toContain('line 2: "unicorn" is not among the 151 words of the text, or is too rare');
  });

  test("resumes to the same bits", { tags: ["once"] }, async () => {
    const args = ["--limit", "600", "--epochs", "3", "--batch", "64", "--dim", "8", "--json"];
    const whole = await run("whole", args);
    const crash = run("crashed", [...args, "--checkpoint-every", "7"], { crashAt: "60%" });
    await expect(crash).rejects.toThrow("the power went");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(JSON.parse(resumed.stdout)).toEqual(JSON.parse(whole.stdout));
    const bytes = (out: string) => readFileSync(join(folder, out, "vectors.safetensors"));
    expect(bytes("crashed").equals(bytes("whole"))).toBe(true);
    const lines = (out: string) =>
      readFileSync(join(folder, out, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => ({
        ...JSON.parse(line),
        seconds: 0,
      }));
    expect(lines("crashed")).toEqual(lines("whole"));
  });

  test("a dry run takes one step", async () => {
    const { stdout, said } = await run("dry", ["--dry-run", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 1 });
    expect(said).toContain("Dry run: nothing was written.");
  });

  test("without vectors there is nothing to ask", async () => {
    const { code, said } = await run("none", ["--ask"]);
    expect(code).toBe(2);
    expect(said).toMatch(/--ask: there is no .*vectors\.safetensors; learn vectors first/);
  });
});

describe("texts", () => {
  test("a file or all files of a folder; words small, without punctuation and numbers; rare ones left out", async () => {
    writeFileSync(join(folder, "b.txt"), "The dog, the CAT!\n\n... 12\n");
    writeFileSync(join(folder, "a.txt"), "A dog\n");
    const text = await loadText(folder, 1, null);
    expect(text.sentences.map((ids) => text.vocabulary.decode(ids))).toEqual([["a", "dog"], [
      "the",
      "dog",
      "the",
      "cat",
    ]]);
    expect(text.counts).toEqual([2, 2, 1, 1]);
    const frequent = await loadText(join(folder, "b.txt"), 1, null);
    expect(frequent.sentences).toHaveLength(1);
    expect(countWords([["a", "b", "a", "b", "c"]], 2, "").sentences).toEqual([Int32Array.of(0, 1, 0, 1)]);
  });

  test("errors", async () => {
    writeFileSync(join(folder, "empty.txt"), "\n1 2\n");
    await expect(loadText(join(folder, "empty.txt"), 1, null)).rejects.toThrow("there is no text in it");
    await expect(loadText(join(folder, "none"), 1, null)).rejects.toThrow("there is no such file or folder");
    expect(() => countWords([["a", "b"]], 2, "")).toThrow("--min-count 2: fewer than two words are that frequent");
  });
});

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testRun, type TestRunOptions } from "../runner/test_harness.ts";
import { translate } from "./main.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "heddle-translate-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(out: string, args: string[], options: TestRunOptions = {}) {
  const { code, stdout, stderr } = await testRun(translate, [...args, "--out", join(folder, out)], options);
  return { code, stdout, stderr, figures: stdout.startsWith("{") ? JSON.parse(stdout) : null };
}

// Small and quick, for the sentences of the small grammar.
const QUICK = ["--hidden", "64", "--embedding", "64", "--dropout", "0.1", "--batch", "32", "--lr", "5e-3", "--json"];
const TINY = ["--hidden", "8", "--embedding", "8", "--batch", "10", "--limit", "40", "--json"];

describe("translate", () => {
  test("attention learns the small grammar, and without it the same network does not", async () => {
    const args = [...QUICK, "--bidirectional", "--epochs", "2"];
    const { code, figures, stderr } = await run("dot", [...args, "--attention", "dot"]);
    expect(code).toBe(0);
    expect(figures).toMatchObject({ direction: "fr-en", attention: "dot", bidirectional: true, epochs: 2, steps: 96 });
    expect(figures.greedyBleu).toBeGreaterThan(60);
    expect(figures.beamBleu).toBeGreaterThan(60);
    expect(figures.bleu).toHaveLength(2);
    expect(figures.bleu[1]).toBeCloseTo(figures.greedyBleu, 6);
    expect(figures.samples).toHaveLength(8);
    expect(stderr).toContain("Generated sentences: 1,520 pairs for training, 80 for testing");
    const page = readFileSync(join(folder, "dot", "index.html"), "utf8");
    for (const picture of ["loss", "bleu", "attention-1", "attention-4"]) {
      expect(page).toContain(`src="${picture}.svg"`);
      expect(readFileSync(join(folder, "dot", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
    const without = await run("none", [...args, "--attention", "none"]);
    expect(without.figures.greedyBleu).toBeLessThan(figures.greedyBleu - 20);
    expect(existsSync(join(folder, "none", "attention-1.svg"))).toBe(false);
  });

  test("--ask translates lines; rejected lines keep their place", async () => {
    const typed = ["Où est le chat noir ?", "", "très ".repeat(80), "Où est le zèbre ?"].join("\n");
    const { code, stdout, stderr } = await run("dot", ["--ask"], { typed });
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^where is the .*cat\?$/);
    expect(lines.slice(1, 3)).toEqual(["", ""]);
    // An unknown word is not an error.
    expect(lines[3]).toMatch(/^where is the /);
    expect(stderr).toContain("French to English");
    expect(stderr).toContain(
      "line 3: this sentence has 80 words and punctuation marks, and the model was trained with at most 60",
    );
  });

  test("the vocabulary of another model is an error", async () => {
    await run("other", [...TINY, "--epochs", "1"]);
    copyFileSync(join(folder, "other", "vocabularies.json"), join(folder, "dot", "vocabularies.json"));
    const { code, stderr } = await run("dot", ["--ask"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/translate\.safetensors was made with another vocabulary/);
  });

  test("nothing was trained there: the error says what to do", async () => {
    const { code, stderr } = await run("empty", ["--ask"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no .*translate\.safetensors; train a model first, or name its folder with --out/);
  });

  test("resumes to the same bits, with its own words as input", { tags: ["once"] }, async () => {
    const args = [...TINY, "--epochs", "2", "--teacher-forcing", "0.5", "--direction", "en-fr"];
    const whole = await run("whole", args);
    await expect(run("crashed", [...args, "--checkpoint-every", "5"], { crashAt: "87%" })).rejects.toThrow(
      "the power went",
    );
    const resumed = await run("crashed", [...args, "--resume"]);
    expect({ ...resumed.figures, seconds: 0 }).toEqual({ ...whole.figures, seconds: 0 });
    const weights = (out: string): Buffer => readFileSync(join(folder, out, "translate.safetensors"));
    expect(weights("crashed").equals(weights("whole"))).toBe(true);
  });

  test("a dry run takes one step and writes nothing", async () => {
    const { figures, stderr } = await run("dry", ["--dry-run", "--json", "--hidden", "16"]);
    expect(figures.steps).toBe(1);
    expect(stderr).toContain("Dry run: nothing was written.");
    expect(readdirSync(folder)).not.toContain("dry");
  });
});

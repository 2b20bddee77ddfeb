import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testRun, type TestRunOptions, type TestRunResult } from "../runner/test_harness.ts";
import { transformer } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-transformer-")));
afterEach(() => rmSync(folder, { recursive: true }));

const SMALL = [
  "--layers",
  "1",
  "--heads",
  "2",
  "--width",
  "48",
  "--feed-forward",
  "96",
  "--batch",
  "16",
  "--lr",
  "0.004",
];

/** The figures that `--json` prints. */
interface TransformerFigures {
  words: number;
  parameters: number;
  epochs: number;
  steps: number;
  validationLoss: number[];
  bleu: number[];
  greedyBleu: number;
  beamBleu: number;
  samples: { source: string; reference: string; greedy: string; beam: string }[];
}

const run = (out: string, args: string[], options: TestRunOptions = {}): Promise<TestRunResult> =>
  testRun(transformer, [...SMALL, ...args, "--out", join(folder, out)], options);

// Together they take twelve seconds on an idle machine.
describe("transformer", () => {
  test(
    "learns to translate sentences of the small grammar, draws its heads, and replies to lines",
    { tags: ["once"] },
    async () => {
      const args = ["--pieces", "0", "--limit", "400", "--epochs", "10", "--json"];
      const { code, stdout } = await run("learned", args);
      expect(code).toBe(0);
      const figures: TransformerFigures = JSON.parse(stdout);
      expect(figures).toMatchObject({ epochs: 10, steps: 250 });
      // It reaches about 59; untrained it has 0.
      expect(figures.bleu[0]).toBeLessThan(5);
      expect(figures.greedyBleu).toBeGreaterThan(30);
      expect(figures.beamBleu).toBeGreaterThan(30);
      expect(figures.validationLoss[9]).toBeLessThan(0.5 * figures.validationLoss[0]!);
      const page = readFileSync(join(folder, "learned", "index.html"), "utf8");
      for (const picture of ["loss.svg", "bleu.svg", "attention-1.svg", "heads-1.svg"]) {
        expect(page).toContain(`src="${picture}"`);
      }
      const heads = readFileSync(join(folder, "learned", "heads-1.svg"), "utf8");
      expect(heads).toContain("head 2");
      // Each word of the translation and its end, for each head, looks at one word at least.
      const { greedy } = figures.samples[0]!;
      expect(heads.match(/<rect/g)!.length).toBeGreaterThan(2 * greedy.split(" ").length);

      const tooLong = "le ".repeat(61).trim();
      const asked = await run("learned", ["--ask"], { typed: `Où est le chat ?\n\n${tooLong}\n` });
      const answers = asked.stdout.split("\n");
      expect(answers).toHaveLength(4);
      expect(answers[0]).toMatch(/^where is .*\?$/);
      expect(answers.slice(1)).toEqual(["", "", ""]);
      expect(asked.stderr).toMatch(/line 3: this sentence has 61 words/);
    },
  );

  test("a crashed run resumes to the same bits, with words by pieces", { tags: ["once"] }, async () => {
    const args = ["--limit", "64", "--epochs", "2", "--json"];
    const whole = await run("whole", args);
    await expect(run("crashed", [...args, "--checkpoint-every", "2"], { crashAt: "75%" })).rejects.toThrow("power");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(resumed.stderr).toMatch(/Resuming at step 4 of 8/);
    const results = (out: string, stdout: string): unknown => {
      const metrics = readFileSync(join(folder, out, "metrics.jsonl"), "utf8").trim().split("\n");
      return [
        { ...JSON.parse(stdout), seconds: 0 },
        metrics.map((line) => ({ ...JSON.parse(line), seconds: 0 })),
        readFileSync(join(folder, out, "transformer.safetensors"), "latin1"),
      ];
    };
    expect(results("crashed", resumed.stdout)).toEqual(results("whole", whole.stdout));

    const other = await run("crashed", [...args, "--resume", "--norm", "last"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/is of another training: norm first there, last here/);
    // No word is unknown, and this model is hardly trained: any output is one line.
    const asked = await run("crashed", ["--ask", "--json"], { typed: "où est le chat ? 🐈" });
    expect(JSON.parse(asked.stdout)).toEqual({ answered: 1, refused: 0 });
  });

  test("a dry run takes one step", async () => {
    const { code, stdout } = await run("dry", ["--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Dry run: nothing was written.");
  });

  test("invalid options are errors that say what is valid", async () => {
    expect((await run("a", ["--heads", "5"])).stderr).toMatch(/--width 48: expected a multiple of 10/);
    expect((await run("a", ["--pieces", "100"])).stderr).toMatch(/--pieces 100: expected 0, or at least 300/);
    expect((await run("a", ["--data", folder])).stderr).toMatch(/expected Multi30k's train\.fr/);
    expect((await run("a", ["--ask"])).stderr).toMatch(/there is no .*transformer\.safetensors; train a model first/);
  });
});

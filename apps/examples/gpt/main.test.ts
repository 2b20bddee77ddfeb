import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setMatmulPrecision } from "@heddle/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testRun, type TestRunOptions, type TestRunResult } from "../runner/test_harness.ts";
import { gpt } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-gpt-")));
afterEach(() => {
  setMatmulPrecision("highest");
  rmSync(folder, { recursive: true });
});

const SMALL = [
  "--layers",
  "2",
  "--heads",
  "2",
  "--width",
  "32",
  "--context",
  "64",
  "--limit",
  "6000",
  "--length",
  "100",
];

/** The figures that `--json` prints. */
interface GptFigures {
  device: string;
  parameters: number;
  epochs: number;
  steps: number;
  trainLoss: number[];
  heldOut: number[];
  heldOutNatsPerCharacter: number;
  heldOutNatsPerToken: number;
  idealNatsPerCharacter: number;
  text: string;
}

const run = (out: string, args: string[], options: TestRunOptions = {}): Promise<TestRunResult> =>
  testRun(gpt, [...SMALL, ...args, "--out", join(folder, out)], options);

async function figures(out: string, ...args: string[]): Promise<GptFigures> {
  const { code, stdout, stderr } = await run(out, [...args, "--json"]);
  expect([code, stderr]).toEqual([0, stderr]);
  return JSON.parse(stdout);
}

// Together they take ten seconds on an idle machine.
describe("gpt", () => {
  test("learns the play, generates it, and continues lines", { tags: ["once"] }, async () => {
    const learned = await figures("play", "--epochs", "15", "--batch", "8", "--lr", "0.01");
    expect(learned.heldOut).toHaveLength(15);
    // A uniform guess among its 47 characters costs 3.85 nats, a guess by their frequencies about 2.9; it reaches 0.95.
    const { heldOutNatsPerCharacter: reached, idealNatsPerCharacter: ideal } = learned;
    expect(reached).toBeGreaterThan(ideal);
    expect(reached).toBeLessThan(1.3);
    expect(learned.text).toMatch(/\bthe\b/);
    const page = readFileSync(join(folder, "play", "index.html"), "utf8");
    for (const picture of ["loss.svg", "held-out.svg", "heads.svg"]) expect(page).toContain(`src="${picture}"`);

    const asked = await run("play", ["--ask"], { typed: "WEAVER:\n\nα and ω\nthe grey fox" });
    const answers = asked.stdout.split("\n");
    expect(answers).toHaveLength(5);
    expect(answers[0]).toMatch(/^WEAVER:( \/|$)/);
    expect([answers[1], answers[2]]).toEqual(["", ""]);
    expect(answers[3]).toMatch(/^the grey fox.{50}/);
    expect(asked.stderr).toMatch(/line 3: α ω did not occur in the training text/);
  });

  test(
    "rounding products to bfloat16 changes the loss by less than the seed does",
    { tags: ["once", "long"] },
    async () => {
      const losses = async (seed: number, precision: string): Promise<number[]> => {
        const args = [
          "--seed",
          String(seed),
          "--precision",
          precision,
          "--epochs",
          "8",
          "--batch",
          "8",
          "--lr",
          "0.01",
        ];
        return (await figures(`${precision}-${seed}`, ...args)).trainLoss;
      };
      const finals = new Map<string, number[]>();
      for (const precision of ["highest", "medium"]) {
        const runs = [await losses(1, precision), await losses(2, precision), await losses(3, precision)];
        for (const run of runs) expect(run.at(-1)!).toBeLessThan(0.7 * run[0]!);
        finals.set(precision, runs.map((run) => run.at(-1)!));
      }
      const [exact, rounded] = [finals.get("highest")!, finals.get("medium")!];
      expect(rounded).not.toEqual(exact);
      const spread = Math.max(...exact) - Math.min(...exact);
      const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
      expect(Math.abs(mean(rounded) - mean(exact))).toBeLessThan(Math.max(spread, 0.03));
    },
  );

  test("a crashed run resumes to the same bits", { tags: ["once"] }, async () => {
    const args = ["--epochs", "2", "--batch", "8", "--json"];
    const whole = await run("whole", args);
    await expect(run("crashed", [...args, "--checkpoint-every", "4"], { crashAt: "72%" })).rejects.toThrow("power");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(resumed.stderr).toMatch(/Resuming at step (4|8|12|16|20) of 22\./);
    const results = (out: string, stdout: string): unknown => {
      const metrics = readFileSync(join(folder, out, "metrics.jsonl"), "utf8").trim().split("\n");
      return [
        { ...JSON.parse(stdout), secondsPerEpoch: 0 },
        metrics.map((line) => ({ ...JSON.parse(line), seconds: 0 })),
        readFileSync(join(folder, out, "gpt.safetensors"), "latin1"),
      ];
    };
    expect(results("crashed", resumed.stdout)).toEqual(results("whole", whole.stdout));

    const other = await run("crashed", [...args, "--resume", "--width", "16"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/is of another training: width 32 there, 16 here/);
  });

  test(
    "learns by pieces of words too, and the cost of a character is what the pieces cost",
    { tags: ["once"] },
    async () => {
      const learned = await figures(
        "pieces",
        "--tokens",
        "bpe",
        "--vocabulary",
        "300",
        "--epochs",
        "4",
        "--batch",
        "8",
      );
      const { heldOut, heldOutNatsPerCharacter, heldOutNatsPerToken } = learned;
      expect(heldOut[3]).toBeLessThan(heldOut[0]!);
      // A piece stands for several characters of the play.
      expect(heldOutNatsPerToken).toBeGreaterThan(1.5 * heldOutNatsPerCharacter);
      expect(learned.text.length).toBeGreaterThan(100);
      const asked = await run("pieces", ["--ask"], { typed: "α the" });
      expect(asked.stdout).toMatch(/^α the/);
    },
  );

  test("a dry run takes one step", async () => {
    const { code, stdout } = await run("dry", ["--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Dry run: nothing was written.");
  });

  test("invalid options are errors that say what is valid", async () => {
    expect((await run("a", ["--width", "30"])).stderr).toMatch(/--width 30: expected a multiple of 4, an even number/);
    expect((await run("a", ["--context", "256", "--limit", "50"])).stderr).toMatch(
      /--context 256: .* has \d+ tokens; use a longer text/,
    );
    expect((await run("a", ["--prompt", "äh"])).stderr).toMatch(/--prompt: ä does not occur in the text/);
    expect((await run("a", ["--ask"])).stderr).toMatch(/there is no gpt\.safetensors in it; train first/);
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { lenet } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-resume-")));
afterEach(() => rmSync(folder, { recursive: true }));

const SMALL = ["--limit", "60", "--epochs", "3", "--seed", "3"];

/** Runs until a line with `crashAt` is printed, if one is given; returns the exit code, the figures and the output. */
async function run(
  out: string,
  args: string[],
  crashAt = "never",
): Promise<{ code: number; figures: string; said: string }> {
  let figures = "", said = "";
  const code = await runExample(lenet, [...SMALL, ...args, "--json", "--out", join(folder, out)], {
    stdout: { write: (text) => figures += text },
    stderr: {
      write: (text) => {
        said += text;
        if (text.includes(crashAt)) throw new Error("the power went");
      },
    },
  });
  return { code, figures, said };
}

/** What must be equal in two runs: everything but the times. */
function results(out: string, figures: string): unknown {
  const file = (name: string): string => readFileSync(join(folder, out, name), "latin1");
  const metrics = file("metrics.jsonl").trim().split("\n").map((line) => ({ ...JSON.parse(line), seconds: 0 }));
  return { ...JSON.parse(figures), secondsPerEpoch: 0, metrics, weights: file("lenet5.safetensors") };
}

// 18 steps in three epochs; half way is after step 9, in the second epoch.
test.each([
  ["after the last epoch", [], [], 6],
  ["in the middle of an epoch", [], ["--checkpoint-every", "4"], 8],
  ["in the middle of an epoch of digits that are distorted at random", ["--augment"], ["--checkpoint-every", "4"], 8],
])("a crashed run resumes to the same bits, from its checkpoint %s", async (_, args, often, step) => {
  const whole = await run("whole", args);
  await expect(run("crashed", [...args, ...often], "50%")).rejects.toThrow("the power went");
  const resumed = await run("crashed", [...args, "--resume"]);
  expect(resumed.said).toContain(`Resuming at step ${step} of 18.`);
  expect(results("crashed", resumed.figures)).toEqual(results("whole", whole.figures));

  const over = await run("crashed", [...args, "--resume"]);
  expect(over.said).toContain("Resuming at step 18 of 18.");
  expect(results("crashed", over.figures)).toEqual(results("whole", whole.figures));
});

test("other options than the checkpoint's are refused before anything is written", async () => {
  await run("a", []);
  const metrics = readFileSync(join(folder, "a", "metrics.jsonl"), "utf8");
  const { code, figures, said } = await run("a", ["--resume", "--lr", "0.01", "--model", "mlp"]);
  expect([code, figures]).toEqual([2, ""]);
  expect(said).toMatch(
    /is of another training: model lenet5 there, mlp here; batch 10 there, 100 here; lr 0.05 there, 0.01 here/,
  );
  expect(readFileSync(join(folder, "a", "metrics.jsonl"), "utf8")).toBe(metrics);
});

test("--repeat compares seeds, and resumes unfinished ones", async () => {
  const args = ["--repeat", "3", "--model", "mlp", "--batch", "20"];
  const whole = JSON.parse((await run("whole", args)).figures);
  expect(whole.seeds).toEqual([3, 4, 5]);
  expect(new Set(whole.testErrorPercent).size).toBeGreaterThan(1);
  expect(whole.worst).toBe(Math.max(...whole.testErrorPercent));
  expect(whole.best).toBe(Math.min(...whole.testErrorPercent));
  const alone = JSON.parse((await run("alone", ["--model", "mlp", "--batch", "20", "--seed", "4"])).figures);
  expect(alone.testErrorPercent.at(-1)).toBe(whole.testErrorPercent[1]);

  await expect(run("crashed", args, "Seed 5")).rejects.toThrow("the power went");
  const resumed = await run("crashed", [...args, "--resume"]);
  expect(resumed.said).toMatch(/at step 9 of 9[^]*at step 9 of 9[^]*There is no checkpoint; training starts/);
  expect(JSON.parse(resumed.figures)).toEqual({ ...whole, seconds: expect.anything() });
  expect(readFileSync(join(folder, "crashed", "repeat.svg"), "utf8")).toContain("over 3 seeds");
});

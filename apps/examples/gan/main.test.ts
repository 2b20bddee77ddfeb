import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { gan } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-gan-")));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(out: string, args: string[], crashAt = "never") {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: {
      write: (text: string) => {
        said += text;
        if (text.includes(crashAt)) throw new Error("the power went");
      },
    },
  };
  const code = await runExample(gan, [...args, "--json", "--out", join(folder, out)], streams);
  if (stdout === "") throw new Error(said);
  return { code, said, figures: JSON.parse(stdout) };
}

describe("gan", () => {
  test("learns to draw several digits that a classifier tells apart", { tags: ["long", "once"] }, async () => {
    const { code, figures, said } = await run("a", [
      "--limit",
      "400",
      "--epochs",
      "5",
      "--batch",
      "25",
      "--lr",
      "2e-3",
    ]);
    expect(code).toBe(0);
    expect(figures).toMatchObject({ epochs: 5, steps: 80 });
    // Untrained it always generates similar grey noise: 1. Ten would be every digit, each with certainty.
    expect(figures.scoreBeforeTraining).toBeLessThan(1.2);
    expect(figures.score).toBeGreaterThan(1.8);
    expect(figures.score).toBeLessThan(figures.scoreOfTestDigits);
    expect(figures.shares.filter((share: number) => share > 0.02).length).toBeGreaterThanOrEqual(5);
    expect(said).toContain("before training");
    const page = readFileSync(join(folder, "a", "index.html"), "utf8");
    for (const picture of ["samples", "interpolations", "losses", "accuracy"]) {
      expect(page).toContain(`src="${picture}.svg"`);
      expect(readFileSync(join(folder, "a", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
  });

  test("resumes to the same bits and the same pictures, noise included", { tags: ["once"] }, async () => {
    const args = ["--limit", "60", "--epochs", "2", "--batch", "10"];
    const whole = await run("whole", args);
    await expect(run("crashed", [...args, "--checkpoint-every", "4"], "75%")).rejects.toThrow("the power went");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(resumed.figures).toEqual(whole.figures);
    for (const file of ["generator.safetensors", "samples.svg", "interpolations.svg"]) {
      expect(readFileSync(join(folder, "crashed", file)).equals(readFileSync(join(folder, "whole", file)))).toBe(true);
    }
  });

  test("a dry run takes one step", async () => {
    const { figures, said } = await run("dry", ["--dry-run"]);
    expect(figures).toMatchObject({ epochs: 1, steps: 1 });
    expect(said).toContain("Dry run: nothing was written.");
  });
});

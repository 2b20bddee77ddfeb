import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { fineTuning } from "./main.ts";
import type { Result } from "./report.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-fine-tuning-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(...args: string[]) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(fineTuning, [...args, "--json", "--out", out], streams);
  return { code, said, figures: JSON.parse(stdout) };
}

describe("fine-tuning", () => {
  test("pretraining on other digits helps: the error after ten steps is lower", { tags: ["once"] }, async () => {
    const { code, figures, said } = await run(
      "--limit",
      "600",
      "--epochs",
      "6",
      "--batch",
      "20",
      "--steps",
      "10",
      "--repeat",
      "2",
    );
    expect(code).toBe(0);
    expect(figures.knownErrorPercent).toBeLessThan(15);
    const results = figures.results as (Result & { mean: number })[];
    expect(results.map(({ perClass }) => perClass)).toEqual([10, 10, 10, 30, 30, 30]);
    const [scratch, all, frozen] = results.slice(3);
    expect(scratch!.errors).toHaveLength(2);
    expect(scratch!.mean).toBeLessThan(80); // chance
    expect(frozen!.mean).toBeLessThan(scratch!.mean - 5);
    expect(all!.mean).toBeLessThan(scratch!.mean - 5);
    expect(said).toContain("fine-tuned, convolutions frozen");
    expect(readFileSync(join(out, "errors.svg"), "utf8")).toContain("examples per class");
  });

  test("a dry run writes nothing", async () => {
    const { code, said } = await run("--dry-run");
    expect(code).toBe(0);
    expect(said).toContain("Dry run: nothing was written.");
  });
});

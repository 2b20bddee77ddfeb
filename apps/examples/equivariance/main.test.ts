import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { equivariance } from "./main.ts";
import type { Summary } from "./report.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-equivariance-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(line: string): Promise<{ said: string; results: Summary[]; figures: Record<string, unknown> }> {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(equivariance, [...line.split(" "), "--json", "--out", out], streams);
  expect(code).toBe(0);
  const figures = JSON.parse(stdout);
  return { said, results: figures.results, figures };
}

describe("equivariance", () => {
  test(
    "p4 learns rotated digits from fewer examples than the standard network, and a quarter turn changes nothing",
    { tags: ["long", "once"] },
    async () => {
      const args = "--limit 300 --epochs 4 --batch 25 --test-limit 200";
      const [standard, p4] = [
        (await run(`${args} --model standard`)).results[0]!,
        (await run(`${args} --model p4`)).results[0]!,
      ];
      // 21% and 54%.
      expect(p4.anyAngle).toBeLessThan(standard.anyAngle - 10);
      expect(p4.turnDifference).toBeLessThan(1e-5);
      expect(p4.quarterTurns).toBe(p4.upright);
      expect(standard.turnDifference).toBeGreaterThan(0.1);

      const page = readFileSync(join(out, "index.html"), "utf8");
      for (const picture of ["turned", "maps-p4", "error"]) {
        expect(page).toContain(`src="${picture}.svg"`);
        expect(readFileSync(join(out, `${picture}.svg`), "utf8")).toMatch(/^<svg /);
      }
      const lines = readFileSync(join(out, "p4", "seed-0", "metrics.jsonl"), "utf8").trim().split("\n");
      expect(lines.map((line) => JSON.parse(line).step)).toEqual([12, 24, 36, 48]);
    },
  );

  test(
    "after upright digits p4 reads quarter turns as well, the standard network does not",
    { tags: ["long", "once"] },
    async () => {
      const args = "--learn upright --limit 240 --epochs 3 --batch 20 --test-limit 150";
      const standard = (await run(`${args} --model standard`)).results[0]!;
      expect(standard.quarterTurns).toBeGreaterThan(standard.upright + 20);
      const { results: [p4], figures } = await run(`${args} --model p4`);
      expect(figures["learn"]).toBe("upright");
      expect(p4!.quarterTurns).toBe(p4!.upright);
      expect(p4!.quarterTurns).toBeLessThan(standard.quarterTurns - 20);
    },
  );

  test("seeds give other networks, and each the same one again", { tags: ["long", "once"] }, async () => {
    const args = "--model p4-pooled --limit 40 --epochs 2 --batch 10 --test-limit 60";
    const both = (await run(`${args} --repeat 2`)).results[0]!;
    const [first, second] = both.errors as [number, number];
    expect(both.errors).toHaveLength(2);
    expect(both.anyAngle).toBe((first + second) / 2);
    expect(first).not.toBe(second);
    const alone = (await run(args)).results[0]!;
    expect(alone.errors).toEqual([first]);
  });

  test("a dry run takes a step of each network and writes nothing", async () => {
    const { said, results, figures } = await run("--dry-run --batch 5 --test-limit 10");
    expect(figures["epochs"]).toBe(1);
    expect(results.map(({ model }) => model)).toEqual(["standard", "p4-pooled", "p4", "p4m"]);
    expect(said).toContain("Dry run: nothing was written.");
    expect(existsSync(join(out, "index.html"))).toBe(false);
  });
});

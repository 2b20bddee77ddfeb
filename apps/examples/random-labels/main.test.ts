import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { randomLabelsExample } from "./main.ts";
import { shareOf } from "./report.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-random-labels-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(line: string) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(randomLabelsExample, [...line.split(" "), "--json", "--out", out], streams);
  return { code, said, figures: JSON.parse(stdout) };
}

interface Row {
  data: string;
  crop: boolean;
  decay: boolean;
  trainAccuracyPercent: number;
  testAccuracyPercent: number;
  epochs: number;
  loss: number;
}

describe("random-labels", () => {
  test("a perceptron memorises random labels, and is at chance on other images", { tags: ["once"] }, async () => {
    const { code, figures } = await run("--part curves --limit 150 --batch 30 --epochs 40 --model mlp-1x512");
    expect(code).toBe(0);
    expect(figures).toMatchObject({ model: "mlp-1x512", parameters: 1_209_866, images: 150 });
    const rows = new Map((figures.results as Row[]).map((row) => [row.data, row]));
    expect([...rows.keys()]).toEqual(["true labels", "random labels", "shuffled pixels", "random pixels", "Gaussian"]);
    for (const { trainAccuracyPercent, epochs } of rows.values()) {
      expect(trainAccuracyPercent).toBeGreaterThan(99);
      // Training ends when all are classified correctly.
      expect(epochs).toBeLessThan(40);
    }
    // Chance is 15 of 150 images, with deviation 4.
    expect(rows.get("random labels")!.testAccuracyPercent).toBeLessThan(23);
    expect(rows.get("true labels")!.testAccuracyPercent).toBeGreaterThan(
      rows.get("random labels")!.testAccuracyPercent,
    );
    // A perceptron does not know which pixels are neighbours; that it crops the middle makes a small difference.
    const difference = rows.get("shuffled pixels")!.testAccuracyPercent - rows.get("true labels")!.testAccuracyPercent;
    expect(Math.abs(difference)).toBeLessThan(15);
    expect(readFileSync(join(out, "curves.svg"), "utf8")).toMatch(/^<svg [^]*random labels/);
  });

  test("the table and the shares of random labels", async () => {
    const { figures } = await run("--part all --limit 20 --epochs 1 --model mlp-1x512");
    const rows = (figures.results as Row[]).map(({ data, crop, decay }) => `${data}, ${crop}, ${decay}`);
    expect(rows.slice(0, 4)).toEqual(
      ["true labels, true, true", "true labels, true, false", "true labels, false, true", "true labels, false, false"],
    );
    expect(rows).toHaveLength(12);
    expect(new Set(rows).size).toBe(12);
    for (const picture of ["curves", "corruption", "time"]) {
      expect(readFileSync(join(out, `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
  });

  test("a dry run trains once, for one epoch", async () => {
    const { figures, said } = await run("--dry-run --model mlp-1x512");
    expect(figures.results).toMatchObject([{ data: "true labels", crop: true, decay: true, epochs: 1 }]);
    expect(said).toContain("Dry run: nothing was written.");
  });
});

test("shareOf", () => {
  expect(["true labels", "20% random labels", "random labels", "random pixels"].map(shareOf)).toEqual([
    0,
    20,
    100,
    null,
  ]);
});

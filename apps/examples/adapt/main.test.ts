import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Result } from "../fine-tuning/report.ts";
import { runExample } from "../runner/example.ts";
import { adapt } from "./main.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-adapt-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(...args: string[]) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(adapt, [...args, "--json", "--out", out], streams);
  return { code, said, figures: code === 0 ? JSON.parse(stdout) : null };
}

describe("adapt", () => {
  test("too few images for any trial are refused before the training", async () => {
    const { code, said } = await run("--limit", "5", "--epochs", "1", "--steps", "1", "--repeat", "1");
    expect(code).not.toBe(0);
    expect(said).toMatch(/--limit leaves \d training images of each new class; at least 5 are needed/);
  });

  test("all ways learn from the file, and what LoRA learnt is exported", { tags: ["once"] }, async () => {
    const small = ["--limit", "100", "--epochs", "2", "--batch", "16", "--steps", "3", "--repeat", "1"];
    const { code, figures } = await run(...small);
    expect(code).toBe(0);
    const results = figures.results as Result[];
    expect(results.map(({ perClass, way }) => [perClass, way])).toEqual(
      ["from scratch", "frozen features", "LoRA", "all layers"].map((way) => [5, way]),
    );
    const [scratch, frozen, lora, all] = results.map(({ trained }) => trained);
    expect([scratch, frozen]).toEqual([all, 65 * 4]);
    expect(lora).toBeGreaterThan(frozen!);
    expect(lora).toBeLessThan(scratch! / 5);
    expect(figures.adaptedErrorPercent).toBe(results[2]!.mean);
    expect(figures.bytes.adapters).toBeLessThan(figures.bytes.network / 5);
    expect(readFileSync(join(out, "errors.svg"), "utf8")).toContain("examples per class");

    const again = await run(...small, "--pretrained", join(out, "known.onnx"));
    expect(again.figures.knownErrorPercent).toBe(figures.knownErrorPercent);
  });

  test("a file that is missing is an error about --pretrained", async () => {
    expect(await run("--limit", "100", "--pretrained", join(out, "no.onnx"))).toMatchObject({
      code: 2,
      said: expect.stringContaining("no.onnx: cannot be read"),
    });
  });

  test("a dry run writes nothing", async () => {
    const { code, said } = await run("--dry-run");
    expect(code).toBe(0);
    expect(said).toContain("Dry run: nothing was written.");
    expect(existsSync(join(out, "known.onnx"))).toBe(false);
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { vae } from "./main.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-vae-")));
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
  const code = await runExample(vae, [...args, "--json", "--out", join(folder, out)], streams);
  return { code, said, figures: JSON.parse(stdout) };
}

describe("vae", () => {
  test(
    "learns generated digits: its bound rises far above that of independent pixels",
    { tags: ["once"] },
    async () => {
      const { code, figures } = await run("a", ["--limit", "1000", "--epochs", "8", "--batch", "50", "--latent", "2"]);
      expect(code).toBe(0);
      expect(figures).toMatchObject({ latent: 2, epochs: 8, steps: 160 });
      expect(figures.testElbo).toHaveLength(8);
      // Predicting each pixel's mean without a code gives -198.
      expect(figures.testElbo[7]).toBeGreaterThan(-192);
      expect(figures.testElbo[7]).toBeLessThan(-100);
      // A two-dimensional code carries some information, but not much.
      expect(figures.divergence).toBeGreaterThan(1);
      expect(figures.divergence).toBeLessThan(10);
      expect(-figures.testElbo[7]).toBeCloseTo(figures.reconstruction + figures.divergence, 4);
      const page = readFileSync(join(folder, "a", "index.html"), "utf8");
      for (const picture of ["elbo", "samples", "interpolations", "reconstructions", "map", "codes"]) {
        expect(page).toContain(`src="${picture}.svg"`);
        expect(readFileSync(join(folder, "a", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
      }
    },
  );

  test("resumes to the same bits and the same pictures, noise included", { tags: ["once"] }, async () => {
    const args = ["--limit", "60", "--epochs", "2", "--batch", "10", "--latent", "3"];
    const whole = await run("whole", args);
    await expect(run("crashed", [...args, "--checkpoint-every", "4"], "75%")).rejects.toThrow("the power went");
    const resumed = await run("crashed", [...args, "--resume"]);
    expect(resumed.figures).toEqual(whole.figures);
    const lines = (out: string) =>
      readFileSync(join(folder, out, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => ({
        ...JSON.parse(line),
        seconds: 0,
      }));
    expect(lines("crashed")).toEqual(lines("whole"));
    for (const file of ["vae.safetensors", "samples.svg", "interpolations.svg"]) {
      expect(readFileSync(join(folder, "crashed", file)).equals(readFileSync(join(folder, "whole", file)))).toBe(true);
    }
  });

  test("a dry run takes one step", async () => {
    const { figures, said } = await run("dry", ["--dry-run"]);
    expect(figures).toMatchObject({ epochs: 1, steps: 1 });
    expect(said).toContain("Dry run: nothing was written.");
  });
});

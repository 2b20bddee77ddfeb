import { encode } from "@heddle/store";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { ConvNet } from "../lenet/networks/convnet.ts";
import { features } from "./main.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-features-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(...args: string[]) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(features, [...args, "--json", "--out", out], streams);
  return { code, said, figures: stdout === "" ? null : JSON.parse(stdout) };
}

describe("features", () => {
  test(
    "finds pictures that excite every unit more than any digit does, and are read as what they stand for",
    { tags: ["long", "once"] },
    async () => {
      const { code, figures } = await run(
        "--limit",
        "500",
        "--epochs",
        "4",
        "--batch",
        "10",
        "--steps",
        "100",
        "--lr",
        "0.05",
      );
      expect(code).toBe(0);
      expect(figures.testErrorPercent).toBeLessThan(40);
      expect(figures.digitsReadAsMeant).toBeGreaterThanOrEqual(9);
      expect(figures.confidence).toHaveLength(10);
      expect(figures.unitsExcitedByDigits).toBeGreaterThan(40);
      expect(figures.unitsExcitedMoreByTheirPicture).toBeGreaterThan(0.95 * figures.unitsExcitedByDigits);
      const page = readFileSync(join(out, "index.html"), "utf8");
      for (const picture of ["filters", "first_maps", "second_maps", "digits", "units", "best_digits"]) {
        expect(page).toContain(`src="${picture}.svg"`);
        expect(readFileSync(join(out, `${picture}.svg`), "utf8")).toMatch(/^<svg /);
      }
    },
  );

  test("takes weights that were trained before, and says when they are not a convnet's", async () => {
    const file = join(out, "weights.safetensors");
    writeFileSync(file, await encode(new ConvNet(), { format: "safetensors" }));
    const { code, said } = await run("--weights", file, "--limit", "20", "--steps", "1");
    expect(code).toBe(0);
    expect(said).not.toContain("loss");
    writeFileSync(file, await encode({}, { format: "safetensors" }));
    expect(await run("--weights", file)).toMatchObject({
      code: 2,
      said: expect.stringContaining("does not fit ConvNet"),
    });
    expect((await run("--weights", "nowhere")).said).toMatch(
      /^Generated digits.*\nfeatures: --weights nowhere: .*there is no file nowhere/,
    );
  });

  test("a dry run writes nothing", async () => {
    const { code, said } = await run("--dry-run");
    expect(code).toBe(0);
    expect(said).toContain("Dry run: nothing was written.");
    expect(existsSync(join(out, "index.html"))).toBe(false);
  });
});

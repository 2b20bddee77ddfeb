/**
 * ONNX Runtime as a contender, by its package for Node or for the web (WebAssembly): the networks of the inference family, exported by
 * PyTorch, and the imported models.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { list, type Maker, type Sizes } from "../case.ts";
import { modelFile } from "../families/imported.ts";
import { uniform } from "../inputs.ts";
import { serve } from "../serve.ts";

const [name, threads, python] = [process.argv[2]!, Number(process.argv[3]), process.argv[4]];
const folder = dirname(fileURLToPath(import.meta.url));

/** A network as an ONNX file. */
function exported(sizes: Sizes): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), "heddle-onnx-"));
  try {
    const file = join(scratch, "network.onnx");
    execFileSync(python!, ["-W", "ignore", join(folder, "pytorch.py"), "1", JSON.stringify(sizes), file], {
      stdio: ["ignore", 2, 2],
    });
    return readFileSync(file);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const require = createRequire(import.meta.url);
const { env, InferenceSession, Tensor } = require(name) as typeof import("onnxruntime-common");
const manifest = readFileSync(join(folder, "../node_modules", name, "package.json"), "utf8");
const { version } = JSON.parse(manifest) as { version: string };
env.wasm.numThreads = threads;

/** Runs the file that `bytesOf` gives. */
const session = (bytesOf: (sizes: Sizes) => Uint8Array): Maker => async (sizes) => {
  const session = await InferenceSession.create(bytesOf(sizes), { intraOpNumThreads: threads });
  const shape = list(sizes, "input");
  const feeds = {
    [session.inputNames[0]!]: new Tensor("float32", uniform(1, shape.reduce((a, b) => a * b, 1)), shape),
  };
  const compute = async (): Promise<Float32Array> =>
    (await session.run(feeds))[session.outputNames[0]!]!.data as Float32Array;
  return {
    async run() {
      await compute();
    },
    outputs: async () => [await compute()],
    end: () => void session.release(),
  };
};

await serve({
  about: () => ({ about: `${name} ${version} on Node ${process.versions.node}` }),
  kinds: {
    ...python !== undefined && { inference: session(exported) },
    imported: session(({ file }) => modelFile(file as string)),
  },
});

/** ONNX Runtime as a contender, by its package for Node: the networks of the inference family, exported by PyTorch. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { list, type Maker, type Sizes } from "../case.ts";
import { uniform } from "../inputs.ts";
import { serve } from "../serve.ts";

const [threads, python] = [Number(process.argv[2]), process.argv[3]!];
const folder = dirname(fileURLToPath(import.meta.url));

/** A network as an ONNX file. */
function exported(sizes: Sizes): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), "heddle-onnx-"));
  try {
    const file = join(scratch, "network.onnx");
    execFileSync(python, ["-W", "ignore", join(folder, "pytorch.py"), "1", JSON.stringify(sizes), file], {
      stdio: ["ignore", 2, 2],
    });
    return readFileSync(file);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const inference: Maker = async (sizes) => {
  const session = await InferenceSession.create(exported(sizes), { intraOpNumThreads: threads });
  const shape = list(sizes, "input");
  const input = new Tensor("float32", uniform(1, shape.reduce((a, b) => a * b, 1)), shape);
  const compute = async (): Promise<Float32Array> => (await session.run({ input }))["output"]!.data as Float32Array;
  return {
    async run() {
      await compute();
    },
    outputs: async () => [await compute()],
    end: () => void session.release(),
  };
};

const require = createRequire(import.meta.url);
const { version } = require("onnxruntime-node/package.json") as { version: string };

await serve({
  about: () => ({ about: `ONNX Runtime ${version} on Node ${process.versions.node}` }),
  kinds: { inference },
});

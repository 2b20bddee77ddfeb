/**
 * Exported networks against ONNX Runtime and ONNX's own checker.
 *
 * @module-tag once
 */
import { exportOnnx } from "@heddle/onnx";
import { type Tensor, tidy } from "@heddle/tensor";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { networks, tensorsOf } from "../../packages/onnx/src/testing/networks.ts";
import { hasRuntime, runModel } from "./runtime.ts";

const python = "/usr/bin/python3";
const hasChecker = spawnSync(python, ["-c", "import onnx"]).status === 0;
if (!hasChecker) console.warn("tests are skipped: Python has no onnx package, whose checker reads exported models");

const check = `import onnx, sys
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
`;

describe("exported networks", () => {
  test.skipIf(!hasRuntime).each(networks())("$name gives the same outputs in ONNX Runtime", async (network) => {
    const { model, example, others, options } = network;
    const inputs = [example, ...others];
    const found = await runModel(await exportOnnx(model, example, options), ...inputs.map((input) => [input]));
    tidy(() => {
      inputs.forEach((input, i) => {
        const wanted = tensorsOf((model as unknown as { forward(x: Tensor): unknown }).forward(input));
        expect(found[i]!.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
        for (const [k, x] of wanted.entries()) expect(found[i]![k]!.sub(x).abs().amax().item()).toBeLessThan(1e-5);
      });
    });
  });

  test.skipIf(!hasChecker)("pass the checker of ONNX, with shape inference, in all opsets that it knows", async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-onnx-"));
    try {
      const paths: string[] = [];
      for (const [i, { model, example, options }] of networks().entries()) {
        for (const opset of [13, 15, 17]) {
          const path = join(folder, `${i}_${opset}.onnx`);
          writeFileSync(path, await exportOnnx(model, example, { ...options, opset }));
          paths.push(path);
        }
      }
      const { status, stderr } = spawnSync(python, ["-c", check, ...paths], { encoding: "utf8" });
      expect(stderr).toBe("");
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

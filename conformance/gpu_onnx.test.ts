/** Imported networks on the GPU: outputs and gradients as PyTorch computed them. */
import { importOnnx } from "@heddle/onnx";
import { scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { recordedCases } from "../packages/onnx/src/testing/container.ts";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("imported networks on the GPU");

/** The largest difference, relative to the largest element. */
async function difference(a: Tensor, b: Tensor): Promise<number> {
  const [found, wanted] = [Array.from(await a.data(), Number), Array.from(await b.data(), Number)];
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!))) / scale;
}

// Conditions are read on the host, which a GPU in general does not allow.
const cases = recordedCases("networks").filter(({ name }) => !name.includes("branch"));

describe.skipIf(gpu === null)("imported networks on the GPU", () => {
  test.each(cases)("$name", async ({ decode }) => {
    const { model: bytes, inputs, outputs, probe, grads } = decode();
    const model = await importOnnx(bytes, { device: gpu! });
    using _ = scope();
    const y = model.forward(...(inputs as Tensor[]).map((x) => (x.dtype === "int64" ? x.to("int32") : x).to(gpu!)));
    expect(await difference(y, outputs[0] as Tensor)).toBeLessThan(1e-4);
    if (probe === null) return;
    y.mul(probe.to(gpu!)).sum().backward();
    for (const [name, parameter] of model.namedParameters()) {
      if (grads.has(name)) expect(await difference(parameter.grad!, grads.get(name)!), name).toBeLessThan(2e-4);
    }
  });
});

import { noGrad } from "@heddle/autograd";
import type { Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { recordedCases } from "../testing/container.ts";
import { importOnnx } from "./import_onnx.ts";

/** The largest difference, relative to the largest element. */
function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  const scale = Math.max(1, b.abs().amax().item());
  return a.sub(b).abs().amax().item() / scale;
}

const cases = recordedCases("networks");

test.each(cases)("$name, as exported by PyTorch", async ({ decode }) => {
  const { model: bytes, inputs, outputs, training, probe, grads, after } = decode();
  const model = await importOnnx(bytes);
  expect(model.training).toBe(training);
  const given = inputs as Tensor[];
  if (!training) {
    const y = noGrad(() => model.forward(...given));
    expect(difference(y, outputs[0] as Tensor)).toBeLessThan(1e-5);
  }
  if (probe === null) return;
  const y = model.forward(...given);
  expect(difference(y, outputs[0] as Tensor)).toBeLessThan(1e-5);
  y.mul(probe).sum().backward();
  const parameters = new Map(model.namedParameters());
  for (const [name, grad] of grads) {
    const own = parameters.get(name)?.grad;
    if (own == null) expect.fail(`${name} has no gradient; there are ${[...parameters.keys()]}`);
    expect(difference(own, grad), name).toBeLessThan(2e-5);
  }
  for (const [name, value] of after) expect(difference(model.stateDict()[name]!, value), name).toBeLessThan(1e-5);
});

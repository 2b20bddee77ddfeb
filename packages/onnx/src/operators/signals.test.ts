import { fft, randn } from "@heddle/tensor";
import { expect, test } from "vitest";
import { importOnnx } from "../import/import_onnx.ts";
import { type Attribute, modelOf, tensorOf } from "../testing/build_model.ts";

const transform = (op: string, inputs: string[], attributes: Record<string, Attribute>) =>
  importOnnx(modelOf({
    nodes: [[op, ["x", ...inputs], ["y"], attributes]],
    initializers: [tensorOf("five", [], [5n]), tensorOf("many", [], [2n ** 40n]), tensorOf("eight", [], [8n])],
  }));

test("STFT of complex numbers is the transform of each frame", async () => {
  const model = await transform("STFT", ["five", "", "eight"], { onesided: 0n });
  const x = randn([2, 40, 2]);
  const y = model.forward(x);
  expect(y.shape).toEqual([2, 7, 8, 2]);
  for (const frame of [0, 6]) {
    const wanted = fft(x.narrow(1, 5 * frame, 8), { dim: 1 });
    expect(y.select(1, frame).sub(wanted).abs().amax().item()).toBeLessThan(1e-5);
  }
});

test("gradients flow through DFT", async () => {
  const model = await transform("DFT", [], {});
  const x = randn([1, 6, 1]).requiresGrad_();
  model.forward(x).square().sum().backward();
  // Parseval: the sum of squares of a spectrum is n times that of the signal.
  expect(x.grad!.sub(x.mul(12)).abs().amax().item()).toBeLessThan(1e-4);
});

test.each<[op: string, inputs: string[], attributes: Record<string, Attribute>, shape: number[], message: RegExp]>([
  ["DFT", [], { onesided: 1n, inverse: 1n }, [1, 4, 1], /the inverse of a one-sided spectrum is not supported/],
  ["DFT", [], { onesided: 1n }, [1, 4, 2], /a one-sided spectrum is that of real numbers/],
  ["DFT", [], {}, [1, 4, 3], /the last size is 1 or 2/],
  ["DFT", [], { axis: 2n }, [1, 4, 2], /the axis is the last dimension/],
  ["DFT", ["many"], {}, [1, 4, 1], /would have more than/],
  ["STFT", ["five"], {}, [1, 40, 1], /neither a window nor a length/],
  ["STFT", ["five", "", "many"], {}, [1, 40, 1], /frames of 1099511627776, each 5 after the one before/],
  ["STFT", ["five", "", "eight"], {}, [40], /expected \[batch, length, 1 or 2\]/],
])("%s refuses what makes no sense: case %#", async (op, inputs, attributes, shape, message) => {
  const model = await transform(op, inputs, attributes);
  expect(() => model.forward(randn(shape))).toThrow(message);
});

import { conv2d, manualSeed, randn, stack, type Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { PartialConv2d } from "./partial_conv2d.ts";

const INPUTS = [[0, 2], [1], [0, 1, 2]];

/** The same computed map by map, each with a small dense convolution over the input maps that it sees. */
function mapByMap(layer: PartialConv2d, x: Tensor): Tensor {
  let first = 0;
  const maps = INPUTS.map((inputs, output) => {
    const kernel = layer.weight.narrow(0, first, inputs.length).unsqueeze(0);
    first += inputs.length;
    const seen = stack(inputs.map((map) => x.select(1, map)), 1);
    return conv2d(seen, kernel, { bias: layer.bias.narrow(0, output, 1) }).select(1, 0);
  });
  return stack(maps, 1);
}

test("PartialConv2d sees only its inputs", () => {
  const layer = new PartialConv2d(INPUTS, 3, 2);
  expect(layer.weight.shape).toEqual([6, 2, 2]);
  const x = randn([2, 3, 4, 5]);
  const y = layer.forward(x);
  expect(y.shape).toEqual([2, 3, 3, 4]);
  expect(y.allclose(mapByMap(layer, x), { atol: 1e-5 })).toBe(true);
});

test("PartialConv2d has the gradient of the connections that exist", () => {
  const layer = new PartialConv2d(INPUTS, 3, 2);
  const x = randn([2, 3, 4, 5]);
  const weights = randn([2, 3, 3, 4]);
  const gradients = (compute: () => Tensor): Tensor[] => {
    layer.zeroGrad();
    compute().mul(weights).sum().backward();
    return [layer.weight.grad!.clone(), layer.bias.grad!.clone()];
  };
  const [kernels, bias] = gradients(() => layer.forward(x));
  const [expectedKernels, expectedBias] = gradients(() => mapByMap(layer, x));
  expect(kernels!.allclose(expectedKernels!, { atol: 1e-4 })).toBe(true);
  expect(bias!.allclose(expectedBias!, { atol: 1e-4 })).toBe(true);
});

test("PartialConv2d begins with the same spread in every output map", () => {
  manualSeed(0);
  const layer = new PartialConv2d(Array.from({ length: 200 }, (_, i) => i % 2 ? [0] : [0, 1, 2, 3]), 4, 5);
  // Kernels lie output by output: four, one, four, one, …
  const narrow = layer.weight.view(100, 5, 25).narrow(1, 0, 4), wide = layer.weight.view(100, 5, 25).narrow(1, 4, 1);
  expect(narrow.std().item()).toBeCloseTo(1 / Math.sqrt(100), 2);
  expect(wide.std().item()).toBeCloseTo(1 / Math.sqrt(25), 2);
});

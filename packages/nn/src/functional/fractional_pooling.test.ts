import { gradcheck } from "@heddle/autograd";
import { arange, Generator, rand, randn, zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { FractionalMaxPool2d } from "../fractional_pooling.ts";
import { fractionalMaxPool2d, fractionalMaxPool3d } from "./fractional_pooling.ts";

// Values for given samples are recorded from PyTorch (conformance/fixtures/vision.json).

const generator = new Generator(3);
const place = { dtype: "float64", generator } as const;

test("gradients by differences", () => {
  const x = randn([1, 2, 5, 6], place).requiresGrad_();
  const randomSamples = rand([1, 2, 2], place);
  expect(gradcheck((x) => fractionalMaxPool2d(x, [2, 3], { outputSize: [3, 2], randomSamples }), [x])).toBe(true);
  const volume = randn([1, 4, 3, 5], place).requiresGrad_();
  const places = rand([1, 1, 3], place);
  const pool = { outputSize: [2, 2, 3], randomSamples: places };
  expect(gradcheck((x) => fractionalMaxPool3d(x, 2, pool), [volume])).toBe(true);
});

test("drawn windows: the same seed gives the same, every window lies inside, and each channel has its own", () => {
  const x = arange(400).reshape(1, 1, 20, 20).expand([1, 8, 20, 20]);
  const draw = (seed: number) =>
    fractionalMaxPool2d(x, 2, { outputRatio: 0.6, returnIndices: true, generator: new Generator(seed) });
  const [first, same, other] = [draw(1), draw(1), draw(2)];
  expect(first.values.shape).toEqual([1, 8, 12, 12]);
  expect(first.values.equal(same.values)).toBe(true);
  expect(first.values.equal(other.values)).toBe(false);
  expect(first.indices.float().equal(first.values)).toBe(true); // each element is its index
  expect(first.values.select(1, 0).equal(first.values.select(1, 1))).toBe(false);
  expect(first.values.amax().item()).toBe(399); // the last window ends at the edge
});

test("a layer draws at every call", () => {
  const layer = new FractionalMaxPool2d(2, { outputSize: 7, generator: new Generator(5) });
  const x = randn([1, 4, 16, 16], { generator });
  expect(layer.forward(x).shape).toEqual([1, 4, 7, 7]);
  expect(layer.forward(x).equal(layer.forward(x))).toBe(false);
});

test("errors name what does not fit", () => {
  const x = zeros([1, 1, 5, 5]);
  expect(() => fractionalMaxPool2d(x, 2, {})).toThrow("expected one of outputSize and outputRatio");
  expect(() => fractionalMaxPool2d(x, 2, { outputSize: 2, outputRatio: 0.5 })).toThrow("expected one of outputSize");
  expect(() => fractionalMaxPool2d(x, 2, { outputRatio: 1.5 })).toThrow("outputRatio [1.5, 1.5] must be");
  expect(() => fractionalMaxPool2d(x, 3, { outputSize: 4 })).toThrow(
    "windows of [3, 3] and an output of [4, 4] do not",
  );
  expect(() => fractionalMaxPool2d(x, 2, { outputSize: 2, randomSamples: zeros([2, 1, 2]) })).toThrow(
    "randomSamples have shape [2, 1, 2]; expected [1, 1, 2]",
  );
  expect(() => new FractionalMaxPool2d(2, { outputSize: -1 })).toThrow("FractionalMaxPool2d: outputSize");
  expect(() => fractionalMaxPool2d(zeros([5, 5]), 2, { outputSize: 2 })).toThrow("expected [N, C, H, W]");
});

test("an empty batch gives an empty result", () => {
  const pooled = fractionalMaxPool2d(zeros([0, 3, 7, 9]), 2, { outputSize: 4, returnIndices: true });
  expect([pooled.values.shape, pooled.indices.shape]).toEqual([[0, 3, 4, 4], [0, 3, 4, 4]]);
  expect(fractionalMaxPool3d(zeros([0, 3, 5, 6, 7]), 2, { outputRatio: 0.5 }).shape).toEqual([0, 3, 2, 3, 3]);
});

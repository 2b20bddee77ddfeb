/** @module-tag once */
import {
  conv1d,
  conv2d,
  conv3d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  randn,
  type Tensor,
} from "@heddle/tensor";
import { linear, type LinearOptions } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { grad, gradcheck, gradgradcheck } from "../mod.ts";

const double = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true });

type Product = (x: Tensor, w: Tensor, options: LinearOptions & ConvOptions) => Tensor;

const products: Record<string, [Product, () => [Tensor, Tensor, Tensor]]> = {
  "linear of a row": [linear, () => [double(4), double(3, 4), double(3)]],
  "linear of a matrix": [linear, () => [double(5, 4), double(3, 4), double(3)]],
  "linear of a batch": [linear, () => [double(2, 3, 4), double(1, 4), double(1)]],
  conv1d: [conv1d, () => [double(2, 2, 6), double(3, 2, 3), double(3)]],
  "conv2d in groups": [
    (x, w, options) => conv2d(x, w, { ...options, groups: 2, padding: 1 }),
    () => [double(2, 2, 4, 5), double(4, 1, 3, 3), double(4)],
  ],
  "conv2d of one filter": [conv2d, () => [double(2, 3, 4, 4), double(1, 3, 4, 4), double(1)]],
  conv3d: [conv3d, () => [double(1, 2, 3, 3, 3), double(2, 2, 2, 2, 2), double(2)]],
};

describe.each(Object.entries(products))("%s with a bias", (_, [product, make]) => {
  test("has the gradients that differences have", () => {
    const [x, w, b] = make();
    expect(gradcheck((x, w, b) => product(x!, w!, { bias: b! }), [x, w, b])).toBe(true);
    expect(gradgradcheck((x, w, b) => product(x!, w!, { bias: b! }).square(), [x, w, b])).toBe(true);
  });

  test("and a rectifier is what the operations one after the other are, to the second derivative", () => {
    const inputs = make();
    const [x, w, b] = inputs;
    const both = [product(x, w, { bias: b, activation: "relu" }), product(x, w, { bias: b }).relu()] as const;
    expect(both[0].allclose(both[1])).toBe(true);
    const first = both.map((y) => grad([y.square().sum()], inputs, { createGraph: true }) as Tensor[]);
    first[0]!.forEach((g, i) => expect(g.allclose(first[1]![i]!)).toBe(true));
    const second = first.map((gs) =>
      grad([gs.reduce((sum, g) => sum.add(g.square().sum()), gs[0]!.sum())], inputs) as Tensor[]
    );
    second[0]!.forEach((g, i) => expect(g.allclose(second[1]![i]!)).toBe(true));
  });

  test("gives gradients to those alone that want them", () => {
    const [x, w, b] = make();
    product(x.detach(), w.detach(), { bias: b, activation: "relu" }).sum().backward();
    expect([x.grad, w.grad, b.grad === null]).toEqual([null, null, false]);
    const y = product(x.detach(), w, { bias: b.detach(), activation: "relu" });
    y.sum().backward();
    expect(w.grad!.shape).toEqual(w.shape);
  });
});

test("the rectifier of a product refuses to have its result overwritten", () => {
  const y = linear(randn([2, 3], { requiresGrad: true }), randn([4, 3]), { activation: "relu" });
  y.mul_(2);
  expect(() => y.sum().backward()).toThrow(/the gradient of "relu" needs was modified/);
});

test.each([1, 2, 3])("transposed convolutions with output padding beyond their stride, in %i dimensions", (dims) => {
  const call = [convTranspose1d, convTranspose2d, convTranspose3d][dims - 1]!;
  for (const [stride, outputPadding, dilation] of [[1, 1, 2], [1, 2, 3], [2, 2, 3]] as const) {
    const inputs = [double(1, 2, ...Array<number>(dims).fill(3)), double(2, 1, ...Array<number>(dims).fill(2))];
    const options = { stride, outputPadding, dilation };
    expect(gradcheck((x, w) => call(x!, w!, options), inputs)).toBe(true);
    if (dims === 1) expect(gradgradcheck((x, w) => call(x!, w!, options).square(), inputs)).toBe(true);
  }
});

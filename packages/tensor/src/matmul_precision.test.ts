import { afterEach, expect, test } from "vitest";
import { matmulInto } from "./engine_mod.ts";
import {
  type Device,
  einsum,
  getDevice,
  getMatmulPrecision,
  manualSeed,
  ones,
  randn,
  setMatmulPrecision,
  type Tensor,
  zeros,
} from "./mod.ts";

afterEach(() => setMatmulPrecision("highest"));

const devices = [getDevice("cpu"), getDevice("reference")];

/** The product of operands that are rounded first, summed in float64 and rounded once. */
function expected(a: Tensor, b: Tensor): Tensor {
  return a.to("bfloat16").to("float64").matmul(b.to("bfloat16").to("float64")).to("float32");
}

/** The largest difference of two tensors. */
function difference(a: Tensor, b: Tensor): number {
  return a.numel === 0 ? 0 : a.double().sub(b.double()).abs().max().item() as number;
}

function operands(left: number[], right: number[], device: Device): [Tensor, Tensor] {
  manualSeed(7);
  return [randn(left, { device }), randn(right, { device })];
}

test("it is highest until it is set, and another word is an error", () => {
  expect(getMatmulPrecision()).toBe("highest");
  setMatmulPrecision("medium");
  expect(getMatmulPrecision()).toBe("medium");
  expect(() => setMatmulPrecision("low" as "high")).toThrow(
    'setMatmulPrecision: precision is "low"; use one of "highest", "high", "medium"',
  );
  expect(getMatmulPrecision()).toBe("medium");
});

test("high multiplies as highest does", () => {
  const [a, b] = operands([9, 33], [33, 7], getDevice("cpu"));
  const before = a.matmul(b).toArray();
  setMatmulPrecision("high");
  expect(a.matmul(b).toArray()).toEqual(before);
});

for (const device of devices) {
  test(`medium rounds both operands of a product to bfloat16, on ${device.name}`, () => {
    const shapes: [number[], number[]][] = [
      [[1, 1], [1, 1]],
      [[1, 300], [300, 1]],
      [[1, 300], [300, 70]],
      [[70, 300], [300, 1]],
      [[33, 65], [65, 31]],
      [[0, 5], [5, 3]],
      [[4, 0], [0, 3]],
      [[2, 1, 17, 40], [3, 40, 9]],
      [[5, 17], [3, 17, 4]],
    ];
    setMatmulPrecision("medium");
    for (const [left, right] of shapes) {
      const [a, b] = operands(left, right, device);
      const terms = left.at(-1)!;
      expect(difference(a.matmul(b), expected(a, b)), `[${left}] [${right}]`).toBeLessThanOrEqual(1e-6 * (1 + terms));
      // The rounding itself is far larger.
      if (terms === 65) expect(difference(a.matmul(b), a.double().matmul(b.double()))).toBeGreaterThan(1e-3);
    }
  });

  test(`medium with operands in any layout, on ${device.name}`, () => {
    const [a, b] = operands([37, 41], [37, 35], device);
    const wide = randn([74, 41 * 2], { device }).at("::2", "::2");
    setMatmulPrecision("medium");
    const pairs: [Tensor, Tensor][] = [[a.t(), b], [b.t(), a], [a, wide.t()], [wide.t(), wide], [wide.flip(0), a.t()]];
    pairs.push([ones([1, 1], { device }).expand(5, 41), a.t()]);
    for (const [x, y] of pairs) expect(difference(x.matmul(y), expected(x, y))).toBeLessThan(1e-4);
  });

  test(`medium reaches everything that is computed with products, on ${device.name}`, () => {
    const [a, b] = operands([9, 20], [20, 5], device);
    setMatmulPrecision("medium");
    const product = expected(a, b);
    const out = zeros([9, 5], { device });
    matmulInto(out, a, b);
    const results = [
      a.mm(b),
      einsum("ij,jk->ik", a, b),
      a.unsqueeze(0).bmm(b.unsqueeze(0)).squeeze(0),
      zeros([9, 5], { device }).addmm(a, b),
      out,
    ];
    for (const result of results) expect(difference(result, product)).toBeLessThan(1e-5);
    expect(difference(a.mv(b.select(1, 0)), product.select(1, 0))).toBeLessThan(1e-5);
    expect(difference(a.select(0, 0).dot(b.select(1, 0)), product.at(0, 0))).toBeLessThan(1e-5);
  });

  test(`medium leaves other dtypes alone, on ${device.name}`, () => {
    const [a, b] = operands([9, 20], [20, 5], device);
    const products = () =>
      (["float64", "float16", "int32"] as const).map((dtype) =>
        a.mul(9).to(dtype).matmul(b.mul(9).to(dtype)).toArray()
      );
    const before = products();
    setMatmulPrecision("medium");
    expect(products()).toEqual(before);
  });
}

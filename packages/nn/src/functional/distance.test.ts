import { gradcheck } from "@heddle/autograd";
import { Generator, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { cosineSimilarity, normalize } from "./distance.ts";

const generator = new Generator(37);
const double = { dtype: "float64", generator } as const;
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

describe("vectors of zeros", () => {
  test("stay zeros when normalised, with a finite gradient", () => {
    const x = zeros([1, 3]).requiresGrad_();
    const y = normalize(x);
    y.sum().backward();
    expect(numbers(y)).toEqual([0, 0, 0]);
    expect(numbers(x.grad!).every(Number.isFinite)).toBe(true);
  });

  test("have no direction: a cosine of 0", () => {
    expect(numbers(cosineSimilarity(zeros([1, 2]), tensor([[1, 2]])))).toEqual([0]);
  });
});

test("vectors of different ranks broadcast, dimensions counted in the result", () => {
  const [x, y] = [randn([2, 3, 4], double), randn([3, 4], double)];
  const expected = cosineSimilarity(x, y.expand([2, 3, 4]), { dim: 1 });
  expect(numbers(cosineSimilarity(x, y, { dim: 1 }))).toEqual(numbers(expected));
});

test("a repeated vector is as long as it is after broadcasting", () => {
  const [one, two] = [tensor([[1, 1]]), tensor([[1, 1], [1, 1]])];
  expect(cosineSimilarity(one, two, { dim: 0 }).toArray()).toEqual([1, 1].map((x) => expect.closeTo(x, 6)));
  for (const dim of [0, 1, -1]) {
    const [x, y] = [randn([1, 3], double).requiresGrad_(), randn([4, 1], double).requiresGrad_()];
    const whole = cosineSimilarity(x.expand(4, 3), y.expand(4, 3), { dim });
    expect(cosineSimilarity(x, y, { dim }).allclose(whole)).toBe(true);
    expect(gradcheck((x, y) => cosineSimilarity(x!, y!, { dim }), [x, y])).toBe(true);
  }
});

test("gradients", () => {
  const inputs = [randn([2, 3], double).requiresGrad_(), randn([2, 3], double).requiresGrad_()];
  expect(gradcheck((x, y) => cosineSimilarity(x!, y!), inputs)).toBe(true);
  for (const p of [1, 2, 3, Infinity]) expect(gradcheck((x) => normalize(x!, { p }), inputs.slice(0, 1))).toBe(true);
});

test("vectors too long to be squared have a cosine of 0, as in PyTorch, and no NaN", () => {
  for (const long of [[1e20, 2e20, -3e20], [3e38, 1, 0]]) {
    const x = tensor([long], { requiresGrad: true });
    for (const other of [tensor([long]), tensor([[1, 2, 3]])]) {
      const y = cosineSimilarity(x, other);
      expect(numbers(y)).toEqual([0]);
      expect(numbers(cosineSimilarity(other, x))).toEqual([0]);
    }
  }
  const x = tensor([[1e20, 2e20, -3e20]], { requiresGrad: true });
  cosineSimilarity(x, x).sum().backward();
  expect(numbers(x.grad!).map(Math.abs)).toEqual([0, 0, 0]);
});

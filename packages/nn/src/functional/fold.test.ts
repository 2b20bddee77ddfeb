import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { arange, Generator, ones, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { fold, unfold } from "./fold.ts";

const generator = new Generator(5);

describe("fold and unfold", () => {
  const options = { stride: [2, 1], padding: [1, 0], dilation: [1, 2] };

  test("are each other's transpose", () => {
    const x = randn([2, 3, 5, 6], { dtype: "float64", generator });
    const columns = unfold(x, [3, 2], options);
    const y = randn(columns.shape, { dtype: "float64", generator });
    const [left, right] = [columns.mul(y).sum().item(), fold(y, [5, 6], [3, 2], options).mul(x).sum().item()];
    expect(left).toBeCloseTo(right, 10);
  });

  test("have gradients of any order", () => {
    const x = randn([1, 2, 4, 4], { dtype: "float64", generator, requiresGrad: true });
    const squares = (x: Tensor) => fold(unfold(x, [3, 2], options).square(), [4, 4], [3, 2], options);
    expect(gradcheck(squares, [x])).toBe(true);
    expect(gradgradcheck(squares, [x])).toBe(true);
  });

  test("integers, and float16 in float32", () => {
    const x = arange(12, { dtype: "int32" }).reshape(1, 1, 3, 4);
    const counts = fold(unfold(x.mul(0).add(1), 2), [3, 4], 2);
    expect(fold(unfold(x, 2), [3, 4], 2).toArray()).toEqual(x.mul(counts).toArray());
    expect(fold(ones([1, 9, 1]).half(), 3, 3).dtype).toBe("float16");
  });

  test("errors name the sizes", () => {
    expect(() => unfold(ones([1, 1, 2, 2]), 3)).toThrow(/unfold: a window of \[3, 3\].*\[2, 2\]/);
    expect(() => fold(ones([1, 4, 3]), 3, 2)).toThrow(/\[1, 4, 3\].*\[N, C · 4, 4\].*2 × 2 windows/);
    expect(() => unfold(ones([2, 2]), 1)).toThrow(/\[N, C, H, W\]/);
  });
});

import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, maxPool2d, ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { MaxUnpool2d } from "../unpooling.ts";
import { maxUnpool2d } from "./unpooling.ts";

const generator = new Generator(7);

describe("maxUnpool2d", () => {
  test("keeps the maxima where they were", () => {
    const x = randn([2, 3, 6, 7], { generator });
    const { values, indices } = maxPool2d(x, 2, { returnIndices: true });
    const back = maxUnpool2d(values, indices, 2, { outputSize: [6, 7] });
    expect(maxPool2d(back.abs(), 2).equal(values.abs())).toBe(true);
    expect(back.ne(0).logicalAnd(back.ne(x)).any().item()).toBe(0);
    expect(back.countNonzero().item()).toBe(values.numel);
  });

  test("has gradients of any order", () => {
    const x = randn([1, 1, 4, 4], { dtype: "float64", generator, requiresGrad: true });
    const { indices } = maxPool2d(x, 2, { returnIndices: true });
    const unpool = (x: Tensor) => maxUnpool2d(maxPool2d(x, 2).square(), indices, 2);
    expect(gradcheck(unpool, [x])).toBe(true);
    expect(gradgradcheck(unpool, [x])).toBe(true);
  });

  test("refuses indices and sizes that do not fit", () => {
    const index = (value: number) => tensor([[[[value]]]], { dtype: "int32" });
    expect(() => maxUnpool2d(ones([1, 1, 1, 1]), index(4), 2)).toThrow(/index 4 is out of range.*\[2, 2\].*0 to 3/);
    expect(() => maxUnpool2d(ones([1, 1, 1, 1]), index(-1), 2)).toThrow(/index -1/);
    expect(() => maxUnpool2d(ones([1, 1, 1, 1]), index(0), 2, { outputSize: [4, 4] })).toThrow(/outputSize \[4, 4\]/);
    expect(() => maxUnpool2d(ones([1, 1, 1, 1]), index(0).float(), 2)).toThrow(
      /maxUnpool2d: indices are integers, got f/,
    );
    const options = { outputSize: [2, 2] } as never;
    expect(() => new MaxUnpool2d(2).forward(ones([1, 1, 1, 1]), index(0), options)).toThrow(
      'maxUnpool2d: outputSize is {"outputSize":[2,2]}; expected an array of sizes',
    );
    expect(() => maxUnpool2d(ones([1, 1, 1, 2]), index(0), 2)).toThrow(/\[1, 1, 1, 2\].*\[1, 1, 1, 1\]/);
  });
});

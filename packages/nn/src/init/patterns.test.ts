import { conv2d, empty, Generator, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Parameter } from "../parameter.ts";
import { calculateFan, calculateGain, kaimingUniform_, xavierNormal_ } from "./fan.ts";
import { dirac_, eye_, orthogonal_, sparse_ } from "./patterns.ts";

const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

describe("eye_ and dirac_", () => {
  test("the identity, in any proportion", () => {
    expect(eye_(new Parameter(empty([2, 3]))).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]);
    expect(() => eye_(empty([2]))).toThrow("eye_: fills matrices, got shape [2]");
  });

  test("a convolution that passes its channels on, in groups too", () => {
    const x = randn([1, 4, 5, 5]);
    expect(conv2d(x, dirac_(empty([4, 4, 3, 3])), { padding: 1 }).toArray()).toEqual(x.toArray());
    const grouped = conv2d(x, dirac_(empty([4, 2, 3, 3]), { groups: 2 }), { padding: 1, groups: 2 });
    expect(grouped.toArray()).toEqual(x.toArray());
    expect(numbers(dirac_(empty([3, 2, 1])))).toEqual([1, 0, 0, 1, 0, 0]);
    expect(() => dirac_(empty([2, 2]))).toThrow(/of 3 to 5 dimensions, got shape \[2, 2\]/);
    expect(() => dirac_(empty([3, 2, 1]), { groups: 2 })).toThrow(/3 output channels cannot be split into 2 groups/);
  });
});

describe("orthogonal_", () => {
  test.each([[4, 4], [3, 7], [7, 3], [2, 3, 2, 2], [20, 20]])("%j", (...shape) => {
    const w = orthogonal_(empty(shape, { dtype: "float64" }), { gain: 2, generator: new Generator(5) }).reshape([
      shape[0]!,
      -1,
    ]);
    const small = Math.min(...w.shape);
    const product = w.shape[0]! <= w.shape[1]! ? w.matmul(w.t()) : w.t().matmul(w);
    numbers(product).forEach((value, i) => expect(value).toBeCloseTo(i % (small + 1) === 0 ? 4 : 0, 10));
  });

  test("comes of its generator, and is not the identity", () => {
    const draw = () => numbers(orthogonal_(empty([3, 3]), { generator: new Generator(6) }));
    expect(draw()).toEqual(draw());
    expect(draw()[1]).not.toBe(0);
    expect(() => orthogonal_(empty([3]))).toThrow(/needs at least 2 dimensions/);
  });
});

describe("sparse_", () => {
  test("a fraction of every column is zero, the rest has the spread asked for", () => {
    const w = sparse_(empty([50, 40]), 0.31, { std: 0.1, generator: new Generator(7) });
    expect(numbers(w.eq(0).sum(0)).every((count) => count === 16)).toBe(true);
    const rest = numbers(w).filter((value) => value !== 0);
    expect(Math.sqrt(rest.reduce((sum, value) => sum + value ** 2, 0) / rest.length)).toBeCloseTo(0.1, 1.9);
    expect(() => sparse_(empty([2, 2]), 1.5)).toThrow(/sparsity 1.5 is not within 0 to 1/);
    expect(() => sparse_(empty([2]), 0.5)).toThrow(/fills matrices/);
  });
});

describe("bad arguments of the others", () => {
  test("are refused with what there is", () => {
    expect(() => calculateGain("swish" as "relu")).toThrow(/unknown nonlinearity "swish"; use one of linear, conv1d/);
    expect(() => calculateGain("toString" as "relu")).toThrow(/unknown nonlinearity/);
    expect(() => calculateFan(empty([3]))).toThrow(/shape \[3\] has no fan in and fan out/);
    expect(() => xavierNormal_(empty([3]))).toThrow(/calculateFan/);
    expect(() => kaimingUniform_(empty([3, 3]), { mode: "fanAvg" as "fanIn" })).toThrow(
      /unknown mode "fanAvg"; use "fanIn" or "fanOut"/,
    );
    expect(kaimingUniform_(empty([0, 3])).shape).toEqual([0, 3]);
  });
});

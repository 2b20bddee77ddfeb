import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, linspace, ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as F from "./activation.ts";

const generator = new Generator(17);
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

const smooth: Record<string, (x: Tensor) => Tensor> = {
  celu: (x) => F.celu(x, 1.5),
  elu: (x) => F.elu(x, 0.5),
  gelu: (x) => F.gelu(x),
  "gelu tanh": (x) => F.gelu(x, { approximate: "tanh" }),
  glu: (x) => F.glu(x, 0),
  hardshrink: (x) => F.hardshrink(x),
  hardsigmoid: F.hardsigmoid,
  hardswish: F.hardswish,
  hardtanh: (x) => F.hardtanh(x, -0.7, 0.9),
  leakyRelu: (x) => F.leakyRelu(x, 0.2),
  logsigmoid: F.logsigmoid,
  mish: F.mish,
  prelu: (x) => F.prelu(x, tensor([0.3], { dtype: "float64" })),
  selu: F.selu,
  silu: F.silu,
  softplus: (x) => F.softplus(x, { beta: 2, threshold: 5 }),
  softshrink: (x) => F.softshrink(x, 0.2),
  softsign: F.softsign,
  tanhshrink: F.tanhshrink,
};

describe("gradients, first and second", () => {
  test.each(Object.keys(smooth))("%s", (name) => {
    const x = linspace(-2.95, 2.85, 8, { dtype: "float64" }).requiresGrad_();
    expect(gradcheck(smooth[name]!, [x])).toBe(true);
    expect(gradgradcheck((y) => smooth[name]!(y), [x])).toBe(true);
  });

  test("prelu, in the slopes of each channel", () => {
    const x = randn([2, 3, 2], { dtype: "float64", generator }).requiresGrad_();
    const slopes = randn([3], { dtype: "float64", generator }).requiresGrad_();
    expect(gradcheck(F.prelu, [x, slopes])).toBe(true);
  });
});

/** At ∞, −∞, 0, 200 and −200: values, and slopes. As PyTorch, but that −∞ gives no NaN in hardswish. */
const extremes: Record<string, [fn: (x: Tensor) => Tensor, values: number[], slopes: number[]]> = {
  elu: [(x) => F.elu(x), [Infinity, -1, 0, 200, -1], [1, 0, 1, 1, 0]],
  celu: [(x) => F.celu(x), [Infinity, -1, 0, 200, -1], [1, 0, 1, 1, 0]],
  softplus: [(x) => F.softplus(x), [Infinity, 0, Math.LN2, 200, 0], [1, 0, 0.5, 1, 0]],
  logsigmoid: [F.logsigmoid, [0, -Infinity, -Math.LN2, 0, -200], [0, 1, 0.5, 0, 1]],
  hardtanh: [(x) => F.hardtanh(x), [1, -1, 0, 1, -1], [0, 0, 1, 0, 0]],
  hardsigmoid: [F.hardsigmoid, [1, 0, 0.5, 1, 0], [0, 0, 1 / 6, 0, 0]],
  hardswish: [F.hardswish, [Infinity, 0, 0, 200, 0], [1, 0, 0.5, 1, 0]],
  softshrink: [(x) => F.softshrink(x), [Infinity, -Infinity, 0, 199.5, -199.5], [1, 1, 0, 1, 1]],
  hardshrink: [(x) => F.hardshrink(x), [Infinity, -Infinity, 0, 200, -200], [1, 1, 0, 1, 1]],
  relu6: [F.relu6, [6, 0, 0, 6, 0], [0, 0, 0, 0, 0]],
};

describe("extremes", () => {
  test.each(Object.keys(extremes))("%s", (name) => {
    const [fn, values, slopes] = extremes[name]!;
    const x = tensor([Infinity, -Infinity, 0, 200, -200], { dtype: "float64" }).requiresGrad_();
    const y = fn(x);
    y.sum().backward();
    numbers(y).forEach((value, i) =>
      Number.isFinite(values[i]) ? expect(value).toBeCloseTo(values[i]!, 12) : expect(value).toBe(values[i])
    );
    numbers(x.grad!).forEach((slope, i) => expect(slope).toBeCloseTo(slopes[i]!, 12));
  });

  test("hardswish at the bends, as PyTorch chooses them", () => {
    const x = tensor([-3, 3]).requiresGrad_();
    F.hardswish(x).sum().backward();
    expect(x.grad!.toArray()).toEqual([-0.5, 1.5]);
  });

  test("NaN stays NaN", () => {
    for (const [name, [fn]] of Object.entries(extremes)) expect(fn(tensor([NaN])).toArray(), name).toEqual([NaN]);
  });
});

test("glu gives what PyTorch gives", () => {
  expect(numbers(F.glu(tensor([1, 2, 0, -1], { dtype: "float64" })))).toEqual([0.5, 0.5378828427399902]);
});

describe("bad arguments", () => {
  test("are refused", () => {
    const x = ones([2, 3]);
    expect(() => F.hardtanh(x, 1, -1)).toThrow("hardtanh: min 1 is not below max -1");
    expect(() => F.prelu(x, ones([2]))).toThrow(
      "prelu: 2 slopes (shape [2]) for an input of shape [2, 3]; expected 1, or 3",
    );
    expect(() => F.celu(x, 0)).toThrow(/alpha is 0/);
    expect(() => F.gelu(x, { approximate: "erf" as "none" })).toThrow(/unknown approximation "erf"/);
    expect(() => F.softshrink(x, -1)).toThrow(/lambda -1 is negative/);
    expect(() => F.glu(x)).toThrow(/dim -1 of shape \[2, 3\] cannot be halved/);
    expect(() => F.softmax(x, 2)).toThrow(/softmax: dim 2 is out of range/);
  });
});

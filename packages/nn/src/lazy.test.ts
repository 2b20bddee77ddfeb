import { Generator, ones, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import * as nn from "./mod.ts";

describe("lazy layers", () => {
  test.each<[nn.Layer, nn.Layer, readonly number[]]>([
    [new nn.LazyLinear(3), new nn.Linear(4, 3), [2, 4]],
    [new nn.LazyConv1d(4, 3, { groups: 2 }), new nn.Conv1d(6, 4, 3, { groups: 2 }), [2, 6, 5]],
    [new nn.LazyConv2d(4, 3, { bias: false }), new nn.Conv2d(3, 4, 3, { bias: false }), [3, 5, 5]],
    [new nn.LazyConv3d(4, 2), new nn.Conv3d(3, 4, 2), [1, 3, 3, 3, 3]],
    [new nn.LazyConvTranspose1d(4, 3), new nn.ConvTranspose1d(2, 4, 3), [1, 2, 5]],
    [new nn.LazyConvTranspose2d(4, 3, { stride: 2 }), new nn.ConvTranspose2d(2, 4, 3, { stride: 2 }), [1, 2, 3, 3]],
    [new nn.LazyConvTranspose3d(4, 2), new nn.ConvTranspose3d(2, 4, 2), [1, 2, 2, 2, 2]],
    [new nn.LazyBatchNorm1d(), new nn.BatchNorm1d(3), [5, 3]],
    [new nn.LazyBatchNorm2d({ affine: false }), new nn.BatchNorm2d(3, { affine: false }), [2, 3, 2, 2]],
    [new nn.LazyBatchNorm3d(), new nn.BatchNorm3d(3), [2, 3, 2, 2, 2]],
    [new nn.LazyInstanceNorm1d({ affine: true }), new nn.InstanceNorm1d(3, { affine: true }), [3, 4]],
    [new nn.LazyInstanceNorm2d(), new nn.InstanceNorm2d(3), [2, 3, 4, 4]],
    [new nn.LazyInstanceNorm3d(), new nn.InstanceNorm3d(3), [2, 3, 2, 2, 2]],
  ])("%s is %s after the first input", (lazy, eager, shape) => {
    const x = randn(shape);
    const parameters = lazy.parameters();
    lazy.forward(x);
    expect(lazy.constructor).toBe(eager.constructor);
    expect(String(lazy)).toBe(String(eager));
    expect(lazy.parameters()).toEqual(parameters);
    lazy.parameters().forEach((each, i) => expect(each).toBe(parameters[i]));
    eager.loadStateDict(lazy.stateDict());
    eager.eval();
    lazy.eval();
    expect(lazy.forward(x).allclose(eager.forward(x))).toBe(true);
  });

  test("initial values are those of the eager layer", () => {
    const lazy = new nn.LazyLinear(3, { generator: new Generator(1) });
    lazy.forward(ones([2, 4]));
    expect(lazy.weight.detach().abs().amax().item()).toBeLessThanOrEqual(0.5);
    expect(lazy.weight.detach().std().item()).toBeGreaterThan(0.1);
    lazy.forward(ones([2, 4])).sum().backward();
    expect(lazy.weight.grad!.shape).toEqual([3, 4]);
  });

  test("work in networks, under hooks and in copies", () => {
    const net = new nn.Sequential(new nn.LazyLinear(3), new nn.ReLU(), new nn.LazyLinear(2));
    const copy = nn.deepCopy(net);
    const seen: Tensor[] = [];
    net.at(0).registerForwardHook((_, __, output) => void seen.push(output as Tensor));
    for (let i = 0; i < 2; i++) expect(net.forward(ones([1, 5])).shape).toEqual([1, 2]);
    expect(seen.length).toBe(2);
    expect(copy.at(0)).toBeInstanceOf(nn.LazyLinear);
    expect(copy.forward(ones([1, 7])).shape).toEqual([1, 2]);
  });

  test("inputs of another rank are refused before anything is decided", () => {
    const conv = new nn.LazyConv2d(2, 3);
    expect(() => conv.forward(ones([4]))).toThrow(/Conv2d/);
    expect(conv).toBeInstanceOf(nn.LazyConv2d);
    expect(() => conv.forward(ones([3, 4]))).toThrow("expected [N, C, H, W] or, without a batch, [C, H, W]");
    const norm = new nn.LazyBatchNorm2d();
    expect(() => norm.forward(ones([4, 3, 5]))).toThrow("got an input of shape [4, 3, 5]; expected [N, C, H, W]");
    expect(norm).toBeInstanceOf(nn.LazyBatchNorm2d);
    expect(() => new nn.LazyConv2d(2, 3, { groups: 2 }).forward(ones([1, 3, 4, 4]))).toThrow(/LazyConv2d: 3 input/);
  });
});

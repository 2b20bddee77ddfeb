import { gradcheck } from "@heddle/autograd";
import { arange, Generator, ones, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Conv1d, Conv2d, Conv3d, type ConvNd } from "./conv.ts";
import type { Layer } from "./module.ts";

const generator = new Generator(3);

/** Checks the gradients of a layer in its input, weight and bias. */
function check(layer: ConvNd & Layer, shape: number[]): void {
  layer.to("float64");
  const forward = (input: Tensor, weight: Tensor, bias: Tensor): Tensor => {
    Object.assign(layer, { weight, bias });
    return layer.forward(input);
  };
  const x = randn(shape, { dtype: "float64", generator }).requiresGrad_();
  expect(gradcheck(forward, [x, layer.weight, layer.bias!])).toBe(true);
}

describe("Conv3d", () => {
  test("gives what PyTorch gives", () => {
    const layer = new Conv3d(2, 1, 2, { bias: false, dtype: "float64" });
    layer.loadStateDict({ weight: arange(16, { dtype: "float64" }).reshape(1, 2, 2, 2, 2).div(10) });
    const y = layer.forward(arange(24, { dtype: "float64" }).reshape(1, 2, 2, 2, 3).div(10));
    expect(y.shape).toEqual([1, 1, 1, 1, 2]);
    expect(y.toTypedArray()[0]).toBeCloseTo(18.28, 12);
    expect(y.toTypedArray()[1]).toBeCloseTo(19.48, 12);
  });

  test("gradients", () => check(new Conv3d(2, 2, [1, 2, 2], { padding: 1, stride: [1, 2, 1] }), [1, 2, 2, 3, 3]));
});

describe("padding", () => {
  test.each(["reflect", "replicate", "circular"] as const)("%s has gradients", (paddingMode) => {
    check(new Conv2d(1, 2, 3, { padding: [1, 2], paddingMode }), [1, 1, 4, 4]);
  });

  test("same with another mode than zeros keeps the size, an even kernel's odd one at the end", () => {
    const layer = new Conv1d(1, 1, 4, { padding: "same", paddingMode: "circular", bias: false });
    layer.loadStateDict({ weight: ones([1, 1, 4]) });
    expect(layer.forward(arange(5).reshape(1, 1, 5)).toArray()).toEqual([[[7, 6, 10, 9, 8]]]);
    expect(new Conv2d(1, 1, 3, { padding: "valid", paddingMode: "reflect" }).forward(randn([1, 1, 5, 5])).shape)
      .toEqual([1, 1, 3, 3]);
  });
});

describe("bad input", () => {
  test("another number of channels, or no channels", () => {
    const layer = new Conv2d(3, 8, 3);
    expect(() => layer.forward(randn([2, 1, 8, 8]))).toThrow(
      "Conv2d: got an input of shape [2, 1, 8, 8]; expected [N, 3, H, W] or, without a batch, [3, H, W]",
    );
    expect(() => new Conv2d(1, 8, 3).forward(randn([16, 28, 28]))).toThrow(
      /unsqueeze\(1\) adds a dimension for the one channel/,
    );
    expect(() => new Conv1d(2, 2, 3).forward(randn([8]))).toThrow(
      /Conv1d: got an input of shape \[8\]; expected \[N, 2, L\]/,
    );
  });

  test("arguments that make no convolution", () => {
    expect(() => new Conv2d(0, 1, 3)).toThrow("Conv2d: inChannels is 0; expected an integer of at least 1");
    expect(() => new Conv2d(1, 1, [3, 3, 3])).toThrow(
      "Conv2d: kernelSize [3, 3, 3] has 3 entries; give one number, or 2",
    );
    expect(() => new Conv2d(1, 1, 3, { stride: 0 })).toThrow("Conv2d: stride is 0");
    expect(() => new Conv2d(1, 1, 3, { padding: -1 })).toThrow("Conv2d: padding is -1");
    expect(() => new Conv2d(3, 4, 3, { groups: 2 })).toThrow(
      /3 input and 4 output channels cannot both be split into 2 groups/,
    );
    expect(() => new Conv2d(1, 1, 3, { padding: "same", stride: 2 })).toThrow(
      /padding "same" needs stride 1, got \[2, 2\]/,
    );
    expect(() => new Conv2d(1, 1, 3, { padding: "full" as "same" })).toThrow(/padding "full" is unknown/);
    expect(() => new Conv2d(1, 1, 3, { paddingMode: "mirror" as "reflect" })).toThrow(
      /paddingMode "mirror" is unknown; use "zeros", "reflect"/,
    );
  });
});

test("what is not the default is printed", () => {
  const layer = new Conv2d(2, 4, 3, { padding: "same", dilation: 2, groups: 2, bias: false, paddingMode: "reflect" });
  expect(String(layer)).toBe(
    "Conv2d(2, 4, kernelSize=[3, 3], stride=[1, 1], padding=same, dilation=[2, 2], groups=2, bias=false, paddingMode=reflect)",
  );
});

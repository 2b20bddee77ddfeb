import { gradcheck } from "@heddle/autograd";
import { randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import type { Layer } from "./module.ts";
import { ConvTranspose1d, ConvTranspose2d } from "./conv_transpose.ts";
import { LazyConvTranspose1d } from "./lazy.ts";

/** Checks the gradients of a layer in its input and its own parameters. */
function checkGradients(layer: Layer, x: Tensor): void {
  const names = layer.ownParameters().map(([name]) => name);
  const forward = (input: Tensor, ...values: Tensor[]): Tensor => {
    names.forEach((name, i) => Object.assign(layer, { [name]: values[i] }));
    return layer.forward(input).pow(3);
  };
  expect(gradcheck(forward, [x, ...layer.parameters()])).toBe(true);
}

describe("ConvTranspose1d", () => {
  test("spreads each element by the kernel", () => {
    const layer = new ConvTranspose1d(1, 1, 3, { stride: 2, padding: 1, outputPadding: 1 });
    layer.loadStateDict({ weight: tensor([[[1, 2, 3]]]), bias: tensor([0.5]) });
    // 10·[1 2 3], two further 20·[1 2 3]; the first place is cut off, one at the end is kept.
    expect(layer.forward(tensor([[[10, 20]]])).toArray()).toEqual([[[20.5, 50.5, 40.5, 60.5]]]);
  });

  test("gradients", () => {
    const layer = new ConvTranspose1d(2, 4, 3, { stride: 2, groups: 2, dtype: "float64" });
    const x = randn([2, 2, 3], { dtype: "float64" }).requiresGrad_();
    checkGradients(layer, x);
  });
});

describe("outputSize", () => {
  test("takes the place of outputPadding", () => {
    const layer = new ConvTranspose2d(2, 3, 3, { stride: [2, 3], padding: 1, dilation: [2, 1] });
    const padded = new ConvTranspose2d(2, 3, 3, {
      stride: [2, 3],
      padding: 1,
      dilation: [2, 1],
      outputPadding: [1, 2],
    });
    padded.loadStateDict(layer.stateDict());
    const x = randn([2, 2, 4, 5]);
    const wanted = padded.forward(x);
    expect(layer.forward(x, wanted.shape.slice(2)).equal(wanted)).toBe(true);
    expect(layer.forward(x, wanted.shape).equal(wanted)).toBe(true);
    expect(layer.forward(x.select(0, 1), [10, 15]).equal(wanted.select(0, 1))).toBe(true);
    expect(new LazyConvTranspose1d(1, 2, { stride: 2 }).forward(randn([1, 1, 3]), [7]).shape).toEqual([1, 1, 7]);
  });

  test("refuses what the stride does not allow", () => {
    const layer = new ConvTranspose1d(1, 1, 2, { stride: 2 });
    const x = randn([1, 1, 3]);
    for (const size of [5, 8, 6.5]) {
      expect(() => layer.forward(x, [size])).toThrow(
        `outputSize [${size}] does not fit; expected sizes from [6] to [7]`,
      );
    }
    expect(() => layer.forward(x, [])).toThrow("ConvTranspose1d: outputSize [] does not fit");
    expect(() => layer.forward(x, { outputSize: [6] } as never)).toThrow(
      'ConvTranspose1d: outputSize is {"outputSize":[6]}; expected an array of sizes',
    );
  });
});

test("bad input", () => {
  expect(() => new ConvTranspose2d(4, 2, 3).forward(randn([1, 2, 5, 5]))).toThrow(
    "ConvTranspose2d: got an input of shape [1, 2, 5, 5]; expected [N, 4, H, W]",
  );
  expect(() => new ConvTranspose2d(4, 3, 3, { groups: 2 })).toThrow(/cannot both be split into 2 groups/);
  expect(() => new ConvTranspose2d(1, 1, 3, { outputPadding: 1 }).forward(randn([1, 1, 4, 4]))).toThrow(
    /outputPadding 1 must be smaller/,
  );
});

test("printing", () => {
  const layer = new ConvTranspose2d(4, 2, 3, {
    stride: 2,
    padding: 1,
    outputPadding: 1,
    dilation: 2,
    groups: 2,
    bias: false,
  });
  expect(String(layer)).toBe(
    "ConvTranspose2d(4, 2, kernelSize=[3, 3], stride=[2, 2], padding=[1, 1], outputPadding=[1, 1], dilation=[2, 2], groups=2, bias=false)",
  );
});

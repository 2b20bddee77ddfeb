import { gradcheck } from "@heddle/autograd";
import { Generator, ones, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { groupNorm, layerNorm } from "./functional/normalization.ts";
import type { Layer } from "./module.ts";
import * as nn from "./mod.ts";
import { GroupNorm, LayerNorm } from "./normalization.ts";

const generator = new Generator(13);

/** Checks the gradients of a layer in its input and its own parameters. */
function checkGradients(layer: Layer, x: Tensor): void {
  const names = layer.ownParameters().map(([name]) => name);
  const forward = (input: Tensor, ...values: Tensor[]): Tensor => {
    names.forEach((name, i) => Object.assign(layer, { [name]: values[i] }));
    return layer.forward(input).pow(3);
  };
  expect(gradcheck(forward, [x, ...layer.parameters()])).toBe(true);
}

describe("LayerNorm", () => {
  test("gradients", () => {
    const layer = new LayerNorm([2, 3], { dtype: "float64" });
    const x = randn([2, 2, 3], { dtype: "float64", generator }).requiresGrad_();
    checkGradients(layer, x);
  });

  test("may do without the shift", () => {
    expect(Object.keys(new LayerNorm(3, { bias: false }).stateDict())).toEqual(["weight"]);
    expect(String(new LayerNorm(3, { elementwiseAffine: false }))).toBe(
      "LayerNorm([3], eps=0.00001, elementwiseAffine=false)",
    );
  });

  test("large offsets do not drown the variance", () => {
    const y = layerNorm(ones([4]).cumsum(0).add(10_000), [4]).toTypedArray();
    expect(Number(y[0])).toBeCloseTo(-1.3416, 3);
  });

  test("bad input", () => {
    expect(() => new LayerNorm(4).forward(ones([4, 3]))).toThrow(
      "layerNorm: the input has shape [4, 3], but should end in the normalised shape [4]",
    );
    expect(() => layerNorm(ones([3]), [2, 3])).toThrow(/should end in the normalised shape \[2, 3\]/);
    expect(() => layerNorm(ones([3]), [3], { weight: ones([1, 3]) })).toThrow(
      "layerNorm: weight has shape [1, 3]; expected [3]",
    );
  });
});

describe("GroupNorm", () => {
  test("gradients", () => {
    const layer = new GroupNorm(2, 4, { dtype: "float64" });
    const x = randn([2, 4, 3], { dtype: "float64", generator }).requiresGrad_();
    checkGradients(layer, x);
  });

  test("bad input", () => {
    expect(() => new GroupNorm(3, 4)).toThrow("GroupNorm: 4 channels cannot be split into 3 groups");
    expect(() => new GroupNorm(2, 4).forward(ones([2, 6, 3]))).toThrow(
      "GroupNorm: got an input of shape [2, 6, 3]; expected [N, 4, …]",
    );
    expect(() => groupNorm(ones([2, 4]), 3)).toThrow(
      "groupNorm: 4 channels (shape [2, 4]) cannot be split into 3 groups",
    );
    expect(() => groupNorm(ones([2, 4]), 2, { bias: ones([2]) })).toThrow(
      "groupNorm: bias has shape [2]; expected [4]",
    );
  });

  test("an empty batch", () => {
    expect(new GroupNorm(2, 4).forward(ones([0, 4, 3])).shape).toEqual([0, 4, 3]);
  });
});

test.each<[string, (eps: number) => unknown]>([
  ["LayerNorm", (eps) => new nn.LayerNorm(2, { eps })],
  ["GroupNorm", (eps) => new nn.GroupNorm(1, 2, { eps })],
  ["RMSNorm", (eps) => new nn.RMSNorm(2, { eps })],
  ["BatchNorm1d", (eps) => new nn.BatchNorm1d(2, { eps })],
  ["BatchNorm2d", (eps) => new nn.BatchNorm2d(2, { eps })],
  ["BatchNorm3d", (eps) => new nn.BatchNorm3d(2, { eps })],
  ["InstanceNorm1d", (eps) => new nn.InstanceNorm1d(2, { eps })],
  ["InstanceNorm2d", (eps) => new nn.InstanceNorm2d(2, { eps })],
  ["InstanceNorm3d", (eps) => new nn.InstanceNorm3d(2, { eps })],
  ["layerNorm", (eps) => nn.functional.layerNorm(ones([3, 2]), [2], { eps })],
  ["groupNorm", (eps) => nn.functional.groupNorm(ones([3, 2]), 1, { eps })],
  ["rmsNorm", (eps) => nn.functional.rmsNorm(ones([3, 2]), [2], { eps })],
  ["batchNorm", (eps) => nn.functional.batchNorm(ones([3, 2]), null, null, { eps, training: true })],
  ["instanceNorm", (eps) => nn.functional.instanceNorm(ones([3, 2, 4]), { eps })],
])("%s refuses an eps that is none", (name, make) => {
  for (const eps of [NaN, null, ...(/^[A-Z]/.test(name) ? [-1e-5] : [])]) {
    expect(() => make(eps as number), String(eps)).toThrow(`${name}: eps is ${eps}; expected a number`);
  }
  expect(() => make("1e-5" as never)).toThrow(`${name}: option eps is the string "1e-5"`);
  make(0);
});

import { noGrad } from "@heddle/autograd";
import { BatchNorm2d } from "@heddle/nn";
import { manualSeed, rand, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { WhitenMiddle } from "./input.ts";
import { parameterCount } from "../../parameter_count.ts";
import { type ModelName, MODELS, RECIPES } from "./mod.ts";

describe.each(MODELS)("%s", (model) => {
  test("maps images to logits whose size does not explode or vanish at first", () => {
    manualSeed(0);
    const network = RECIPES[model].make();
    const logits = noGrad(() => network.forward(rand([8, 3, 32, 32])));
    expect(logits.shape).toEqual([8, 10]);
    const size = logits.square().mean().sqrt().item();
    expect(size).toBeGreaterThan(0.001);
    expect(size).toBeLessThan(20);
  });

  test("its table accounts for all parameters", () => {
    const network = RECIPES[model].make();
    const rows = network.table();
    expect(rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(parameterCount(network));
    expect(rows.at(-1)!.output).toBe("10");
    expect(network.training).toBe(true);
  });

  test("dropout acts while it learns and only then", () => {
    const network = RECIPES[model].make({ classes: 7, dropout: 0.5 });
    const images = rand([4, 3, 32, 32]);
    const logits = (): unknown => noGrad(() => network.forward(images)).toArray();
    expect(logits()).not.toEqual(logits());
    network.eval();
    expect(logits()).toEqual(logits());
  });
});

test("their sizes are those of the papers", () => {
  const size = (model: ModelName): number => parameterCount(RECIPES[model].make());
  // He et al. 2016: 0.27 million.
  expect(size("resnet20")).toBe(269_722);
  // Zhang et al. 2017, table 1, without the parameters of norms.
  expect(size("inception-plain")).toBe(1_649_402);
  expect(size("alexnet")).toBe(1_387_786);
  expect(size("mlp-3x512")).toBe(1_735_178);
  expect(size("mlp-1x512")).toBe(1_209_866);
  // The norms' 1,712 shifts in the place of the biases, and as many scales.
  expect(size("inception")).toBe(1_649_402 + 1_712);
  expect(size("vgg")).toBe(551_146);
});

test("batch norms are where the name says", () => {
  const norms = (model: ModelName): number =>
    RECIPES[model].make().modules().filter((module) => module instanceof BatchNorm2d).length;
  expect(norms("resnet20")).toBe(19);
  expect([norms("inception"), norms("inception-plain")]).toEqual([19, 0]);
});

test("WhitenMiddle", () => {
  const images = rand([5, 3, 32, 32]);
  const whitened = new WhitenMiddle().forward(images);
  expect(whitened.shape).toEqual([5, 3, 28, 28]);
  for (const value of whitened.mean([1, 2, 3]).toArray<number[]>()) expect(value).toBeCloseTo(0, 5);
  for (const value of whitened.std([1, 2, 3]).toArray<number[]>()) expect(value).toBeCloseTo(1, 3);
  // Brightness and contrast do not change it; a constant image becomes 0.
  expect(whitened.allclose(new WhitenMiddle().forward(images.mul(0.5).add(0.3)), { atol: 1e-4 })).toBe(true);
  expect(new WhitenMiddle().forward(zeros([1, 3, 32, 32]).add(0.4)).abs().max().item()).toBeLessThan(1e-2);
});

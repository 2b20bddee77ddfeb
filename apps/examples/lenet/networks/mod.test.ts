import { rand } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { parameterCount } from "../../parameter_count.ts";
import { RECIPES } from "./mod.ts";

describe.each(Object.entries(RECIPES))("%s", (_, recipe) => {
  test("maps digits to ten logits", () => {
    expect(recipe.make().forward(rand([2, 1, 28, 28])).shape).toEqual([2, 10]);
  });

  test("names every layer that has parameters", () => {
    const network = recipe.make();
    const named = network.layers.reduce((sum, { module }) => sum + (module ? parameterCount(module) : 0), 0);
    expect(named).toBe(parameterCount(network));
  });

  test("begins with its full learning rate and never more", () => {
    expect(recipe.schedule(0)).toBe(1);
    for (const share of [0.25, 0.5, 0.99]) {
      expect(recipe.schedule(share)).toBeGreaterThan(0);
      expect(recipe.schedule(share)).toBeLessThanOrEqual(1);
    }
  });
});

test("their sizes", () => {
  const sizes = Object.entries(RECIPES).map(([name, recipe]) => [name, parameterCount(recipe.make())]);
  expect(sizes).toEqual([["lenet5", 60_850], ["convnet", 105_506], ["mlp", 669_706]]);
});

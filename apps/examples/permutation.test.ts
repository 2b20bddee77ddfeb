import { Generator } from "@heddle/tensor";
import { expect, test } from "vitest";
import { permutation } from "./permutation.ts";

test("each number once, in an order that the generator decides", () => {
  const numbers = Array.from({ length: 50 }, (_, i) => i);
  const draw = (seed: number): number[] => [...permutation(50, new Generator(seed))];
  expect(draw(1).sort((a, b) => a - b)).toEqual(numbers);
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1)).not.toEqual(numbers);
});

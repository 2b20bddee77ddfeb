import { setDefaultDevice, type Tensor, tensor } from "@heddle/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gradcheck, gradgradcheck } from "../mod.ts";

// Ties, and zeros one by one, are recorded from PyTorch (conformance/fixtures/edges_scatters.json).

const double = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "float64", requiresGrad: true });
const int = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "int32" });

describe.each(["cpu", "reference"])("on %s", (device) => {
  beforeAll(() => setDefaultDevice(device));
  afterAll(() => setDefaultDevice("cpu"));

  test.each([
    ["no zeros", [1, 2, 3], [4, 5, 6, 7, 8]],
    ["a zero of the base", [0, 2, 3], [3, 1, 4, 2, 5]],
    ["a zero of the source", [1, 2, 3], [0, 1, 4, 2, 5]],
    ["one of each", [0, 2, 0], [0, 1, 4, 2, 0]],
    ["two of the source", [1, 2, 3], [0, 0, 4, 2, 5]],
    ["three", [0, 2, 3], [0, 0, 4, 2, 5]],
  ])("the product with %s, to the second derivative", (name, base, source) => {
    const index = int([0, 0, 1, 1, 2]);
    const product = (x?: Tensor, y?: Tensor): Tensor => x!.scatter(0, index, y!, { reduce: "prod" });
    expect(gradcheck(product, [double(base), double(source)])).toBe(true);
    if (name !== "three") expect(gradgradcheck(product, [double(base), double(source)])).toBe(true);
  });

  test.each(["sum", "prod", "amax", "amin", undefined] as const)("a source larger than the index: %s", (reduce) => {
    const index = int([[1, 0]]);
    const options = reduce === undefined ? {} : { reduce };
    const scattered = (x?: Tensor, y?: Tensor): Tensor => x!.scatter(0, index, y!, options);
    const inputs = [double([[1, 2, 7], [3, 4, 8]]), double([[5, 0.5, 7], [8, 9, 10]])];
    expect(gradcheck(scattered, inputs)).toBe(true);
  });
});

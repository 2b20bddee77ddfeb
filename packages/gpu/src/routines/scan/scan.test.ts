import { type DType, isFloat, ones, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import {
  compare,
  devices,
  dtypes,
  memoryLayouts,
  randomValues,
  withLayout,
} from "../../testing/reference_comparison.ts";

/** Sums and products of bool differ from the reference, so such tensors are cast first. */
const tested: readonly DType[] = dtypes.filter((dtype) => dtype !== "bool");

describe.skipIf(gpu === null).each(["cumsum", "cumprod"] as const)("%s on the GPU", (prim) => {
  test("every dtype, dimension and memory layout", { tags: ["long"] }, () => {
    for (const dtype of tested) {
      memoryLayouts.forEach((layout, seed) => {
        for (const shape of [[], [1], [7], [3, 70, 2], [2, 3, 130]]) {
          const x = withLayout(
            shape,
            layout,
            (s) => randomValues(dtype, s, seed, isFloat(dtype) ? [-1.2, 1.2] : [-4, 4]),
          );
          [0, ...shape.keys()].forEach((dim) =>
            compare(prim, [x], { dim }, `${dtype} ${layout} [${shape}] along ${dim}`, 1e-5)
          );
        }
      });
    }
  });

  test("any length", () => {
    for (const length of [63, 64, 65, 1023, 1024, 1025, 4096, 4097, 5000]) {
      const x = randomValues("float32", [2, length], length, [0.9, 1.1]);
      compare(prim, [(d) => x.to(d)], { dim: 1 }, `${length} elements`, 3e-5);
      compare(prim, [(d) => x.to(d).t()], { dim: 0 }, `${length} rows`, 3e-5);
      const whole = randomValues("int32", [length], length, [-9, 9]);
      compare(prim, [(d) => whole.to(d)], { dim: 0 }, `${length} whole numbers`);
    }
  });

  test("no elements", () => {
    for (const shape of [[0], [0, 3], [3, 0]]) {
      compare(prim, [(d) => randomValues("float32", shape, 1).to(d)], { dim: 0 }, `[${shape}]`);
    }
  });

  test("NaN and infinities propagate to later elements", () => {
    const x = tensor([1, 2, Infinity, 3, NaN, 2], { device: "reference" });
    for (const repeat of [1, 40]) {
      compare(prim, [(d) => x.to(d).repeat(repeat)], { dim: 0 }, `${repeat} times`);
    }
  });
});

describe.skipIf(gpu === null)("long scans on the GPU", () => {
  test("of integers are exact", () => {
    const n = 1_200_001;
    const x = randomValues("int32", [n], 7, [-1000, 1000]);
    compare("cumsum", [(d) => x.to(d)], { dim: 0 }, "long");
  });

  test("of floats are accurate", () => {
    for (const device of devices) {
      const sums = ones([300_000], { device }).mul(0.1).cumsum(0);
      expect(sums.at(-1).item()).toBeCloseTo(30_000, 1);
      expect(sums.at(99_999).item()).toBeCloseTo(10_000, 1);
    }
  });
});

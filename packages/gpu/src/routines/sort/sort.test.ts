import { tensor } from "@heddle/tensor";
import { describe, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import { compare, dtypes, memoryLayouts, randomValues, withLayout } from "../../testing/reference_comparison.ts";

describe.skipIf(gpu === null)("sort on the GPU", () => {
  test("every dtype, dimension, memory layout and direction, with many equal values", { tags: ["long"] }, () => {
    for (const dtype of dtypes) {
      memoryLayouts.forEach((layout, seed) => {
        for (const shape of [[], [1], [5, 3, 7], [2, 150]]) {
          const x = withLayout(shape, layout, (s) => randomValues(dtype, s, seed, [-5, 5]));
          shape.forEach((_, dim) => {
            for (const descending of [false, true]) {
              compare("sort", [x], { dim, descending }, `${dtype} ${layout} [${shape}] along ${dim} ${descending}`);
            }
          });
        }
      });
    }
  });

  test("any length", () => {
    for (const length of [2, 16, 17, 31, 32, 33, 64, 127, 128, 129, 200, 255, 256, 257, 1000, 5003]) {
      const shape = [3, length];
      const x = withLayout(shape, "contiguous", (s) => randomValues("float32", s, length, [-50, 50]).mul(4).floor());
      compare("sort", [x], { dim: 1, descending: length % 2 === 0 }, `${length} elements`);
    }
    const long = randomValues("int32", [70_001], 3, [-20_000, 20_000]);
    compare("sort", [(d) => long.to(d)], { dim: 0, descending: false }, "a long row");
  });

  test("NaN is the largest, infinities come next, zeros are equal", () => {
    const some = [1, NaN, -0, Infinity, 0, -Infinity, NaN, -1e-40, 1e-40, 3e38, -3e38, 0, -0];
    for (const repeat of [1, 20]) {
      const x = tensor(Array.from({ length: repeat }, () => some).flat(), { device: "reference" });
      for (const descending of [false, true]) {
        compare("sort", [(d) => x.to(d)], { dim: 0, descending }, `special values ${repeat} times`);
      }
    }
    const extremes = tensor([2 ** 31 - 1, -(2 ** 31), 0, -1, 2 ** 31 - 1, -(2 ** 31)], {
      dtype: "int32",
      device: "reference",
    });
    for (const descending of [false, true]) {
      compare(
        "sort",
        [(d) => extremes.to(d)],
        { dim: 0, descending },
        "extremes",
      );
    }
  });

  test("no elements", () => {
    compare("sort", [(d) => randomValues("float32", [0], 1).to(d)], { dim: 0, descending: false }, "no elements");
    compare("sort", [(d) => randomValues("float32", [0, 200], 1).to(d)], { dim: 1, descending: false }, "no rows");
    compare("sort", [(d) => randomValues("float32", [200, 0], 1).to(d)], { dim: 0, descending: false }, "no lanes");
  });
});

import { tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import { compare, dtypes, memoryLayouts, randomValues, withLayout } from "../../testing/reference_comparison.ts";

describe.skipIf(gpu === null)("gather on the GPU", () => {
  test("every dtype, dimension and memory layout", () => {
    for (const dtype of dtypes) {
      memoryLayouts.forEach((layout, seed) => {
        const shape = [3, 5, 4];
        for (const dim of [0, 1, 2]) {
          // Of any length along the dimension, and smaller than x in the others.
          const indexShape = [3, 2, 3].map((size, d) => d === dim ? 7 : size);
          const x = withLayout(shape, layout, (s) => randomValues(dtype, s, seed));
          const index = withLayout(
            indexShape,
            memoryLayouts[(seed + 1 + dim) % memoryLayouts.length]!,
            (s) => randomValues("int32", s, seed + 9, [0, shape[dim]!]),
          );
          compare("gather", [x, index], { dim }, `${dtype} ${layout} along ${dim}`);
        }
      });
    }
  });

  test("narrow index dtypes, scalars and no elements", () => {
    const x = randomValues("float32", [20], 1);
    compare("gather", [(d) => x.to(d), (d) => randomValues("int16", [33], 2, [0, 20]).to(d)], { dim: 0 }, "int16");
    const index = tensor(3, { dtype: "int32", device: gpu! });
    expect(x.to(gpu!).gather(0, index).item()).toBe(x.at(3).item());
    compare(
      "gather",
      [(d) => x.sum().to(d), (d) => randomValues("int32", [4], 2, [0, 0]).to(d)],
      { dim: 0 },
      "a scalar",
    );
    compare("gather", [(d) => x.to(d), (d) => randomValues("int32", [0], 2).to(d)], { dim: 0 }, "no index");
  });

  test("float bits are preserved", () => {
    const x = tensor([NaN, -0, Infinity, 1e-40], { device: gpu! });
    const index = tensor([3, 2, 1, 0], { dtype: "int32", device: gpu! });
    const found = x.gather(0, index).toTypedArray();
    expect(Array.from(new Uint32Array(found.buffer))).toEqual([71362, 0x7f800000, 0x80000000, 0x7fc00000]);
  });
});

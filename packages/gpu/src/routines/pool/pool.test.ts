import { type DType, isFloat, tensor } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import { compare, dtypes, memoryLayouts, randomValues, withLayout } from "../../testing/reference_comparison.ts";

interface Case {
  readonly shape: number[];
  readonly attrs: Attrs["maxPool"];
}

const ceil = { ceilMode: true };
const floor = { ceilMode: false };
const cases: readonly Case[] = [
  { shape: [2, 3, 9], attrs: { kernel: [3], stride: [2], padding: [1], dilation: [1], ...floor } },
  { shape: [2, 3, 11], attrs: { kernel: [3], stride: [1], padding: [1], dilation: [3], ...floor } },
  { shape: [2, 3, 8, 6], attrs: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ...floor } },
  { shape: [1, 2, 9, 7], attrs: { kernel: [3, 4], stride: [1, 3], padding: [1, 2], dilation: [1, 1], ...ceil } },
  { shape: [3, 1, 10, 9], attrs: { kernel: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [2, 3], ...ceil } },
  { shape: [1, 2, 7, 5], attrs: { kernel: [2, 1], stride: [3, 2], padding: [0, 0], dilation: [1, 1], ...floor } },
  // Too large to be unrolled.
  { shape: [2, 3, 13, 12], attrs: { kernel: [6, 7], stride: [2, 3], padding: [3, 1], dilation: [1, 1], ...ceil } },
  { shape: [2, 3, 40], attrs: { kernel: [26], stride: [4], padding: [0], dilation: [1], ...floor } },
  // Larger than the image, or nearly as large.
  { shape: [2, 3, 5], attrs: { kernel: [60], stride: [1], padding: [30], dilation: [1], ...floor } },
  { shape: [2, 3, 5], attrs: { kernel: [50_000], stride: [7], padding: [25_000], dilation: [1], ...ceil } },
  { shape: [1, 2, 40, 6], attrs: { kernel: [9, 30], stride: [3, 2], padding: [4, 15], dilation: [4, 1], ...floor } },
  {
    shape: [2, 2, 5, 6, 7],
    attrs: { kernel: [2, 3, 2], stride: [1, 2, 2], padding: [1, 1, 0], dilation: [1, 1, 2], ...floor },
  },
];

const floats: readonly DType[] = dtypes.filter((dtype) => isFloat(dtype));

describe.skipIf(gpu === null)("pooling on the GPU", () => {
  test(
    "maxima of every dtype and memory layout, with the index of the first of equal values",
    { tags: ["long"] },
    () => {
      for (const dtype of dtypes) {
        cases.forEach(({ shape, attrs }, i) => {
          const layout = memoryLayouts[i % memoryLayouts.length]!;
          for (const range of [[-3, 3], [-100, 100]] as const) {
            const x = withLayout(shape, layout, (s) => randomValues(dtype, s, i, [...range]));
            compare("maxPool", [x], attrs, `${dtype} ${layout} case ${i}`);
          }
        });
      }
    },
  );

  test("NaN and infinities", () => {
    const x = tensor([[[1, NaN, 2, 3, Infinity, -Infinity, -Infinity, 1e-40, NaN, NaN]]], { device: "reference" });
    const attrs = { kernel: [2], stride: [1], padding: [1], dilation: [1], ceilMode: false };
    compare("maxPool", [(d) => x.to(d)], attrs, "special values");
  });

  test("windows larger than the image", () => {
    for (const { shape, attrs } of cases.filter(({ shape, attrs }) => attrs.kernel.some((k, d) => k > shape[d + 2]!))) {
      compare(
        "maxPool",
        [withLayout(shape, "contiguous", (s) => randomValues("float32", s, 1, [-3, 3]))],
        attrs,
        `${attrs.kernel}`,
      );
    }
  });

  test("gradients of maxima", () => {
    for (const dtype of floats) {
      cases.forEach(({ shape, attrs }, i) => {
        const x = randomValues(dtype, shape, i, [-3, 3]);
        const [y, at] = applyAll("maxPool", [x], attrs);
        const g = withLayout(y!.shape, memoryLayouts[i % memoryLayouts.length]!, (s) => randomValues(dtype, s, i + 9));
        const inputSize = shape.slice(2);
        compare("maxPoolGrad", [g, (d) => at!.to(d)], { ...attrs, inputSize }, `${dtype} case ${i}`, 1e-5);
      });
    }
  });

  test("sums of windows, and their gradients", () => {
    for (const dtype of floats) {
      cases.filter(({ shape }) => shape.length < 5).forEach(({ shape, attrs }, i) => {
        const { kernel, stride, padding, ceilMode } = attrs;
        const sumAttrs = { kernel, stride, padding, ceilMode, scale: i % 2 === 0 ? 1 : 1 / 6 };
        const layout = memoryLayouts[i % memoryLayouts.length]!;
        const x = withLayout(shape, layout, (s) => randomValues(dtype, s, i));
        compare("sumPool", [x], sumAttrs, `${dtype} ${layout} case ${i}`, 1e-5);
        const [y] = applyAll("sumPool", [x("reference")], sumAttrs);
        const g = withLayout(y!.shape, layout, (s) => randomValues(dtype, s, i + 9));
        compare("sumPoolGrad", [g], { ...sumAttrs, inputSize: shape.slice(2) }, `${dtype} ${layout} case ${i}`, 1e-5);
      });
    }
  });

  test("no images", () => {
    const attrs = { kernel: [2], stride: [1], padding: [0], dilation: [1], ceilMode: false };
    const found = applyAll("maxPool", [randomValues("float32", [0, 3, 4], 1).to(gpu!)], attrs);
    expect(found.map((t) => t.shape)).toEqual([[0, 3, 3], [0, 3, 3]]);
    expect(found[0]!.toTypedArray().length).toBe(0);
  });
});

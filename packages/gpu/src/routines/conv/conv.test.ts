import { type DType, isHalfDType, ones, type Tensor, tidy } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import { apply } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import {
  compare,
  dtypes,
  type MemoryLayout,
  memoryLayouts,
  randomValues,
  type TensorMaker,
  withLayout,
} from "../../testing/reference_comparison.ts";

/** Sizes of the input and the weight, and the attributes of the convolution. */
interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
}

const cases: readonly Case[] = [
  { x: [2, 3, 11], w: [4, 3, 3] },
  { x: [2, 4, 20], w: [6, 2, 5], stride: [3], padding: [2], dilation: [2], groups: 2 },
  { x: [3, 1, 9, 8], w: [5, 1, 3, 3] },
  { x: [2, 5, 9, 8], w: [7, 5, 3, 2], padding: [1, 1] },
  { x: [2, 4, 9, 11], w: [6, 2, 3, 3], stride: [2, 2], padding: [1, 1], groups: 2 },
  { x: [2, 4, 10, 9], w: [4, 4, 3, 3], stride: [2, 3], padding: [2, 1], dilation: [2, 2] },
  { x: [1, 3, 12, 12], w: [2, 3, 3, 3], stride: [4, 4], dilation: [2, 3] },
  { x: [2, 3, 8, 8], w: [4, 3, 4, 4], stride: [4, 4] },
  { x: [2, 6, 7, 7], w: [6, 1, 3, 3], padding: [1, 1], groups: 6 },
  { x: [2, 3, 7, 7], w: [6, 1, 3, 3], padding: [1, 1], stride: [2, 2], groups: 3 },
  { x: [3, 5, 9, 10], w: [5, 1, 5, 3], padding: [2, 0], dilation: [1, 2], groups: 5 },
  { x: [2, 4, 11, 13], w: [4, 1, 2, 3], padding: [1, 1], stride: [2, 4], groups: 4 },
  { x: [2, 4, 11, 13], w: [4, 1, 3, 3], padding: [1, 2], stride: [3, 1], dilation: [2, 1], groups: 4 },
  { x: [1, 2, 12, 9], w: [2, 1, 7, 7], padding: [3, 3], stride: [2, 2], groups: 2 },
  { x: [2, 5, 4, 4], w: [8, 5, 1, 1] },
  { x: [2, 5, 4, 4], w: [8, 5, 4, 4] },
  { x: [2, 5, 4, 4], w: [8, 5, 2, 2], padding: [3, 3] },
  { x: [1, 2, 5, 6, 7], w: [3, 2, 2, 3, 2], stride: [1, 2, 1], padding: [1, 1, 0] },
  { x: [7, 20, 6, 6], w: [33, 20, 3, 3], padding: [1, 1] },
];

const attrsOf = ({ w, stride, padding, dilation, groups = 1 }: Case): Attrs["conv"] => {
  const each = (value: number): number[] => w.slice(2).map(() => value);
  return { stride: stride ?? each(1), padding: padding ?? each(0), dilation: dilation ?? each(1), groups };
};

/** Sizes of the output's spatial dimensions. */
const outputs = (c: Case): number[] => {
  const { stride, padding, dilation } = attrsOf(c);
  return c.x.slice(2).map((size, d) =>
    Math.floor((size + 2 * padding[d]! - dilation[d]! * (c.w[d + 2]! - 1) - 1) / stride[d]!) + 1
  );
};

const operand = (dtype: DType, shape: readonly number[], seed: number, layout: MemoryLayout): TensorMaker =>
  withLayout(shape, layout, (s) => randomValues(dtype, s, seed, dtype === "int32" ? [-70000, 70000] : [-1, 1]));

/** Compares the forward pass and both gradients. */
function all(c: Case, dtype: DType, seed: number, rtol = 1e-5): void {
  const attrs = attrsOf(c);
  const layout = (i: number): MemoryLayout => memoryLayouts[(seed + i) % memoryLayouts.length]!;
  const x = operand(dtype, c.x, seed, layout(0));
  const w = operand(dtype, c.w, seed + 10, layout(1));
  const g = operand(dtype, [c.x[0]!, c.w[0]!, ...outputs(c)], seed + 20, layout(2));
  const what = `${dtype} ${JSON.stringify(c)} ${layout(0)}`;
  compare("conv", [x, w], attrs, what, rtol);
  compare("convInputGrad", [g, w], { ...attrs, inputSize: c.x.slice(2) }, what, rtol);
  compare("convWeightGrad", [g, x], { ...attrs, kernelSize: c.w.slice(2) }, what, rtol);
}

describe.skipIf(gpu === null)("convolutions on the GPU", () => {
  test("one to three dimensions, strides, padding, dilation, groups", { tags: ["long"] }, () => {
    cases.forEach((c, seed) => all(c, "float32", seed));
  });

  test("every memory layout of the operands", () => {
    memoryLayouts.forEach((_, seed) => all(cases[3]!, "float32", seed));
  });

  test("other dtypes", { tags: ["long"] }, () => {
    for (const dtype of dtypes.filter((each) => each === "int32" || isHalfDType(each))) {
      for (const c of [cases[1]!, cases[4]!, cases[8]!]) all(c, dtype, 1);
    }
  });

  test("bias and ReLU, also with groups", () => {
    for (const c of [cases[3]!, cases[4]!, cases[8]!, { x: [1, 200, 3, 3], w: [4, 200, 3, 3] }]) {
      const inputs = [operand("float32", c.x, 1, "permuted"), operand("float32", c.w, 2, "contiguous")];
      const bias = operand("float32", [c.w[0]!], 3, "stepped");
      compare("conv", [...inputs, bias], attrsOf(c), `a bias ${JSON.stringify(c)}`, 1e-5);
      compare("conv", [...inputs, bias], { ...attrsOf(c), activation: "relu" }, `both ${JSON.stringify(c)}`, 1e-5);
    }
  });

  test("no images, no channels", () => {
    all({ x: [0, 3, 6, 6], w: [4, 3, 3, 3] }, "float32", 0);
    all({ x: [2, 0, 6, 6], w: [4, 0, 3, 3] }, "float32", 0);
  });

  test("more terms than a loop has iterations on lavapipe", () => {
    const one = (...shape: number[]): Tensor => ones(shape, { device: gpu! });
    const attrs = { stride: [1], padding: [0], dilation: [1], groups: 1 };
    tidy(() => {
      const long = one(1, 200, 70_000);
      const weight = apply("convWeightGrad", [long, long], { ...attrs, kernelSize: [1] });
      expect([weight.amin().item(), weight.amax().item()]).toEqual([70_000, 70_000]);
    });
    tidy(() => {
      const many = one(70, 200, 1100);
      const weight = apply("convWeightGrad", [many, many], { ...attrs, kernelSize: [1] });
      expect([weight.amin().item(), weight.amax().item()]).toEqual([77_000, 77_000]);
    });
    tidy(() => {
      const [x, w] = [one(1, 35_000, 3), one(2, 35_000, 2)];
      expect(apply("conv", [x, w], attrs).toArray()).toEqual([[[70_000, 70_000], [70_000, 70_000]]]);
    });
  });

  test("many images", () => {
    all({ x: [40, 1, 28, 28], w: [8, 1, 5, 5] }, "float32", 0, 1e-4);
    all({ x: [20, 8, 8, 8], w: [16, 8, 5, 5] }, "float32", 1, 1e-4);
  });
});

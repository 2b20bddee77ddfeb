import { afterAll, expect, test } from "vitest";
import { type DType, dtypes, itemSize, typedArrayOver } from "../../../../dtype.ts";
import type { PoolAttrs } from "../../../../prims/attrs.ts";
import { routineRules, windowCount } from "../../../../prims/routines.ts";
import { contiguousStrides, sizeOf } from "../../../../shape.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { maxPool } from "../../../reference/pool.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { maxPoolGrad } from "./max_pool_grad.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

function check(
  seed: number,
  dtype: DType,
  shape: number[],
  attrs: PoolAttrs,
  [from, to]: readonly [StorageLayout, StorageLayout] = ["contiguous", "contiguous"],
  on = engine,
): unknown[] {
  const random = seeded(seed);
  const x = randomOperand(random, "float32", shape, "contiguous");
  const [values, indices] = routineRules.maxPool.outputs([x], attrs).map(({ dtype, shape }): HostOperand => {
    const data = typedArrayOver(dtype, new ArrayBuffer(sizeOf(shape) * itemSize(dtype)), 0, sizeOf(shape));
    return { dtype, shape, strides: contiguousStrides(shape), data, offset: 0 };
  });
  maxPool([x], [values!, indices!], attrs);
  const g = randomOperand(random, dtype, indices!.shape, from);
  const grad = { ...attrs, inputSize: shape.slice(2) };
  const terms = attrs.kernel.reduce((n, k) => n * k, 1);
  return compare(on, {
    name: "maxPoolGrad",
    routine: maxPoolGrad,
    inputs: [g, indices!],
    attrs: grad,
    terms,
    outputLayout: to,
  });
}

function randomPool(random: () => number, dims: number): { shape: number[]; attrs: PoolAttrs } {
  const size = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  for (;;) {
    const each = (make: (d: number) => number): number[] => Array.from({ length: dims }, (_, d) => make(d));
    const kernel = each(() => size(1, 4));
    const attrs = {
      kernel,
      stride: each(() => size(1, 4)),
      padding: each((d) => size(0, Math.floor(kernel[d]! / 2))),
      dilation: each(() => random() < 0.7 ? 1 : 2),
      ceilMode: random() < 0.4,
    };
    const shape = [size(1, 3), size(1, 4), ...each(() => size(1, dims === 3 ? 8 : 15))];
    const count = (d: number): number =>
      windowCount(shape[d + 2]!, kernel[d]!, attrs.stride[d]!, attrs.padding[d]!, attrs.dilation[d]!, attrs.ceilMode);
    if (kernel.every((_, d) => count(d) >= 1)) return { shape, attrs };
  }
}

test("random windows in one to three dimensions", () => {
  for (const dims of [1, 2, 3]) {
    for (let seed = 0; seed < 80; seed++) {
      const { shape, attrs } = randomPool(seeded(100 * dims + seed), dims);
      check(seed, seed % 4 === 0 ? "float64" : "float32", shape, attrs);
    }
  }
});

test("every dtype, gradients of any strides", () => {
  const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];
  for (const dtype of dtypes) {
    // bool has no sums.
    if (dtype === "bool") continue;
    for (let seed = 0; seed < 10; seed++) {
      const { shape, attrs } = randomPool(seeded(seed), 2);
      check(seed, dtype, shape, attrs, [layouts[seed % 5]!, seed % 3 === 0 ? "permuted" : "contiguous"]);
    }
  }
});

test("a window without elements has no gradient", () => {
  // One element; the taps lie on both sides of it.
  const attrs = { kernel: [2], stride: [1], padding: [1], dilation: [2], ceilMode: false };
  const [grad] = check(1, "float32", [1, 1, 1], attrs);
  expect(Array.from(grad as Float32Array)).toEqual([0]);
});

test("the same on several threads", () => {
  several.ready(300_000);
  for (const stride of [2, 3]) {
    const attrs = { kernel: [3, 3], stride: [stride, stride], padding: [1, 1], dilation: [1, 1], ceilMode: false };
    expect(check(1, "float32", [20, 16, 24, 24], attrs)).toEqual(
      check(1, "float32", [20, 16, 24, 24], attrs, ["contiguous", "contiguous"], several),
    );
  }
});

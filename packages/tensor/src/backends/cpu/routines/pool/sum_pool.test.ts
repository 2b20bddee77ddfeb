import { afterAll, expect, test } from "vitest";
import { type DType, itemSize, typedArrayOver } from "../../../../dtype.ts";
import type { SumPoolAttrs } from "../../../../prims/attrs.ts";
import { routineRules, windowCount } from "../../../../prims/routines.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { sumPool, sumPoolGrad } from "./sum_pool.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];

/** Compares the sums and their gradient. Returns both. */
function check(
  seed: number,
  dtype: DType,
  shape: number[],
  attrs: SumPoolAttrs,
  [from, to]: readonly [StorageLayout, StorageLayout] = ["contiguous", "contiguous"],
  on = engine,
): unknown[] {
  const random = seeded(seed);
  const terms = attrs.kernel.reduce((n, k) => n * k, 1);
  const x = randomOperand(random, dtype, shape, from);
  const [y] = routineRules.sumPool.outputs([x], attrs);
  const g = randomOperand(random, dtype, y!.shape, from);
  const inputSize = shape.slice(2);
  return [
    compare(on, { name: "sumPool", routine: sumPool, inputs: [x], attrs, terms, outputLayout: to }),
    compare(on, {
      name: "sumPoolGrad",
      routine: sumPoolGrad,
      inputs: [g],
      attrs: { ...attrs, inputSize },
      terms,
      outputLayout: to,
    }),
  ];
}

function randomPool(random: () => number, dims: number, most: number): { shape: number[]; attrs: SumPoolAttrs } {
  const size = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  for (;;) {
    const each = (make: (d: number) => number): number[] => Array.from({ length: dims }, (_, d) => make(d));
    const kernel = each(() => size(1, most));
    const attrs = {
      kernel,
      stride: random() < 0.5 ? kernel : each(() => size(1, most)),
      padding: each((d) => random() < 0.5 ? 0 : size(0, Math.floor(kernel[d]! / 2))),
      ceilMode: random() < 0.4,
      scale: random() < 0.3 ? 1 : 0.5 + random(),
    };
    const shape = [size(1, 3), size(1, 4), ...each(() => size(1, 6 * most))];
    const count = (d: number): number =>
      windowCount(shape[d + 2]!, kernel[d]!, attrs.stride[d]!, attrs.padding[d]!, 1, attrs.ceilMode);
    if (kernel.every((_, d) => count(d) >= 1)) return { shape, attrs };
  }
}

test("random windows in one and two dimensions", () => {
  for (const dims of [1, 2]) {
    for (let seed = 0; seed < 200; seed++) {
      const { shape, attrs } = randomPool(seeded(1000 * dims + seed), dims, seed < 150 ? 4 : 9);
      check(seed, "float32", shape, attrs);
    }
  }
});

test("windows that tile rows of any length", () => {
  for (const kernel of [1, 2, 3, 4, 5]) {
    for (let outputs = 1; outputs <= 9; outputs++) {
      const attrs = {
        kernel: [2, kernel],
        stride: [2, kernel],
        padding: [0, 0],
        ceilMode: false,
        scale: 1 / (2 * kernel),
      };
      check(outputs, "float32", [2, 2, 6, outputs * kernel], attrs);
      check(outputs, "float64", [2, 2, 7, outputs * kernel], attrs);
    }
  }
});

test("windows and strides too long for vectors", () => {
  for (let seed = 0; seed < 30; seed++) {
    const { shape, attrs } = randomPool(seeded(seed), 2, 4);
    const long = {
      ...attrs,
      kernel: [attrs.kernel[0]!, seed % 3 === 0 ? 3 : 17 + seed],
      stride: [attrs.stride[0]!, seed % 3 === 2 ? 2 : 17],
      padding: [attrs.padding[0]!, seed % 3 === 0 ? 1 : seed % 8],
    };
    check(seed, seed % 2 === 0 ? "float32" : "float64", [...shape.slice(0, 3), 50 + 3 * seed], long);
  }
});

test("every float, operands of any strides", () => {
  for (const dtype of ["float16", "float32", "float64"] as const) {
    for (let seed = 0; seed < 40; seed++) {
      const { shape, attrs } = randomPool(seeded(seed), 1 + seed % 2, 4);
      check(seed, dtype, shape, attrs, [layouts[seed % 5]!, seed % 3 === 0 ? "permuted" : "contiguous"]);
    }
  }
});

test("no planes", () => {
  const attrs = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], ceilMode: false, scale: 1 };
  check(1, "float32", [0, 3, 4, 4], attrs);
  check(1, "float32", [3, 0, 4, 4], attrs);
});

test("elements outside a row or plane are not read", () => {
  // Infinity next to an image must not reach its sums, nor as infinity · 0 its zeros.
  const attrs = { kernel: [3, 3], stride: [2, 2], padding: [1, 1], ceilMode: true, scale: 0.25 };
  const shape = [1, 1, 6, 7];
  const data = typedArrayOver("float32", new ArrayBuffer(24 * 32 * itemSize("float32")), 0, 24 * 32).fill(
    Infinity as never,
  );
  for (let r = 0; r < 6; r++) data.fill(1 as never, (r + 4) * 32 + 9, (r + 4) * 32 + 16);
  const x = { dtype: "float32", shape, strides: [768, 768, 32, 1], data, offset: 4 * 32 + 9 } as const;
  const [sums] = compare(engine, { name: "sumPool", routine: sumPool, inputs: [x], attrs, terms: 9 });
  expect(Array.from(sums!).every(Number.isFinite)).toBe(true);
});

test("the same on several threads", () => {
  several.ready(300_000);
  for (const [kernel, stride, padding] of [[2, 2, 0], [3, 2, 1], [3, 1, 1]] as const) {
    const attrs = {
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding: [padding, padding],
      ceilMode: false,
      scale: 1 / kernel ** 2,
    };
    const shape = [40, 16, 28, 28];
    expect(check(1, "float32", shape, attrs)).toEqual(
      check(1, "float32", shape, attrs, ["contiguous", "contiguous"], several),
    );
  }
});

import { afterAll, expect, test } from "vitest";
import { type DType, dtypes, isFloat, isHalfDType } from "../../../../dtype.ts";
import { halfFormats } from "../../../../half.ts";
import { windowCount } from "../../../../prims/routines.ts";
import type { PoolAttrs } from "../../../../prims/attrs.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { maxPool } from "./max_pool.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

function check(
  seed: number,
  dtype: DType,
  shape: number[],
  attrs: PoolAttrs,
  layouts: readonly [StorageLayout, StorageLayout] = ["contiguous", "contiguous"],
  on = engine,
): unknown[] {
  const random = seeded(seed);
  const x = randomOperand(random, dtype, shape, layouts[0]);
  // Ties and NaN, so that it matters which comes first.
  for (let i = 0; i < x.data.length; i++) {
    const draw = random();
    if (draw < 0.3 && dtype === "int64") (x.data as BigInt64Array)[i] = 5n;
    else if (draw < 0.3) x.data[i] = 1;
    else if (draw < 0.35 && isFloat(dtype)) x.data[i] = isHalfDType(dtype) ? halfFormats[dtype].toBits(NaN) : NaN;
    else if (draw < 0.4 && isFloat(dtype)) {
      x.data[i] = isHalfDType(dtype) ? halfFormats[dtype].toBits(-Infinity) : -Infinity;
    }
  }
  return compare(on, { name: "maxPool", routine: maxPool, inputs: [x], attrs, terms: 1, outputLayout: layouts[1] });
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
    const shape = [size(1, 3), size(1, 4), ...each(() => size(1, dims === 3 ? 8 : 20))];
    const count = (d: number): number =>
      windowCount(
        shape[d + 2]!,
        kernel[d]!,
        attrs.stride[d]!,
        attrs.padding[d]!,
        attrs.dilation[d]!,
        attrs.ceilMode,
      );
    if (kernel.every((_, d) => count(d) >= 1)) return { shape, attrs };
  }
}

test("random windows in one to three dimensions", () => {
  for (const [dims, count] of [[1, 60], [2, 200], [3, 60]] as const) {
    for (let seed = 0; seed < count; seed++) {
      const { shape, attrs } = randomPool(seeded(100 * dims + seed), dims);
      check(seed, "float32", shape, attrs);
    }
  }
});

test("every dtype, operands of any strides", () => {
  const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];
  for (const dtype of dtypes) {
    for (let seed = 0; seed < 15; seed++) {
      const random = seeded(seed);
      const { shape, attrs } = randomPool(random, 2);
      check(seed, dtype, shape, attrs, [layouts[seed % 5]!, seed % 3 === 0 ? "permuted" : "contiguous"]);
    }
  }
});

test("no planes", () => {
  const attrs = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false };
  check(1, "float32", [0, 3, 4, 4], attrs);
  check(1, "float32", [3, 0, 4, 4], attrs);
});

test("the same on several threads", () => {
  several.ready(300_000);
  for (const [kernel, size] of [[2, 28], [3, 24]] as const) {
    const each = [kernel, kernel];
    const attrs = { kernel: each, stride: each, padding: [0, 0], dilation: [1, 1], ceilMode: false };
    const shape = [20, 16, size, size];
    expect(check(1, "float32", shape, attrs)).toEqual(
      check(1, "float32", shape, attrs, ["contiguous", "contiguous"], several),
    );
  }
});

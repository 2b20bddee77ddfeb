import { afterAll, expect, test } from "vitest";
import { type DType, dtypes, isFloat } from "../../../../dtype.ts";
import type { MatmulAttrs } from "../../../../prims/attrs.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { gemm } from "./gemm.ts";
import { planned } from "../plan_cache.ts";
import { matmul } from "./matmul.ts";

const engine = new Engine({}, 1);
const several = [new Engine({}, 2), new Engine({}, 7)];
afterAll(() => several.forEach((each) => each.close()));

const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];

function multiply(
  seed: number,
  dtype: DType,
  left: number[],
  right: number[],
  layout?: [StorageLayout, StorageLayout, StorageLayout],
  on = engine,
) {
  const random = seeded(seed);
  const pick = (): StorageLayout => layouts[Math.floor(random() * layouts.length)]!;
  const [a, b, c] = layout ?? [pick(), pick(), random() < 0.3 ? "permuted" : "contiguous"];
  const inputs = [randomOperand(random, dtype, left, a), randomOperand(random, dtype, right, b)];
  const bias = randomOperand(random, dtype, [right.at(-1)!], b);
  const activation = isFloat(dtype) ? "relu" : "none";
  const product = (more: readonly HostOperand[], attrs: MatmulAttrs) => {
    const terms = left.at(-1)!;
    return compare(on, {
      name: "matmul",
      routine: matmul,
      inputs: [...inputs, ...more],
      attrs,
      terms,
      outputLayout: c,
    });
  };
  return [
    ...product([], {}),
    ...product([bias], { activation }),
    ...(seed % 2 === 0 ? product([bias], {}) : product([], { activation })),
    ...(dtype === "float32" ? product(seed % 2 === 0 ? [bias] : [], { rounded: true, activation }) : []),
  ];
}

test("every small size", () => {
  for (let m = 1; m <= 12; m++) {
    for (let n = 1; n <= 18; n++) {
      for (const k of [1, 2, 3, 4, 5, 9]) multiply(m * 100 + n * 10 + k, "float32", [m, k], [k, n]);
    }
  }
});

test("every dtype, with and without batches", () => {
  for (const dtype of dtypes.filter((each) => each !== "bool")) {
    for (let seed = 0; seed < 12; seed++) {
      const random = seeded(seed);
      const size = (most: number): number => 1 + Math.floor(random() * most);
      const [m, k, n, batch] = [size(24), size(40), size(24), size(3)];
      multiply(seed, dtype, [m, k], [k, n]);
      multiply(seed, dtype, [batch, m, k], [k, n]);
      multiply(seed, dtype, [2, 1, m, k], [batch, k, n]);
      multiply(seed, dtype, [m, k], [batch, k, n]);
    }
  }
});

test("sizes around the blocks' borders", () => {
  const sizes: [number, number, number][] = [
    [121, 384, 513],
    [600, 5, 24],
    [7, 3000, 9],
    [129, 385, 33],
    [5, 8, 2000],
    [1, 700, 1],
    [1, 20_000, 1],
    [1, 300, 700],
    [700, 300, 1],
    [2, 1025, 3],
  ];
  for (const [m, k, n] of sizes) {
    for (
      const [a, b] of [["contiguous", "contiguous"], ["permuted", "permuted"], ["stepped", "backwards"]] as [
        StorageLayout,
        StorageLayout,
      ][]
    ) {
      multiply(m + k + n, "float32", [m, k], [k, n], [a, b, "contiguous"]);
    }
    multiply(m + k, "float64", [m, k], [k, n]);
  }
});

test("in parts, if packed operands would be large", () => {
  const random = seeded(8);
  const inputs = [
    randomOperand(random, "float32", [95, 30], "contiguous"),
    randomOperand(random, "float32", [30, 170], "contiguous"),
    randomOperand(random, "float32", [170], "contiguous"),
  ];
  const routine = planned<"matmul">((plan, [a, b, bias], [c]) =>
    gemm(
      plan,
      {
        kind: "f32",
        m: 95,
        k: 30,
        n: 170,
        leftM: 120,
        leftK: 4,
        rightK: 680,
        rightN: 4,
        outStride: 680,
        bias: bias!.pointer,
        products: [a!.pointer, b!.pointer, c!.pointer],
      },
      5000,
    )
  );
  compare(engine, { name: "matmul", routine, inputs, attrs: {}, terms: 30 });
});

test("no rows, no columns, no terms, no batch", () => {
  for (const [left, right] of [[[0, 3], [3, 2]], [[2, 3], [3, 0]], [[2, 0], [0, 3]], [[0, 2, 3], [0, 3, 2]]]) {
    for (const dtype of ["float32", "float64", "int32", "float16"] as DType[]) multiply(1, dtype, left!, right!);
  }
});

test("infinities and NaN stay in their row and column, NaN through a rectifier too", () => {
  const random = seeded(3);
  const a = randomOperand(random, "float32", [13, 9], "contiguous");
  const b = randomOperand(random, "float32", [9, 11], "contiguous");
  a.data[a.offset + 4] = Infinity;
  b.data[b.offset + 2] = NaN;
  const [c] = compare(engine, { name: "matmul", routine: matmul, inputs: [a, b], attrs: {}, terms: 9 });
  expect([...c!].filter((x) => !Number.isFinite(x)).length).toBe(11 + 13 - 1);
  const attrs = { activation: "relu" } as const;
  const [r] = compare(engine, { name: "matmul", routine: matmul, inputs: [a, b], attrs, terms: 9 });
  expect([...r!].filter(Number.isNaN).length).toBeGreaterThanOrEqual(13);
});

test("rounded operands: halves go to even, large numbers to infinity, and NaN stays", () => {
  const values = [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 3.4e38, -3.4e38, NaN, Infinity, -0, 2 ** -120];
  const rounded = [1, 1 + 2 ** -6, 1 + 2 ** -7, Infinity, -Infinity, NaN, Infinity, -0, 2 ** -120];
  // As the left and as the right operand, packed along and across.
  for (const shape of [[9, 1], [1, 9]]) {
    for (const layout of ["contiguous", "stepped", "permuted"] as const) {
      const operand = randomOperand(seeded(1), "float32", shape, layout);
      const stride = operand.strides[shape.indexOf(9)]!;
      values.forEach((value, i) => operand.data[operand.offset + i * stride] = value);
      const one = randomOperand(seeded(1), "float32", [1, 1], "contiguous");
      one.data[one.offset] = 1;
      const inputs = shape[0] === 9 ? [operand, one] : [one, operand];
      const attrs = { rounded: true };
      const [c] = compare(engine, { name: "matmul", routine: matmul, inputs, attrs, terms: 1 });
      expect([...c!].map((x) => x + 0)).toEqual(rounded.map((x) => x + 0));
    }
  }
});

test("bit for bit the same on several threads", () => {
  for (const each of several) each.ready(300_000);
  const sizes: [number[], number[]][] = [
    [[300, 700], [700, 200]],
    [[16, 60, 64], [16, 64, 50]],
    [[3, 200, 100], [3, 100, 300]],
    [[1, 5000], [5000, 600]],
    [[600, 5000], [5000, 1]],
  ];
  for (const [left, right] of sizes) {
    const layout: [StorageLayout, StorageLayout, StorageLayout] = ["contiguous", "contiguous", "contiguous"];
    const one = multiply(9, "float32", left, right, layout);
    for (const each of several) expect(multiply(9, "float32", left, right, layout, each)).toEqual(one);
  }
});

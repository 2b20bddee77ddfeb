import { afterAll, describe, expect, test } from "vitest";
import { type DType, dtypes, typedArrayOver } from "../../../../dtype.ts";
import { sizeOf } from "../../../../shape.ts";
import type { ScatterMode } from "../../../../prims/attrs.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { Engine } from "../../engine.ts";
import {
  compare,
  fromHeap,
  onHeap,
  randomOperand,
  seeded,
  type StorageLayout,
} from "../../testing/reference_comparison.ts";
import { gather } from "./gather.ts";
import { scatter } from "./scatter.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];

/** An operand of indices below a limit. */
function indices(
  random: () => number,
  shape: number[],
  layout: StorageLayout,
  limit: number,
  dtype: DType = "int32",
): HostOperand {
  const operand = randomOperand(random, dtype, shape, layout);
  for (let i = 0; i < operand.data.length; i++) {
    const value = Math.floor(random() * limit);
    if (dtype === "int64") (operand.data as BigInt64Array)[i] = BigInt(value);
    else operand.data[i] = value;
  }
  return operand;
}

/** A random case: shapes, layouts, dims. */
function draw(seed: number) {
  const random = seeded(seed);
  const rank = 1 + Math.floor(random() * 4);
  const shape = Array.from({ length: rank }, () => 1 + Math.floor(random() * (rank === 1 ? 90 : 9)));
  const dim = Math.floor(random() * rank);
  const smaller = shape.map((n, d) => d === dim ? 1 + Math.floor(random() * 12) : 1 + Math.floor(random() * n));
  const layout = (): StorageLayout => layouts[Math.floor(random() * layouts.length)]!;
  const outputLayout: StorageLayout = random() < 0.4 ? "permuted" : random() < 0.4 ? "stepped" : "contiguous";
  return { random, shape, dim, smaller, layout, outputLayout };
}

describe("gather", () => {
  test.each(dtypes)("%s in every layout", (dtype) => {
    for (let seed = 0; seed < 40; seed++) {
      const { random, shape, dim, smaller, layout, outputLayout } = draw(seed);
      const x = randomOperand(random, dtype, shape, layout());
      const index = indices(random, smaller, layout(), shape[dim]!, seed % 5 === 0 ? "int64" : "int32");
      compare(engine, { name: "gather", routine: gather, inputs: [x, index], attrs: { dim }, terms: 1, outputLayout });
    }
  });

  test("whole rows, and threads", () => {
    for (const [rows, width] of [[7, 1], [40, 3], [1000, 33], [3000, 64]] as const) {
      const random = seeded(rows);
      const x = randomOperand(random, "float32", [50, width], "contiguous");
      const column = indices(random, [rows, 1], "contiguous", 50);
      const index = { ...column, shape: [rows, width], strides: [1, 0] };
      for (const on of [engine, several]) {
        compare(on, { name: "gather", routine: gather, inputs: [x, index], attrs: { dim: 0 }, terms: 1 });
      }
    }
  });
});

const modes: readonly ScatterMode[] = ["set", "sum", "prod", "amax", "amin"];

describe("scatter", () => {
  test.each(modes)("%s of every dtype in every layout", (mode) => {
    for (const dtype of dtypes) {
      // Products of large integers leave the range in which the reference's numbers are exact.
      if (mode === "prod" && dtype.startsWith("int")) continue;
      for (let seed = 0; seed < 30; seed++) {
        const { random, shape, dim, smaller, layout, outputLayout } = draw(seed);
        const x = randomOperand(random, dtype, shape, layout());
        const index = indices(random, smaller, layout(), shape[dim]!);
        const source = randomOperand(random, dtype, smaller.map((n) => n + Math.floor(random() * 2)), layout());
        const inputs = [x, index, source];
        compare(engine, { name: "scatter", routine: scatter, inputs, attrs: { dim, mode }, terms: 1, outputLayout });
      }
    }
  });

  test.each(modes)("%s of rows is the same with threads, bit for bit", (mode) => {
    const random = seeded(5);
    for (const [rows, width] of [[2000, 5], [3000, 40], [5000, 256]] as const) {
      const x = randomOperand(random, "float32", [37, width], "contiguous");
      const source = randomOperand(random, "float32", [rows, width], "contiguous");
      const column = indices(random, [rows, 1], "contiguous", 37);
      const index = { ...column, shape: [rows, width], strides: [1, 0] };
      const [one, two] = [engine, several].map((on) => {
        on.ready();
        const c = { name: "scatter", routine: scatter, attrs: { dim: 0, mode }, terms: rows } as const;
        return compare(on, { ...c, inputs: [x, index, source] })[0]!;
      });
      expect(one).toEqual(two);
    }
  });

  test("amax and amin take NaN from the source and keep that of the tensor", () => {
    const operand = (values: number[]): HostOperand => ({
      dtype: "float32",
      shape: [values.length],
      strides: [1],
      data: Float32Array.from(values),
      offset: 0,
    });
    const index: HostOperand = { ...operand([]), dtype: "int32", shape: [3], data: Int32Array.of(0, 1, 2) };
    for (const mode of ["amax", "amin"] as const) {
      const inputs = [operand([NaN, 1, 2]), index, operand([1, NaN, 3])];
      compare(engine, { name: "scatter", routine: scatter, inputs, attrs: { dim: 0, mode }, terms: 1 });
    }
  });
});

describe("indices out of range", () => {
  const x: HostOperand = { dtype: "float32", shape: [4, 3], strides: [3, 1], data: new Float32Array(12), offset: 0 };
  const wrong = (values: number[], dtype: "int32" | "int64"): HostOperand => ({
    dtype,
    shape: [values.length, 1],
    strides: [1, 1],
    data: dtype === "int32" ? Int32Array.from(values) : BigInt64Array.from(values.map(BigInt)),
    offset: 0,
  });

  test.each(
    [
      [[0, 3, 4, 9], "int32", 4],
      [[0, -1], "int32", -1],
      [[1, 2, 3, 0, 1, 2, 3, 0, -2147483648], "int32", -2147483648],
      [[7], "int64", 7],
    ] as const,
  )("%j (%s) are an error that names %i, and nothing is written", (values, dtype, first) => {
    const index = onHeap(engine, wrong([...values], dtype));
    const input = onHeap(engine, x);
    const out = onHeap(engine, { ...x, data: new Float32Array(12).fill(5) });
    const message = `index ${first} is out of range for dim 0 of size 4; expected 0 to 3`;
    expect(() => gather(engine, [input, index], [{ ...out, shape: index.shape, strides: [1, 1] }], { dim: 0 })).toThrow(
      new RangeError(`gather: ${message}`),
    );
    expect(() => scatter(engine, [input, index, index], [out], { dim: 0, mode: "sum" })).toThrow(
      new RangeError(`scatter: ${message}`),
    );
    expect([...fromHeap(engine, out)]).toEqual(new Array(12).fill(5));
  });

  test("empty indices and empty dims", () => {
    const empty = (shape: number[], dtype: DType): HostOperand => ({
      dtype,
      shape,
      strides: shape.map(() => 1),
      data: typedArrayOver(dtype, new ArrayBuffer(64), 0, 8),
      offset: 0,
    });
    expect(sizeOf([0, 3])).toBe(0);
    const inputs = [x, empty([0, 3], "int32")];
    compare(engine, { name: "gather", routine: gather, inputs, attrs: { dim: 0 }, terms: 1 });
    const attrs = { dim: 0, mode: "sum" } as const;
    const scattered = [x, empty([0, 3], "int32"), empty([0, 3], "float32")];
    compare(engine, { name: "scatter", routine: scatter, inputs: scattered, attrs, terms: 1 });
  });

  test("tensors without dimensions", () => {
    const scalar = (dtype: DType, value: number): HostOperand => {
      const data = typedArrayOver(dtype, new ArrayBuffer(64), 0, 8);
      data[0] = value;
      return { dtype, shape: [], strides: [], data, offset: 0 };
    };
    const inputs = [scalar("float32", 3), scalar("int32", 0), scalar("float32", 4)];
    compare(engine, { name: "gather", routine: gather, inputs: inputs.slice(0, 2), attrs: { dim: 0 }, terms: 1 });
    compare(engine, { name: "scatter", routine: scatter, inputs, attrs: { dim: 0, mode: "sum" }, terms: 1 });
  });
});

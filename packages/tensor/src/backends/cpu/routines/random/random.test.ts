import { afterAll, expect, test } from "vitest";
import { type DType, itemSize, typedArrayOver } from "../../../../dtype.ts";
import type { RandomAttrs } from "../../../../prims/attrs.ts";
import { contiguousStrides, sizeOf } from "../../../../shape.ts";
import { load } from "../../../reference/host_operand.ts";
import { random as reference } from "../../../reference/random.ts";
import { Engine } from "../../engine.ts";
import { get, set } from "../../../../code/tree.ts";
import { ArrayFunction } from "../../testing/array_function.ts";
import type { BinaryExpander } from "../../math/lanes.ts";
import { errorInUlp } from "../../testing/math_bounds.ts";
import { fromHeap, onHeap } from "../../testing/reference_comparison.ts";
import { boxMuller } from "./normal_pairs.ts";
import { random } from "./random.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

/** The random numbers of the engine and of the reference. */
function draw(attrs: RandomAttrs, on = engine, strides = contiguousStrides(attrs.shape)): (readonly number[])[] {
  const { dtype, shape } = attrs;
  const room = 3 + 4 * sizeOf(shape);
  const data = typedArrayOver(dtype, new ArrayBuffer(room * itemSize(dtype)), 0, room);
  const host = { dtype, shape, strides, data, offset: 1 };
  const out = onHeap(on, host);
  random(on, [], [out], attrs);
  reference([], [host], attrs);
  // Memory around the tensor is unchanged.
  const written = typedArrayOver(dtype, on.heap.memory.buffer, out.pointer - itemSize(dtype), room);
  for (let i = 0; i < room; i++) {
    if (data[i] === 0 && written[i] !== 0) {
      expect.fail(`element ${i} of the storage, outside the tensor, was written to`);
    }
  }
  const drawn = fromHeap(on, out);
  out.release();
  return [Array.from(drawn), Array.from(load(host))];
}

const keys: readonly (readonly [number, number])[] = [[0, 0], [7, 0], [0xdeadbeef, 0x1fffff]];
const counters = [0, 1, 2 ** 32 - 3, 2 ** 32, 2 ** 52 - 1];

test.each(
  [
    ["bits", "int32"],
    ["uniform", "float32"],
    ["uniform", "float64"],
    ["uniform", "float16"],
    ["uniform", "bfloat16"],
    ["normal", "float32"],
    ["normal", "float64"],
    ["normal", "float16"],
    ["normal", "bfloat16"],
    ["bits", "int16"],
  ] as ["bits" | "uniform" | "normal", DType][],
)("%s of %s are the reference's", (distribution, dtype) => {
  for (const key of keys) {
    for (const counter of counters) {
      for (const count of [1, 3, 15, 16, 17, 100]) {
        const [got, expected] = draw({ distribution, dtype, shape: [count], key, counter });
        expect(got).toEqual(expected);
      }
    }
  }
});

test("normals are accurate within 4 ulp", () => {
  for (const [i, key] of keys.entries()) {
    const attrs: RandomAttrs = { distribution: "normal", dtype: "float32", shape: [50_000], key, counter: i * 2 ** 31 };
    const [got] = draw(attrs) as [number[], number[]];
    const exact = exactNormals(attrs);
    for (let n = 0; n < got.length; n++) {
      const error = errorInUlp(got[n]!, exact[n]!);
      if (!(error <= 4)) expect.fail(`element ${n} is ${got[n]}, expected ${exact[n]}: ${error} ulp`);
    }
  }
});

/** Box and Muller's pairs in float64, from the bits. */
function exactNormals({ shape, key, counter }: RandomAttrs): number[] {
  const [bits] = draw({ distribution: "bits", dtype: "int32", shape, key, counter }) as [number[], number[]];
  return bits.map((_, i) => {
    const u = (bits[i & ~1]! >>> 0) * 2 ** -32;
    const v = (bits[i | 1]! >>> 0) * 2 ** -32;
    const radius = Math.sqrt(-2 * Math.log1p(-u));
    return radius * (i & 1 ? Math.sin(2 * Math.PI * v) : Math.cos(2 * Math.PI * v));
  });
}

test("strided tensors", () => {
  for (const dtype of ["float32", "float64", "float16", "bfloat16"] as const) {
    const attrs: RandomAttrs = { distribution: "uniform", dtype, shape: [5, 7], key: [3, 4], counter: 9 };
    for (const strides of [[1, 5], [14, 2], [20, 1]]) {
      const [got, expected] = draw(attrs, engine, strides);
      expect(got).toEqual(expected);
    }
  }
});

test("threads do not change the results", () => {
  several.ready();
  for (const distribution of ["uniform", "normal"] as const) {
    const attrs: RandomAttrs = { distribution, dtype: "float32", shape: [100_003], key: [5, 6], counter: 11 };
    expect(draw(attrs, several)[0]).toEqual(draw(attrs)[0]);
  }
});

test("normals of extreme words", () => {
  const words = [
    0,
    1,
    2,
    255,
    2 ** 24 + 1,
    2 ** 30 - 1,
    2 ** 30,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 1,
    2 ** 32 - 256,
    2 ** 32 - 1,
  ];
  for (const which of [0, 1]) {
    const expand: BinaryExpander = (f, x, y) => {
      const pair = [f.local("vector"), f.local("vector")] as const;
      return [set(pair[0], x), set(pair[1], y), boxMuller(f, ...pair), get(pair[which]!)];
    };
    const f = new ArrayFunction(2, expand, words.length ** 2);
    const [u, v] = [0, 1].map((n) => new Uint32Array(f.operand(n).buffer, f.operand(n).byteOffset, f.length)) as [
      Uint32Array,
      Uint32Array,
    ];
    words.forEach((a, i) => words.forEach((b, j) => [u[i * words.length + j], v[i * words.length + j]] = [a, b]));
    f.run();
    for (let i = 0; i < words.length ** 2; i++) {
      const radius = Math.sqrt(-2 * Math.log1p(-u[i]! * 2 ** -32));
      // Quarters of a turn by name, so that their zeros are zeros.
      const quarter = Math.round(v[i]! * 2 ** -30);
      const angle = (v[i]! * 2 ** -30 - quarter) * Math.PI / 2;
      const around = [Math.cos(angle), -Math.sin(angle), -Math.cos(angle), Math.sin(angle)];
      const exact = radius * around[(quarter + 3 * which) % 4]!;
      const got = f.operand(-1)[i]!;
      const error = got === 0 && exact === 0 ? 0 : errorInUlp(got, exact);
      expect(error, `words ${u[i]} and ${v[i]}: ${got}, expected ${exact}`).toBeLessThanOrEqual(4);
    }
  }
});

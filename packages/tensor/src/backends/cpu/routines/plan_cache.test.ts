import { describe, expect, test } from "vitest";
import { Engine } from "../engine.ts";
import { interpretedNative } from "../testing/interpreted_native.ts";
import { useNativeCode } from "../native_code.ts";
import { matmul } from "./matmul/matmul.ts";
import type { CpuOperand } from "./operand.ts";
import { planned } from "./plan_cache.ts";
import type { Source } from "./prepared.ts";

const engine = new Engine({}, 1);

/** A vector of float32 in the heap. */
function vector(values: readonly number[], on = engine): CpuOperand {
  const pointer = on.heap.alloc(4 * values.length);
  new Float32Array(on.heap.memory.buffer, pointer, values.length).set(values);
  return { dtype: "float32", shape: [values.length], strides: [1], pointer };
}

const valuesOf = ({ pointer, shape }: CpuOperand, on = engine): number[] => [
  ...new Float32Array(on.heap.memory.buffer, pointer, shape.reduce((a, b) => a * b, 1)),
];

/** A routine that counts how often it is planned. It copies an input to the output. */
function counted(): { routine: ReturnType<typeof planned<"cumsum">>; count: () => number } {
  let count = 0;
  const routine = planned<"cumsum">((plan, [x], [y]) => {
    count++;
    plan.copy(x!, y!);
  });
  return { routine, count: () => count };
}

describe("plans of routines", () => {
  test("are replayed with the addresses of each run", () => {
    const { routine, count } = counted();
    for (const values of [[1, 2, 3], [4, 5, 6], [7, 8, 9]]) {
      const [x, y] = [vector(values), vector([0, 0, 0])];
      routine(engine, [x], [y], { dim: 0 });
      expect(valuesOf(y)).toEqual(values);
    }
    expect(count()).toBe(1);
  });

  test("are made for each shape, stride, dtype and attribute, which callers may change later", () => {
    const { routine, count } = counted();
    const [x, y] = [vector([1, 2, 3, 4]), vector([0, 0, 0, 0])];
    const shape = [2];
    const attrs = { dim: 0 };
    routine(engine, [{ ...x, shape }], [{ ...y, shape }], attrs);
    shape[0] = 3;
    routine(engine, [{ ...x, shape }], [{ ...y, shape }], attrs);
    expect(valuesOf(y)).toEqual([1, 2, 3, 0]);
    routine(engine, [{ ...x, shape, strides: [0] }], [{ ...y, shape }], attrs);
    expect(valuesOf(y)).toEqual([1, 1, 1, 0]);
    routine(engine, [{ ...x, shape, dtype: "int32" }], [{ ...y, shape, dtype: "int32" }], attrs);
    expect(count()).toBe(4);
    attrs.dim = -1;
    routine(engine, [{ ...x, shape }], [{ ...y, shape }], attrs);
    expect(count()).toBe(5);
    routine(engine, [{ ...x, shape }], [{ ...y, shape }], { dim: NaN });
    routine(engine, [{ ...x, shape }], [{ ...y, shape }], { dim: NaN });
    expect(count()).toBe(6);
  });

  test("tell which inputs share lasting memory", () => {
    const sources: unknown[] = [];
    const routine = planned<"cumsum">((_, inputs) => void sources.push(inputs.map(({ source }) => source?.memory)));
    const one: Source = { pointer: 0, bytes: 64, prepared: null };
    const [x, other] = [vector([1]), { ...one }];
    const run = (a?: Source, b?: Source): void =>
      routine(engine, [{ ...x, source: a }, { ...x, source: b }], [x], { dim: 0 });
    for (let i = 0; i < 2; i++) {
      run();
      run(one);
      run(undefined, one);
      run(one, other);
      run(one, one);
    }
    expect(sources).toEqual([
      [undefined, undefined],
      [0, undefined],
      [undefined, 1],
      [0, 1],
      [0, 0],
    ]);
  });

  test("take bounded memory", () => {
    const routine = planned<"cumsum">((plan) => void plan.put(new Int32Array(2 ** 20)));
    const before = engine.heap.inUse;
    for (let n = 1; n < 40; n++) routine(engine, [{ ...vector([1]), shape: [n] }], [], { dim: 0 });
    expect(engine.heap.inUse - before).toBeLessThan(2 ** 25 + 2 ** 24);
  });

  test("that fail leave nothing behind", () => {
    const routine = planned<"cumsum">((plan) => {
      plan.put(new Int32Array(1000));
      throw new Error("no plan");
    });
    const before = engine.heap.inUse;
    expect(() => routine(engine, [], [], { dim: 0 })).toThrow("no plan");
    expect(engine.heap.inUse).toBe(before);
  });

  test("are made again when a module becomes native code of other vectors", () => {
    const own = new Engine({}, 1);
    const size = 12;
    const matrix = (): CpuOperand => ({
      ...vector(Array.from({ length: size * size }, (_, i) => (i % 7) - 3), own),
      shape: [size, size],
      strides: [size, 1],
    });
    const [a, b] = [matrix(), matrix()];
    const results: number[][] = [];
    try {
      for (let i = 0; i < 6; i++) {
        if (i === 2) useNativeCode(interpretedNative(64));
        const c = matrix();
        matmul(own, [a, b], [c], {});
        results.push(valuesOf(c, own));
      }
    } finally {
      useNativeCode(null);
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

import { tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { defaultCollate } from "./collate.ts";

describe("defaultCollate", () => {
  test("tensors are stacked and keep their dtype", () => {
    const batch = defaultCollate([tensor([1, 2], { dtype: "int8" }), tensor([3, 4], { dtype: "int8" })]);
    expect([batch.dtype, batch.toArray()]).toEqual(["int8", [[1, 2], [3, 4]]]);
  });

  test("numbers: integers become int32, others float32", () => {
    const labels = defaultCollate([3, 0, -2]);
    expect([labels.dtype, labels.toArray()]).toEqual(["int32", [3, 0, -2]]);
    const values = defaultCollate([3, 0.5]);
    expect([values.dtype, values.toArray()]).toEqual(["float32", [3, 0.5]]);
    expect(defaultCollate([1, NaN]).dtype).toBe("float32");
    expect(() => defaultCollate([1, 2 ** 31])).toThrow(/sample: 2147483648 does not fit int32/);
  });

  test("bigints, booleans, strings and typed arrays", () => {
    expect(defaultCollate([1n, 2n ** 40n]).dtype).toBe("int64");
    expect(defaultCollate([1n, 2n ** 40n]).toArray()).toEqual([1n, 2n ** 40n]);
    const flags = defaultCollate([true, false]);
    expect([flags.dtype, flags.toArray()]).toEqual(["bool", [true, false]]);
    expect(defaultCollate(["a", "b"])).toEqual(["a", "b"]);
    const bytes = defaultCollate([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
    expect([bytes.dtype, bytes.toArray()]).toEqual(["uint8", [[1, 2], [3, 4]]]);
    expect(defaultCollate([Float64Array.of(1), Float64Array.of(2)]).dtype).toBe("float64");
  });

  test("tuples and records are collated by field, nested ones too", () => {
    const [x, { y, name }] = defaultCollate<[number, { y: number[]; name: string }]>([
      [1, { y: [1, 2], name: "a" }],
      [2, { y: [3, 4], name: "b" }],
    ]);
    expect(x.toArray()).toEqual([1, 2]);
    expect(y.map((field) => field.toArray())).toEqual([[1, 3], [2, 4]]);
    expect(name).toEqual(["a", "b"]);
  });

  test("samples that do not fit together are errors that name the field", () => {
    expect(() => defaultCollate([[zeros([1, 28]), 0], [zeros([1, 30]), 1]])).toThrow(
      /sample\[0\]: tensors of shapes \[1, 28\] .* and \[1, 30\] \(sample 1\) cannot be stacked/,
    );
    expect(() => defaultCollate([{ a: { b: 1 } }, { a: { b: "x" } }])).toThrow(
      /sample\.a\.b: sample 0 of the batch is a number, but sample 1 is a string/,
    );
    expect(() => defaultCollate<object>([{ a: 1 }, { b: 1 }])).toThrow(/fields \{a\}, but sample 1 has \{b\}/);
    expect(() => defaultCollate([[1, 2], [1]])).toThrow(/has 2 fields, but sample 1 has 1/);
    expect(() => defaultCollate([Uint8Array.of(1), Uint8Array.of(1, 2)])).toThrow(/1 elements, but sample 1 has 2/);
    expect(() => defaultCollate([{ a: null }])).toThrow(/sample\.a: null cannot be collated/);
    expect(() => defaultCollate([undefined])).toThrow(/sample: undefined cannot be collated/);
    expect(() => defaultCollate([() => 1])).toThrow(/a function cannot be collated/);
    expect(() => defaultCollate([])).toThrow(/no samples/);
    expect(() => defaultCollate([{ a: new Map([["b", 1]]) }])).toThrow(
      /sample\.a: an object without fields \(Map\) cannot/,
    );
    expect(() => defaultCollate([Object.create(null) as object])).toThrow(
      /an object without fields \(no class\) cannot/,
    );
  });

  test("fields may come in another order", () => {
    const { a, b } = defaultCollate([{ a: 1, b: 2 }, { b: 4, a: 3 }]);
    expect([a.toArray(), b.toArray()]).toEqual([[1, 3], [2, 4]]);
  });
});

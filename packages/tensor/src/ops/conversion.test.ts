import { describe, expect, expectTypeOf, test } from "vitest";
import { arange, type DataArray, dtypes, full, type NestedArray, ones, tensor, zeros } from "../mod.ts";
import { ReferenceBackend, registerDevice } from "../backend_mod.ts";

describe("item", () => {
  test("one value of any dtype", () => {
    expect(tensor(2.5).item()).toBe(2.5);
    expect(tensor([[7]], { dtype: "int8" }).item()).toBe(7);
    expect(tensor(true).item()).toBe(1);
    expect(tensor(0.1, { dtype: "float16" }).item()).toBe(0.0999755859375);
    expect(tensor(0.1, { dtype: "bfloat16" }).item()).toBe(0.10009765625);
    expect(tensor(-5n).item()).toBe(-5);
    expect(tensor(2n ** 53n).item()).toBe(2 ** 53);
  });

  test("throws for several values, for none, and for values beyond a number's range", () => {
    expect(() => ones([2]).item()).toThrow("item: the tensor of shape [2] has 2 elements, not one; use toArray()");
    expect(() => zeros([0]).item()).toThrow(/0 elements/);
    expect(() => tensor(2n ** 53n + 1n).item()).toThrow(/9007199254740993 is beyond ±2\^53.* use toArray/);
    expect(() => tensor(-(2n ** 60n)).item()).toThrow(RangeError);
  });
});

describe("arrays", () => {
  test("toArray nests by shape; bool gives booleans, int64 bigints", () => {
    expect(arange(6).view(2, 3).t().toArray()).toEqual([[0, 3], [1, 4], [2, 5]]);
    expect(tensor([[true], [false]]).toArray()).toEqual([[true], [false]]);
    expect(tensor([1n, -2n]).toArray()).toEqual([1n, -2n]);
    expect(tensor(3).toArray()).toBe(3);
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(zeros([0, 2]).toArray()).toEqual([]);
  });

  test("toTypedArray is a copy, of the class that goes with the dtype", async () => {
    const x = ones([2]);
    const values = x.toTypedArray();
    values[0] = 9;
    expect(x.toArray()).toEqual([1, 1]);
    const classes = {
      float32: Float32Array,
      float64: Float64Array,
      float16: Float32Array,
      bfloat16: Float32Array,
      int8: Int8Array,
      int16: Int16Array,
      int32: Int32Array,
      int64: BigInt64Array,
      uint8: Uint8Array,
      bool: Uint8Array,
    } as const;
    for (const [dtype, kind] of Object.entries(classes)) {
      const x = ones([3], { dtype: dtype as keyof typeof classes }).narrow(0, 1, 2);
      expect(x.toTypedArray(), dtype).toBeInstanceOf(kind);
      expect([...x.toTypedArray()].map(Number)).toEqual([1, 1]);
      expect(await x.data()).toEqual(x.toTypedArray());
    }
  });

  test("toTypedArray and data with a dtype have its type, and throw for tensors of another", async () => {
    const x = tensor([[1, 2, 3]]);
    expectTypeOf(x.toTypedArray()).toEqualTypeOf<DataArray>();
    expectTypeOf(x.toTypedArray("float32")).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(x.half().toTypedArray("float16")).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(x.bfloat16().toTypedArray("bfloat16")).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(x.bool().toTypedArray("bool")).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
    expectTypeOf(await x.long().data("int64")).toEqualTypeOf<BigInt64Array<ArrayBuffer>>();
    for (const dtype of dtypes) {
      const y = x.to(dtype);
      expect(y.toTypedArray(dtype)).toEqual(y.toTypedArray());
      expect(await y.data(dtype)).toEqual(y.toTypedArray());
    }

    expect(() => x.to("int32").toTypedArray("float32")).toThrow(TypeError);
    expect(() => x.to("int32").toTypedArray("float32")).toThrow(
      'toTypedArray: the tensor of shape [1, 3] is int32, not float32; cast with .to("float32") first, or ask for "int32"',
    );
    // Both are a Uint8Array, but not the same values.
    expect(() => x.to("uint8").toTypedArray("bool")).toThrow("is uint8, not bool");
    await expect(x.data("float64")).rejects.toThrow("data: the tensor of shape [1, 3] is float32, not float64");
    // @ts-expect-error no dtype has this name
    expect(() => x.toTypedArray("flaot32")).toThrow('toTypedArray: unknown dtype "flaot32"; use one of float32, ');
    // @ts-expect-error no dtype has this name
    await expect(x.data("flaot32")).rejects.toThrow('data: unknown dtype "flaot32"');
  });

  test("toArray has the type that is written out, and only then", () => {
    const x = tensor([[1, 2], [3, 4]]);
    expectTypeOf(x.toArray()).toEqualTypeOf<NestedArray>();
    expectTypeOf(x.toArray<number[][]>()).toEqualTypeOf<number[][]>();
    expect(x.toArray<[number, number][]>().map(([a, b]) => a + b)).toEqual([3, 7]);
    // @ts-expect-error the type must be written out; it is not inferred from the use of the result
    const rows: number[][] = x.toArray();
    expect(rows.length).toBe(2);
    // @ts-expect-error no tensor holds strings
    expect(() => x.toArray<string[]>()).not.toThrow();
  });

  test("data() reads views in their own order", async () => {
    expect([...await arange(6).view(2, 3).t().data()]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  test("on a device without synchronous reads the error names the call to use, and data() works", async () => {
    class Remote extends ReferenceBackend {
      override read(): never {
        throw new Error("reading is asynchronous here: await t.data()");
      }
      override readAsync(
        ...args: Parameters<ReferenceBackend["readAsync"]>
      ): ReturnType<ReferenceBackend["readAsync"]> {
        return Promise.resolve(super.read(...args));
      }
    }
    registerDevice("remote", () => new Remote());
    const x = ones([2], { device: "remote" }).add(1);
    expect(() => x.item()).toThrow(Error);
    expect(() => x.toArray()).toThrow(/await t\.data\(\)/);
    expect([...await x.data()]).toEqual([2, 2]);
  });
});

describe("to", () => {
  test("returns the same tensor if nothing changes", () => {
    const x = ones([2]);
    expect(x.to("float32")).toBe(x);
    expect(x.to(x.device)).toBe(x);
    expect(x.to(x.device.name, "float32")).toBe(x);
    expect(x.to("int32")).not.toBe(x);
  });

  test("dtype and device in one call", () => {
    const x = ones([2]).to("null", "float64");
    expect([x.device.name, x.dtype, x.shape]).toEqual(["null", "float64", [2]]);
  });

  test("moves the elements of a view, not its storage", () => {
    registerDevice("elsewhere", () => new ReferenceBackend());
    const x = arange(6).view(2, 3).t().narrow(0, 1, 2).to("elsewhere" as string);
    expect(x.toArray()).toEqual([[1, 4], [2, 5]]);
    expect(x.isContiguous()).toBe(true);
    expect(x.storage.buffer.bytes).toBe(16);
  });

  test("integers wrap, and never saturate", () => {
    expect(tensor([300, -1], { dtype: "int32" }).to("uint8").toArray()).toEqual([44, 255]);
    expect(tensor([2n ** 40n + 3n]).to("int32").toArray()).toEqual([3]);
  });
});

describe("copy_ and fill_", () => {
  test("copy_ casts and broadcasts", () => {
    const x = zeros([2, 2], { dtype: "int32" });
    expect(x.copy_(tensor([1.9, -1.9])).toArray()).toEqual([[1, -1], [1, -1]]);
    expect(x.copy_(5).toArray()).toEqual([[5, 5], [5, 5]]);
  });

  test("fill_ takes numbers and tensors without dims", () => {
    expect(zeros([2]).fill_(tensor(3)).toArray()).toEqual([3, 3]);
    expect(() => zeros([2]).fill_(tensor([3]))).toThrow(
      /fill_: expected a number or a 0-dimensional tensor, got shape \[1\]/,
    );
    const x = full([2, 3], 1);
    x.t().fill_(4);
    expect(x.sum().item()).toBe(24);
  });
});

describe("toArray of tensors that are too large for nested arrays", () => {
  test.each([[2 ** 26, 1], [1, 2 ** 26], [2 ** 20, 2, 2, 4, 8], [2 ** 30, 0]])("[%s]", (...shape) => {
    const x = ones([1]).expand(shape);
    expect(() => x.toArray()).toThrow(/^toArray: shape \[.*\] makes \d+ values and inner arrays, too many/);
  });

  test("1000 dimensions at most", () => {
    expect(() => ones(Array(20_000).fill(1)).toArray()).toThrow(/^toArray: 20000 dimensions are too many/);
    expect(ones(Array(1000).fill(1)).toArray()).toHaveLength(1);
  });
});

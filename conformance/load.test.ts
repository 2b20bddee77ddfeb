import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import {
  callValues,
  type DecodedTensor,
  decodeTensor,
  elements,
  type FixtureCase,
  type FixtureDType,
  fixtureFamilies,
  type FixtureTensor,
  loadFixtures,
} from "./load.ts";

function recorded(dtype: FixtureDType, shape: number[], values: ArrayBufferView, layout: Partial<FixtureTensor> = {}) {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return { dtype, shape, data: bytes.toString("base64"), ...layout };
}

describe("decodeTensor", () => {
  test("contiguous elements of every dtype", () => {
    const rows: [FixtureDType, ArrayBufferView, (number | bigint)[]][] = [
      ["float32", Float32Array.of(1.5, -0), [1.5, -0]],
      ["float64", Float64Array.of(0.1, NaN), [0.1, NaN]],
      ["float16", Uint16Array.of(0x3c00, 0xc100), [1, -2.5]],
      ["bfloat16", Uint16Array.of(0x3f80, 0xc020), [1, -2.5]],
      ["int8", Int8Array.of(-128, 127), [-128, 127]],
      ["int16", Int16Array.of(-300, 300), [-300, 300]],
      ["int32", Int32Array.of(-70000, 70000), [-70000, 70000]],
      ["int64", BigInt64Array.of(2n ** 53n + 1n, -1n), [2n ** 53n + 1n, -1n]],
      ["uint8", Uint8Array.of(0, 255), [0, 255]],
      ["bool", Uint8Array.of(0, 1), [0, 1]],
    ];
    for (const [dtype, values, expected] of rows) {
      expect(elements(decodeTensor(recorded(dtype, [2], values))), dtype).toEqual(expected);
    }
  });

  test("float16's zeros, subnormals, largest value, infinities and NaN", () => {
    const bits = Uint16Array.of(0x8000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    expect(elements(decodeTensor(recorded("float16", [8], bits))))
      .toEqual([-0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN]);
  });

  test("bfloat16's zeros, subnormals, largest value, infinities and NaN", () => {
    const bits = Uint16Array.of(0x8000, 0x0001, 0x0080, 0x7f7f, 0x7f80, 0xff80, 0x7fc0);
    expect(elements(decodeTensor(recorded("bfloat16", [7], bits))))
      .toEqual([-0, 2 ** -133, 2 ** -126, 255 * 2 ** 120, Infinity, -Infinity, NaN]);
  });

  test("strides and an offset into a larger storage", () => {
    const storage = Int32Array.of(9, 0, 1, 2, 3, 4, 5);
    const transposed = decodeTensor(recorded("int32", [3, 2], storage, { strides: [1, 3], offset: 1 }));
    expect(elements(transposed)).toEqual([0, 3, 1, 4, 2, 5]);
    const expanded = decodeTensor(recorded("int32", [2, 2], storage, { strides: [0, 2], offset: 2 }));
    expect(elements(expanded)).toEqual([1, 3, 1, 3]);
  });

  test("scalars and tensors of size zero", () => {
    expect(elements(decodeTensor(recorded("float32", [], Float32Array.of(4))))).toEqual([4]);
    const empty = decodeTensor(recorded("float32", [2, 0, 3], new Float32Array(0)));
    expect(elements(empty)).toEqual([]);
    expect(empty.strides).toEqual([3, 3, 1]);
  });
});

describe("callValues", () => {
  const constant = recorded("int32", [1], Int32Array.of(7));
  const toTensor = (tensor: DecodedTensor) => `tensor ${elements(tensor)}`;

  test("inputs come first, then arguments", () => {
    expect(callValues({ args: [1, { keepdim: true }] }, ["x", "y"], toTensor)).toEqual(["x", "y", 1, {
      keepdim: true,
    }]);
  });

  test("an input that an argument refers to is passed there only", () => {
    const args = [0, { tensor: constant }, { input: 1 }, { bias: { input: 2 } }];
    expect(callValues({ args }, ["x", "src", "b"], toTensor)).toEqual(["x", 0, "tensor 7", "src", { bias: "b" }]);
  });

  test("numbers that JSON lacks", () => {
    const args = [{ f: "nan" }, { f: "inf" }, [{ f: "-inf" }], { i: "9007199254740993" }, null];
    expect(callValues({ args }, [], toTensor)).toEqual([NaN, Infinity, [-Infinity], 9007199254740993n, null]);
  });

  test("a reference to an input that is not there", () => {
    expect(() => callValues({ args: [{ input: 1 }] }, ["x"], toTensor)).toThrow("input 1 of 1");
  });
});

describe("the recordings", () => {
  /** Every tensor anywhere in a case. */
  function* tensors(value: unknown): Generator<FixtureTensor> {
    if (typeof value !== "object" || value === null) return;
    if ("dtype" in value && "shape" in value && "data" in value) yield value as FixtureTensor;
    else for (const item of Object.values(value)) yield* tensors(item);
  }

  test.each(fixtureFamilies())("%s decodes, and its names are unique", (family) => {
    const { torch, cases } = loadFixtures<Record<string, unknown> & { name: string }>(family);
    expect(torch).toMatch(/^1\.13/);
    expect(cases.length).toBeGreaterThan(0);
    expect(new Set(cases.map((each) => each.name)).size).toBe(cases.length);
    for (const each of cases) {
      for (const tensor of tensors(each)) {
        const decoded = decodeTensor(tensor);
        const found = elements(decoded);
        expect(found.includes(undefined as never), `${each.name}: a tensor reaches beyond its storage`).toBe(false);
        if (!tensor.strides) expect(decoded.storage.length, each.name).toBe(found.length);
      }
    }
  });

  test("gradients belong to inputs and outputs", () => {
    let checked = 0;
    for (const family of ["elementwise_binary", "reductions", "indexing", "convolutions", "losses"]) {
      for (const each of loadFixtures(family).cases as FixtureCase[]) {
        if (!each.grads) continue;
        const inputs = each.inputs.flatMap((input) => "list" in input ? input.list : [input]);
        expect(each.grads.length, each.name).toBe(inputs.length);
        expect(each.gradOutputs?.length, each.name).toBe(each.outputs.length);
        each.grads.forEach((grad, index) => grad && expect(grad.shape, each.name).toEqual(inputs[index]!.shape));
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(500);
  });

  test("a sum recorded from PyTorch", () => {
    const found = loadFixtures("reductions").cases.find((each) => each.name === "sum int8 beyond its range")!;
    expect(found.outputs.map((output) => elements(decodeTensor(output)))).toEqual([[300]]);
    expect(found.outputs[0]!.dtype).toBe("int32");
  });
});

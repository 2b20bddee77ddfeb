import { ones, tensor, zeros } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { load, openTensors } from "../load.ts";
import { encode } from "../save.ts";
import { type ByteSource, memorySource } from "../files/byte_source.ts";
import { readTensors } from "../tensors/placed.ts";
import { CHECKSUMS } from "./format.ts";
import { openSafetensors } from "./safetensors.ts";

const encoded = (state: Parameters<typeof encode>[0], metadata: Record<string, string> = {}) =>
  encode(state, { format: "safetensors", metadata });

async function readAll(source: ByteSource): Promise<unknown> {
  const { tensors } = await openSafetensors(source, { operation: "load", verify: false, placeholders: false });
  return await readTensors(tensors, "cpu");
}

/** The header as JSON, and the bytes after it. */
function parts(file: Uint8Array): { header: Record<string, Record<string, unknown>>; data: number[] } {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  return {
    header: JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))),
    data: [...file.subarray(8 + length)],
  };
}

describe("safetensors", () => {
  test("reads back what was written", async () => {
    const tensors = {
      "c1.weight": tensor([[1.5, -2, NaN], [Infinity, 1e-40, 0]]),
      "c1.bias": tensor([1 / 3], { dtype: "float64" }),
      flags: tensor([true, false, true]),
      steps: tensor(12345678901n),
      halves: tensor([1 / 3, -70000, NaN], { dtype: "float16" }),
      brains: tensor([1 / 3, -70000, NaN], { dtype: "bfloat16" }),
      bytes: tensor([0, 255], { dtype: "uint8" }),
      shorts: tensor([-3, 300], { dtype: "int16" }),
      labels: tensor([[-1], [7]], { dtype: "int32" }),
      none: zeros([0, 3]),
    };
    const back = await load(await encoded(tensors));
    expect(Object.keys(back)).toEqual(Object.keys(tensors));
    for (const [name, before] of Object.entries(tensors)) {
      const after = back[name]!;
      expect([name, after.dtype, [...after.shape]]).toEqual([name, before.dtype, [...before.shape]]);
      expect(after.toTypedArray()).toEqual(before.toTypedArray());
    }
  });

  test("reads what Node read, whose buffers lie within larger ones", async () => {
    const file = await encoded({ a: tensor([1, 2, 3]) });
    const large = Buffer.alloc(file.length + 11);
    large.set(file, 11);
    expect((await load(large.subarray(11)))["a"]!.toArray()).toEqual([1, 2, 3]);
  });

  test("writes views as they look, not as they lie in memory", async () => {
    const view = tensor([[1, 2, 3], [4, 5, 6]]).t();
    expect((await load(await encoded({ view })))["view"]!.toArray()).toEqual([[1, 4], [2, 5], [3, 6]]);
  });

  test("has the format's layout", async () => {
    const file = await encoded({ a: tensor([1, 2]), b: tensor([3], { dtype: "uint8" }) }, { model: "demo" });
    const { header, data } = parts(file);
    expect(header).toEqual({
      __metadata__: { [CHECKSUMS]: expect.stringMatching(/^[0-9a-f]{8},[0-9a-f]{8},4b0bbe37$/), model: "demo" },
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "U8", shape: [1], data_offsets: [8, 9] },
    });
    expect(data).toEqual([0, 0, 128, 63, 0, 0, 0, 64, 3]);
    expect((await openTensors(file)).metadata).toMatchObject({ model: "demo" });
  });

  test("a tensor may have any name but the format's own", async () => {
    const names = ["constructor", "toString", 'a"b\n', "", "7"];
    const tensors = Object.fromEntries(names.map((name, i) => [name, tensor([i])]));
    const back = await load(await encoded(tensors));
    expect(Object.keys(back).sort()).toEqual([...names].sort());
    for (const [i, name] of names.entries()) expect(back[name]!.toArray()).toEqual([i]);
    await expect(encoded({ __metadata__: ones([1]) })).rejects.toThrow('the name "__metadata__" is reserved');
    await expect(encoded(Object.fromEntries([["__proto__", ones([1])]]))).rejects.toThrow(
      'encode: the name "__proto__" is not allowed',
    );
  });

  test("float16 and bfloat16 have 16 bits", async () => {
    const [float16, bfloat16] = (["float16", "bfloat16"] as const).map((dtype) => tensor([1, -2], { dtype }));
    const file = await encoded({ float16: float16!, bfloat16: bfloat16! });
    const { header, data } = parts(file);
    expect(data).toEqual([0, 0x3c, 0, 0xc0, 0x80, 0x3f, 0, 0xc0]);
    expect([header["float16"]!["dtype"], header["bfloat16"]!["dtype"]]).toEqual(["F16", "BF16"]);
  });

  describe("refuses a damaged file:", async () => {
    const file = await encoded({ weight: ones([2, 3]) });
    const changed = (from: string, to: string): Uint8Array => {
      const text = Array.from(file, (byte) => String.fromCharCode(byte)).join("");
      expect(text).toContain(from);
      const length = Math.ceil((header + to.length - from.length) / 8) * 8;
      const json = text.slice(8, 8 + header).replace(from, to).trimEnd().padEnd(length);
      return withText(json);
    };
    const header = Number(new DataView(file.buffer).getBigUint64(0, true));
    const withText = (json: string): Uint8Array => {
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
      return Buffer.concat([length, Buffer.from(json, "latin1"), file.subarray(8 + header)]);
    };
    const withHeader = (json: unknown): Uint8Array => withText(JSON.stringify(json));
    const weight = { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] };
    const half = (from: number) => ({ dtype: "F32", shape: [3], data_offsets: [from, from + 12] });

    test.each<readonly [string, Uint8Array, RegExp]>([
      ["cut in the data", file.subarray(0, file.length - 1), /24 bytes of tensors in the header, 23 in the file/],
      ["cut in the header", file.subarray(0, 20), /a header of \d+ bytes in a file of 20/],
      ["cut in the length", file.subarray(0, 5), /5 bytes are too few for a header/],
      ["another format", new Uint8Array(100).fill(80), /a header of \d+ bytes in a file of 100/],
      ["no JSON", changed('{"__', '["__'), /the header is not JSON/],
      ["unknown dtype", changed("F32", "F99"), /"weight" has dtype "F99"/],
      ["a header that is a list", withHeader([]), /the header is not a JSON object/],
      ["a header that is null", withHeader(null), /the header is not a JSON object/],
      [
        "words that are none",
        withHeader({ __metadata__: { a: 7 }, weight }),
        /"__metadata__" is not a record of strings/,
      ],
      ["an entry that is none", withHeader({ weight: 7 }), /"weight" is not described/],
      ["no dtype", withHeader({ weight: { ...weight, dtype: undefined } }), /"weight" has no dtype/],
      ["no shape", withHeader({ weight: { ...weight, shape: undefined } }), /"weight" has no shape/],
      ...[[2, -3], [2.5], ["6"], [1e300], [2 ** 53], 6, null].map((shape) =>
        [
          `a shape of ${JSON.stringify(shape)}`,
          withHeader({ weight: { ...weight, shape } }),
          /"weight" has no shape/,
        ] as const
      ),
      [
        "a shape whose product is too large",
        withHeader({ weight: { ...weight, shape: [2 ** 31, 2 ** 31, 4] } }),
        /has 24 bytes for F32/,
      ],
      ["no place", withHeader({ weight: { ...weight, data_offsets: undefined } }), /"weight" has no place/],
      ...[[0], [0, 24, 24], [-4, 20], [0, "24"], [0.5, 24], [0, 1e300]].map((data_offsets) =>
        [
          `a place of ${JSON.stringify(data_offsets)}`,
          withHeader({ weight: { ...weight, data_offsets } }),
          /"weight" has no place/,
        ] as const
      ),
      [
        "a place that ends before it begins",
        withHeader({ weight: { ...weight, data_offsets: [24, 0] } }),
        /begins at byte 24 and ends at 0/,
      ],
      [
        "a place beyond the file",
        withHeader({ weight: { ...weight, shape: [8], data_offsets: [0, 32] } }),
        /32 bytes of tensors in the header, 24/,
      ],
      [
        "tensors that overlap",
        withHeader({ a: half(0), b: half(8), c: half(12) }),
        /"b" begins at byte 8, where another tensor lies/,
      ],
      [
        "the same bytes twice",
        withHeader({ a: half(0), b: half(0), c: half(12) }),
        /"b" begins at byte 0, where another tensor lies/,
      ],
      [
        "a gap",
        withHeader({ a: { ...half(0), shape: [2], data_offsets: [0, 8] }, b: half(12) }),
        /"b" begins at byte 12, where 8 would be next/,
      ],
      ["a gap at the beginning", withHeader({ b: half(12) }), /"b" begins at byte 12, where 0 would be next/],
      ["__proto__ as a name", withHeader(JSON.parse('{"__proto__":7}')), /the header has the name "__proto__"/],
      [
        "a shape whose product is too large, with a 0",
        withHeader({ weight: { ...weight, shape: [0, 2 ** 31, 2 ** 31] } }),
        /has 24 bytes for F32/,
      ],
      ["a tensor twice", changed('"weight":{', '"weight":{},"weight":{'), /the header has "weight" twice/],
      ["a dtype twice", changed('"dtype":"F32"', '"dtype":"I32","dtype":"F32"'), /the header has "dtype" twice/],
      ["invalid UTF-8", changed("weight", "weig\xff\xff"), /the header is not JSON/],
      ["a header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 1), /a header of 9223372036854776000 bytes/],
      ["a header of 2^32 bytes", Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 1), /a header of 4294967296 bytes/],
      [
        "truth that is neither",
        withHeader({ weight: { dtype: "BOOL", shape: [24], data_offsets: [0, 24] } }),
        /"weight" is bool/,
      ],
      ["a shape that does not fit", changed("[2,3]", "[2,4]"), /"weight" has 24 bytes for F32 of shape \[2, 4\]/],
    ])("%s", async (_, bytes, message) => {
      // Forced, since a damaged beginning is no format's.
      const source = memorySource(Uint8Array.from(bytes), "a.safetensors");
      const refused = await readAll(source).catch((error: Error) => error.message);
      expect(refused).toMatch(message);
      expect(refused).toMatch(/^load: .*; a\.safetensors is damaged or not in the safetensors format$/);
    });
  });

  test("checksums find what else would be read as weights; { verify: false } does not look", async () => {
    const file = await encoded({ a: ones([3]), b: zeros([2]) }, { note: "x" });
    const change = (at: number, bit = 1) => {
      const copy = file.slice();
      copy[at]! ^= bit;
      return copy;
    };
    await expect(load(change(file.length - 1))).rejects.toThrow(/^load: the checksum of "b" does not match its bytes/);
    await expect(load(change(file.length - 9))).rejects.toThrow(/^load: the checksum of "a" does not match/);
    const note = change(new TextDecoder().decode(file).indexOf('"x"') + 1);
    await expect(load(note)).rejects.toThrow(
      /^load: the checksum of the header does not match it \(if another program/,
    );
    expect((await load(change(file.length - 1, 2), { verify: false }))["b"]!.shape).toEqual([2]);
    const lazy = await openTensors(change(file.length - 1));
    expect((await lazy.get("a")).toArray()).toEqual([1, 1, 1]);
    await expect(lazy.get("b")).rejects.toThrow(/^openTensors: the checksum of "b"/);
  });

  test("dtypes that tensors do not have convert where nothing is lost", async () => {
    const file = (code: string, bytes: number[]): Uint8Array => {
      const count = bytes.length / { U16: 2, U32: 4, U64: 8, F8_E4M3: 1, F8_E5M2: 1, C64: 8 }[code]!;
      const json = Buffer.from(JSON.stringify({ a: { dtype: code, shape: [count], data_offsets: [0, bytes.length] } }));
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
      return Uint8Array.from(Buffer.concat([length, json, Uint8Array.from(bytes)]));
    };
    const read = async (code: string, bytes: number[]) => {
      const { a } = await load(file(code, bytes));
      return [a!.dtype, a!.toArray()];
    };
    expect(await read("U16", [1, 0, 255, 255])).toEqual(["int32", [1, 65535]]);
    expect(await read("U32", [1, 0, 0, 0, 255, 255, 255, 255])).toEqual(["int64", [1n, 4294967295n]]);
    expect(await read("U64", [5, 0, 0, 0, 0, 0, 0, 127])).toEqual(["int64", [9151314442816847877n]]);
    await expect(load(file("U64", [5, 0, 0, 0, 0, 0, 0, 128]))).rejects.toThrow(
      /"a" has the value 9223372036854775813/,
    );
    expect(await read("F8_E4M3", [0x38, 0xb8, 0x7e, 0x01, 0x00])).toEqual(["float16", [1, -1, 448, 2 ** -9, 0]]);
    expect(await read("F8_E5M2", [0x3c, 0xbc, 0x7b, 0x01, 0x7c])).toEqual([
      "float16",
      [1, -1, 57344, 2 ** -16, Infinity],
    ]);
    await expect(load(file("C64", [0, 0, 0, 0, 0, 0, 0, 0]))).rejects.toThrow(
      /"a" has dtype "C64", which is none of F32/,
    );
  });

  test("a nested state comes back as it was", async () => {
    const state = { model: { weight: ones([2]) }, step: 3, rates: [0.1, NaN], best: null, name: "run", on: true };
    const back = await load<typeof state>(await encoded(state, { about: "a run" }));
    expect(back.model.weight.toArray()).toEqual([1, 1]);
    expect({ ...back, model: 0 }).toEqual({ ...state, model: 0 });
    const file = await openTensors(await encoded(state, { about: "a run" }));
    expect([...file.tensors.keys()]).toEqual(["model.weight"]);
    expect(file.metadata["about"]).toBe("a run");
    await expect(encoded({ run: new Map() })).rejects.toThrow("encode: run is an object of class Map");
    await expect(encoded(ones([2]))).rejects.toThrow(/encode: .*give it a name/);
  });
});

import { ones, tensor, zeros } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from "./safetensors.ts";

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
    const back = decodeSafetensors(await encodeSafetensors(tensors));
    expect(Object.keys(back)).toEqual(Object.keys(tensors));
    for (const [name, before] of Object.entries(tensors)) {
      const after = back[name]!;
      expect([name, after.dtype, [...after.shape]]).toEqual([name, before.dtype, [...before.shape]]);
      expect(after.toTypedArray()).toEqual(before.toTypedArray());
    }
  });

  test("reads what Node read, whose buffers lie within larger ones", async () => {
    const file = await encodeSafetensors({ a: tensor([1, 2, 3]) });
    const large = Buffer.alloc(file.length + 11);
    large.set(file, 11);
    expect(decodeSafetensors(large.subarray(11)).a!.toArray()).toEqual([1, 2, 3]);
  });

  test("writes views as they look, not as they lie in memory", async () => {
    const view = tensor([[1, 2, 3], [4, 5, 6]]).t();
    expect(decodeSafetensors(await encodeSafetensors({ view })).view!.toArray()).toEqual([[1, 4], [2, 5], [3, 6]]);
  });

  test("has the format's layout", async () => {
    const file = await encodeSafetensors({ a: tensor([1, 2]), b: tensor([3], { dtype: "uint8" }) }, { model: "demo" });
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))).toEqual({
      __metadata__: { model: "demo" },
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "U8", shape: [1], data_offsets: [8, 9] },
    });
    expect([...file.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64, 3]);
    expect(safetensorsMetadata(file)).toEqual({ model: "demo" });
  });

  test("a tensor may have any name but the format's own", async () => {
    const names = ["__proto__", "constructor", "toString", 'a"b\n', "", "7"];
    const tensors = Object.fromEntries(names.map((name, i) => [name, tensor([i])]));
    const back = decodeSafetensors(await encodeSafetensors(tensors));
    expect(Object.keys(back).sort()).toEqual([...names].sort());
    for (const [i, name] of names.entries()) expect(back[name]!.toArray()).toEqual([i]);
    await expect(encodeSafetensors({ __metadata__: ones([1]) })).rejects.toThrow(
      'the name "__metadata__" is reserved',
    );
  });

  test("float16 and bfloat16 have 16 bits", async () => {
    const [float16, bfloat16] = (["float16", "bfloat16"] as const).map((dtype) => tensor([1, -2], { dtype }));
    const file = await encodeSafetensors({ float16: float16!, bfloat16: bfloat16! });
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect([...file.subarray(8 + length)]).toEqual([0, 0x3c, 0, 0xc0, 0x80, 0x3f, 0, 0xc0]);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    expect([header.float16.dtype, header.bfloat16.dtype]).toEqual(["F16", "BF16"]);
  });

  describe("refuses a damaged file:", async () => {
    const file = await encodeSafetensors({ weight: ones([2, 3]) });
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
      ["unknown dtype", changed("F32", "F99"), /"weight" has dtype F99/],
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
      ["a tensor twice", changed('"weight":{', '"weight":{},"weight":{'), /the header has "weight" twice/],
      ["a dtype twice", changed('"dtype":"F32"', '"dtype":"I32","dtype":"F32"'), /the header has "dtype" twice/],
      ["invalid UTF-8", changed("weight", "weig\xff\xff"), /the header is not JSON/],
      ["a header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 1), /a header of 9223372036854776000 bytes/],
      ["a header of 2^32 bytes", Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 1), /a header of 4294967296 bytes/],
      [
        "truth that is neither",
        withHeader({ weight: { dtype: "BOOL", shape: [24], data_offsets: [0, 24] } }),
        /"weight" is BOOL/,
      ],
      ["a shape that does not fit", changed("[2,3]", "[2,4]"), /"weight" has 24 bytes for F32 of shape \[2, 4\]/],
    ])("%s", (_, bytes, message) => {
      expect(() => decodeSafetensors(bytes)).toThrow(message);
      expect(() => decodeSafetensors(bytes, "a.safetensors")).toThrow(
        /^decodeSafetensors: .*; a\.safetensors is damaged or not in the safetensors format$/,
      );
    });
  });
});

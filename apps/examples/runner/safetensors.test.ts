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

  test("refuses what it cannot write", async () => {
    await expect(encodeSafetensors({ half: tensor([1], { dtype: "float16" }) })).rejects.toThrow(
      'encodeSafetensors: "half" is float16; there are float32',
    );
  });

  describe("refuses a damaged file:", async () => {
    const file = await encodeSafetensors({ weight: ones([2, 3]) });
    const changed = (from: string, to: string): Uint8Array => {
      const text = Array.from(file, (byte) => String.fromCharCode(byte)).join("");
      expect(text).toContain(from);
      return Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0));
    };

    test.each([
      ["cut in the data", file.subarray(0, file.length - 1), /24 bytes of tensors in the header, 23 in the file/],
      ["cut in the header", file.subarray(0, 20), /a header of \d+ bytes in a file of 20/],
      ["cut in the length", file.subarray(0, 5), /5 bytes hold no header/],
      ["another format", new Uint8Array(100).fill(80), /a header of \d+ bytes in a file of 100/],
      ["no JSON", changed('{"__', '["__'), /the header is no JSON/],
      ["unknown dtype", changed("F32", "F99"), /"weight" has dtype F99/],
      ["a shape that does not fit", changed("[2,3]", "[2,4]"), /"weight" has 24 bytes for F32 of shape \[2, 4\]/],
    ])("%s", (_, bytes, message) => {
      expect(() => decodeSafetensors(bytes)).toThrow(message);
      expect(() => decodeSafetensors(bytes)).toThrow(/^decodeSafetensors: .*damaged or not in the safetensors format$/);
    });
  });
});

import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { load, openTensors } from "../load.ts";
import { encode } from "../save.ts";
import { bytesFrom, expectRecorded, recordedFiles } from "../testing/recorded.ts";

const files = recordedFiles("gguf");
const file = (name: string): Uint8Array<ArrayBuffer> => bytesFrom(files.find((each) => each.name === name)!.file);

test.each(files.filter((each) => !each.refused).map((each) => [each.name, each] as const))(
  "%s",
  async (_, recorded) => {
    const bytes = bytesFrom(recorded.file), state = await load(bytes);
    expect(Object.keys(state)).toEqual(Object.keys(recorded.tensors!));
    for (const [name, expected] of Object.entries(recorded.tensors!)) await expectRecorded(state[name]!, expected);
    const opened = await openTensors(bytes);
    expect(opened.metadata).toMatchObject({
      "general.architecture": "heddle",
      "heddle.count": 7,
      "heddle.large": 2n ** 60n,
      "heddle.rate": 0.5,
      "heddle.on": true,
      tokens: ["a", "é"],
      sizes: [1, 2, 3],
    });
    expect(opened.tensors.get("q4_0")).toEqual({ dtype: "float32", shape: [2, 3, 64], storedAs: "Q4_0" });
  },
);

test("nothing writes them", async () => {
  await expect(encode({}, { format: "gguf" })).rejects.toThrow(
    "encode: the format gguf is only read; write safetensors or pytorch",
  );
});

describe("refused:", () => {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const u64 = (value: number | bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
  const header = (tensors: number | bigint, keys: number | bigint, ...rest: Buffer[]): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors), u64(keys), ...rest]));
  /** A tensor's description, and the bytes of eight float32 after all. */
  const described = (name: string, sizes: (number | bigint)[], offset = 0, type = 0): Buffer =>
    Buffer.concat([text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)]);
  const withData = (...tensors: Buffer[]): Uint8Array<ArrayBuffer> => {
    const start = header(tensors.length, 0, ...tensors);
    return Uint8Array.from(Buffer.concat([start, Buffer.alloc(-start.length & 31), Buffer.alloc(32)]));
  };

  test("none of that is wrong with this one", async () => {
    expect((await load(withData(described("a", [8]))))["a"]!.shape).toEqual([8]);
  });

  test.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    [
      "another quantised type",
      file("Q4_K"),
      /"q4_0" in the Uint8Array has the type Q4_K, which is not read; .*Q8_0 and Q4_0/,
    ],
    ["cut in the data", file("version 3").subarray(0, -40), /beyond the end of the file/],
    ["cut in the header", file("version 3").subarray(0, 300), /the header ends too early/],
    [
      "version 1",
      Uint8Array.from(Buffer.concat([Buffer.from("GGUF"), u32(1), Buffer.alloc(20)])),
      /version 1; 2 and 3 are read/,
    ],
    ["countless tensors", header(2n ** 63n, 0), /the header ends too early/],
    ["countless keys", header(0, 2n ** 63n), /the header ends too early/],
    ["a string without end", header(0, 1, u64(2n ** 62n), Buffer.from("abc")), /the header ends too early/],
    ["an array without end", header(0, 1, text("a"), u32(9), u32(0), u64(2n ** 40n)), /the header ends too early/],
    [
      "arrays within arrays",
      header(0, 1, text("a"), u32(9), ...Array.from({ length: 9 }, () => [u32(9), u64(1)]).flat(), Buffer.alloc(64)),
      /arrays within arrays/,
    ],
    ["a value of no type", header(0, 1, text("a"), u32(99)), /a value of the type 99/],
    [
      "a key twice",
      header(0, 2, text("a"), u32(0), Buffer.alloc(1), text("a"), u32(0), Buffer.alloc(1)),
      /the header has "a" twice/,
    ],
    ["__proto__", header(0, 1, text("__proto__"), u32(0), Buffer.alloc(1)), /the name "__proto__"/],
    ["a name twice", withData(described("a", [4]), described("a", [4])), /the header has "a" twice/],
    ["one place for two", withData(described("a", [8]), described("b", [8])), /"b" begins at byte 0, where "a" lies/],
    ["a place beyond the end", withData(described("a", [8], 64)), /beyond the end of the file/],
    ["a place that is not aligned", withData(described("a", [1], 4)), /not a multiple of 32/],
    ["an overflowing shape", withData(described("a", [2n ** 40n, 2n ** 40n])), /"a" is F32 of shape/],
    ["sizes beyond 2^53", withData(described("a", [2n ** 60n])), /sizes or an offset beyond 2\^53/],
    ["half a block", withData(described("a", [16], 0, 8)), /"a" is Q8_0 of shape \[16\]/],
    ["five dimensions", withData(described("a", [1, 1, 1, 1, 1])), /has 5 dimensions/],
  ])("%s", async (_, bytes, message) => {
    await expect(load(bytes)).rejects.toThrow(message);
  });
});

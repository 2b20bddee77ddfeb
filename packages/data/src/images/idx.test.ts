import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeIdx, type IdxArray, parseIdx } from "./idx.ts";
import { readIdx } from "./idx_file.ts";

const arrays: IdxArray[] = [
  { dtype: "uint8", shape: [2, 3], data: Uint8Array.of(0, 1, 2, 127, 128, 255) },
  { dtype: "int8", shape: [3], data: Int8Array.of(-128, 0, 127) },
  { dtype: "int16", shape: [2, 1, 2], data: Int16Array.of(-32768, -1, 258, 32767) },
  { dtype: "int32", shape: [2], data: Int32Array.of(-2147483648, 16909060) },
  { dtype: "float32", shape: [4], data: Float32Array.of(0.1, -Infinity, NaN, 3e38) },
  { dtype: "float64", shape: [1, 2], data: Float64Array.of(Math.PI, -5e-324) },
  { dtype: "uint8", shape: [0, 28, 28], data: new Uint8Array(0) },
  { dtype: "float32", shape: [], data: Float32Array.of(7) },
];

describe("parseIdx and encodeIdx", () => {
  test.each(arrays)("$dtype of shape $shape survives the round trip", (array) => {
    expect(parseIdx(encodeIdx(array))).toEqual(array);
  });

  test("the layout is the published one: big-endian sizes and elements after the magic number", () => {
    const bytes = encodeIdx({ dtype: "int16", shape: [2], data: Int16Array.of(258, -2) });
    expect([...bytes]).toEqual([0, 0, 0x0b, 1, 0, 0, 0, 2, 1, 2, 0xff, 0xfe]);
  });

  test("bytes that do not start their buffer, at an odd offset", () => {
    const array = arrays[2] as IdxArray;
    const bytes = encodeIdx(array);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(parseIdx(shifted.subarray(3))).toEqual(array);
  });

  test("a wrong magic number is named, with what was expected", () => {
    const bytes = encodeIdx(arrays[0] as IdxArray);
    bytes[2] = 0x0a;
    expect(() => parseIdx(bytes, "digits.idx")).toThrow(/digits\.idx: the magic number is 0x00000a02.*0x08 uint8/);
    bytes[2] = 8;
    bytes[0] = 0x50;
    expect(() => parseIdx(bytes, "digits.idx")).toThrow(/0x50000802/);
  });

  test("too short and too long files give both sizes", () => {
    const bytes = encodeIdx(arrays[0] as IdxArray);
    expect(() => parseIdx(bytes.subarray(0, 17), "a.idx")).toThrow(
      "a.idx: truncated: 17 bytes, but uint8 of shape [2, 3] takes 18 (12 of header, 6 of data).",
    );
    const long = new Uint8Array(20);
    long.set(bytes);
    expect(() => parseIdx(long, "a.idx")).toThrow(/a\.idx: too long: 20 bytes.*takes 18/);
    expect(() => parseIdx(bytes.subarray(0, 9), "a.idx")).toThrow(/header of 2 dimensions alone has 12/);
    expect(() => parseIdx(bytes.subarray(0, 3), "a.idx")).toThrow(/3 bytes are too few/);
    expect(() => parseIdx(new Uint8Array(0))).toThrow(/IDX data: 0 bytes/);
  });

  test("a header that promises terabytes is refused before anything is allocated", () => {
    const bytes = new Uint8Array(16);
    bytes.set([0, 0, 8, 3]);
    bytes.fill(0xff, 4);
    expect(() => parseIdx(bytes, "evil.idx")).toThrow(/evil\.idx: truncated: 16 bytes/);
  });

  test("encodeIdx refuses what the format cannot hold", () => {
    expect(() => encodeIdx({ dtype: "uint8", shape: [2, 2], data: new Uint8Array(3) })).toThrow(/4 elements.*has 3/);
    expect(() => encodeIdx({ dtype: "uint8", shape: [-1], data: new Uint8Array(0) })).toThrow(/shape \[-1\]/);
    expect(() => encodeIdx({ dtype: "int64" as "int32", shape: [0], data: new Int32Array(0) })).toThrow(
      /dtype "int64" has no code/,
    );
  });
});

describe("readIdx", () => {
  const array = arrays[0] as IdxArray;
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "heddle-idx-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test("raw and gzipped files, told apart by content whatever the name", async () => {
    await writeFile(join(folder, "misnamed.gz"), encodeIdx(array));
    await writeFile(join(folder, "misnamed"), gzipSync(encodeIdx(array)));
    expect(await readIdx(join(folder, "misnamed.gz"))).toEqual(array);
    expect(await readIdx(join(folder, "misnamed"))).toEqual(array);
  });

  test("a truncated gzip stream is an error that names the file", async () => {
    const path = join(folder, "cut.gz");
    const whole = gzipSync(encodeIdx(array));
    await writeFile(path, whole.subarray(0, whole.length - 9));
    await expect(readIdx(path)).rejects.toThrow(/cut\.gz: the gzip stream is truncated or damaged/);
  });

  test("an altered gzip stream is an error that names the file", async () => {
    const path = join(folder, "altered.gz");
    const bytes = gzipSync(encodeIdx(array));
    bytes[bytes.length - 6]! ^= 0xff; // the CRC
    await writeFile(path, bytes);
    await expect(readIdx(path)).rejects.toThrow(/altered\.gz: the gzip stream is truncated or damaged/);
  });

  test("no more is unpacked than the header says", async () => {
    const path = join(folder, "bomb.gz");
    const small = encodeIdx({ dtype: "uint8", shape: [10], data: new Uint8Array(10) });
    for (const header of [small.subarray(0, 8), Uint8Array.of(0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0)]) {
      const bomb = new Uint8Array(100_000_000);
      bomb.set(header);
      // Cut at its end, which is not reached.
      await writeFile(path, gzipSync(bomb, { level: 1 }).subarray(0, -9));
      await expect(readIdx(path)).rejects.toThrow(
        /bomb\.gz: too long: more than (18|16777232) bytes, but uint8 of shape/,
      );
    }
  });

  test("a header that promises more than the file can hold takes no memory", async () => {
    const path = join(folder, "promises.gz");
    for (
      const [shape, message] of [[[0x7f, 0xff, 0xff, 0xff], /takes 2147483655 bytes, which the \d+ of/], [
        Array(4).fill(0xff),
        /4294967303/,
      ]] as const
    ) {
      await writeFile(path, gzipSync(Uint8Array.of(0, 0, 8, 1, ...shape, 1, 2, 3)));
      await expect(readIdx(path)).rejects.toThrow(message);
    }
    await writeFile(path, gzipSync(Uint8Array.of(0, 0, 8, 255, 1)));
    await expect(readIdx(path)).rejects.toThrow(/the header of 255 dimensions alone has 1024/);
    const empty = Uint8Array.of(0, 0, 8, 3, ...Array(8).fill(255), 0, 0, 0, 0);
    await writeFile(path, gzipSync(empty));
    expect((await readIdx(path)).shape).toEqual([2 ** 32 - 1, 2 ** 32 - 1, 0]);
    await writeFile(path, gzipSync(Uint8Array.of(1, 2)));
    await expect(readIdx(path)).rejects.toThrow(/promises\.gz: 2 bytes are too few/);
  });

  test("a missing file is an error that names it", async () => {
    await expect(readIdx(join(folder, "none"))).rejects.toThrow(/none/);
  });
});

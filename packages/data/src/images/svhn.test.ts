/** SVHN, against files that SciPy wrote (conformance/fixtures/images/mat_files.json). */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMat } from "../archive/mat.ts";
import { partsOf, SVHN } from "./svhn.ts";

const fixtures = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../../../conformance/fixtures/images/mat_files.json",
);
const files = JSON.parse(readFileSync(fixtures, "utf8")) as Record<string, string>;
const fileOf = (name: string): Uint8Array => Uint8Array.from(Buffer.from(files[name]!, "base64"));

/** The pixels that the files have, as [N, C, H, W]. */
function expected(count: number): number[] {
  const pixels: number[] = [];
  for (let n = 0; n < count; n++) {
    for (let k = 0; k < 3; k++) {
      for (let r = 0; r < 32; r++) for (let c = 0; c < 32; c++) pixels.push((7 * r + 3 * c + 50 * k + 11 * n) % 256);
    }
  }
  return pixels;
}

describe("MAT files", () => {
  test.each([["as published", [0, 3, 9]], ["labels as doubles", [0, 3, 9]], ["with others", [0, 3, 9]], [
    "one picture",
    [0],
  ], ["not compressed", [4]]])("%s", (name, labels) => {
    const parts = partsOf(fileOf(name), "file");
    expect(Array.from(parts.labels)).toEqual(labels);
    expect(Array.from(parts.pixels)).toEqual(expected(labels.length));
  });

  test.each([
    ["complex", /^file: the array "y" is not one of real numbers \(class 6, complex\)/],
    ["text", /^file: the array "X" is not one of real numbers \(class 4\)/],
    ["floats", /^file: expected uint8 pictures "X" of shape \[32, 32, 3, N\].*got shapes \[2, 2\] and \[3, 1\]/],
    ["out of range", /^file: label 0 of sample 1 is not an integer from 1 to 10/],
  ])("%s: refused", (name, message) => {
    expect(() => partsOf(fileOf(name), "file")).toThrow(message);
  });

  test("numbers of all types, in either byte order", () => {
    const element = (type: number, content: number[]): number[] => {
      const padding = Array<number>((8 - content.length % 8) % 8).fill(0);
      return [0, 0, 0, type, 0, 0, 0, content.length, ...content, ...padding];
    };
    const numbers = (kind: number, type: number, count: number, content: number[]): Uint8Array => {
      const matrix = [
        ...element(6, [0, 0, 0, kind, 0, 0, 0, 0]),
        ...element(5, [0, 0, 0, 1, 0, 0, 0, count]),
        // The name within the tag.
        ...[0, 1, 0, 1, 97, 0, 0, 0],
        ...element(type, content),
      ];
      const header = Buffer.alloc(128, " ");
      header.set([1, 0, 77, 73], 124);
      return Uint8Array.from([...header, ...element(14, matrix)]);
    };
    const read = (bytes: Uint8Array): unknown => {
      const { shape, data } = readMat(bytes, "file", ["a"]).get("a")!;
      return [shape, Array.from(data)];
    };
    expect(read(numbers(6, 9, 1, [0xc0, 4, 0, 0, 0, 0, 0, 0]))).toEqual([[1, 1], [-2.5]]);
    expect(read(numbers(7, 7, 1, [0x3f, 0xc0, 0, 0]))).toEqual([[1, 1], [1.5]]);
    expect(read(numbers(8, 1, 2, [255, 1]))).toEqual([[1, 2], [-1, 1]]);
    expect(read(numbers(10, 3, 2, [255, 254, 1, 0]))).toEqual([[1, 2], [-2, 256]]);
    expect(read(numbers(13, 6, 1, [255, 255, 255, 255]))).toEqual([[1, 1], [2 ** 32 - 1]]);
    expect(read(numbers(14, 12, 1, Array(8).fill(255)))).toEqual([[1, 1], [-1]]);
    // Doubles may be stored as smaller numbers.
    expect(read(numbers(6, 2, 3, [7, 8, 9]))).toEqual([[1, 3], [7, 8, 9]]);
    expect(() => read(numbers(6, 9, 2, Array(8).fill(0)))).toThrow(/"a" of shape \[1, 2\] has 8 bytes of type 9/);
  });

  test("damaged files are errors that name the file", () => {
    const whole = fileOf("as published");
    const attempt = (bytes: Uint8Array): () => unknown => () => partsOf(bytes, "file");
    expect(attempt(whole.subarray(0, 100))).toThrow(/^file: a MAT file begins with 128 bytes, this one has 100/);
    expect(attempt(whole.subarray(0, whole.length - 9))).toThrow(/^file: the MAT file is cut short/);
    expect(attempt(whole.with(126, 0))).toThrow(/^file: it is no MAT file of version 5/);
    expect(attempt(whole.with(125, 2))).toThrow(/^file: its version is 0x200, .*"-v7"/);
    expect(attempt(whole.with(400, whole[400]! ^ 1))).toThrow(
      /^file: the MAT file's compressed data is truncated or damaged/,
    );
    // A stream of zeros that claims to be the array "X".
    const start = Buffer.from(whole);
    const huge = new Uint8Array(1 << 16);
    huge.set([14, 0, 0, 0, 0, 0, 0, 240, 6, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    huge.set([5, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 88], 24);
    const stream = deflateSync(huge);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15);
    tag.writeUInt32LE(stream.length, 4);
    expect(attempt(Uint8Array.from(Buffer.concat([start.subarray(0, 128), tag, stream])))).toThrow(
      /^file: the MAT file's compressed data .* bytes cannot hold 4026531840/,
    );
  });
});

describe("SVHN.load", () => {
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "heddle-svhn-"));
    await writeFile(join(root, "test_32x32.mat"), fileOf("as published"));
  });
  afterAll(() => rm(root, { recursive: true }));

  test("reads a file of one's own, and compares others with the published checksum", async () => {
    const set = await SVHN.load({ root, split: "test", verify: false });
    expect([set.length, set.images.shape, set.classes[set.label(2)]]).toEqual([3, [3, 3, 32, 32], "9"]);
    expect(set.get(1)[0].at(2, 1, 0).item()).toBeCloseTo(118 / 255, 6);
    await expect(SVHN.load({ root, split: "test" })).rejects.toThrow(
      /test_32x32\.mat: the file was altered.*expected eb5a983be6a315427106f1b164d9cef3/,
    );
  });

  test("what is missing or unknown is an error with the remedy", async () => {
    await expect(SVHN.load({ root })).rejects.toThrow(/SVHN: there is no .*train_32x32\.mat\. Pass download: true/);
    await expect(SVHN.load({ root, split: "all" as "test" })).rejects.toThrow(
      /split must be train, test, extra, got "all"/,
    );
    await expect(SVHN.load({ train: true } as never)).rejects.toThrow(/unknown option "train"/);
  });
});

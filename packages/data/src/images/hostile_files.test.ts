/** Files that are damaged, lie, or are made to cost more than they are worth. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeImage } from "./image_file.ts";
import { joinPngChunks } from "./png_chunks.ts";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/images/files.json");
const recorded = (JSON.parse(readFileSync(path, "utf8")) as { cases: { name: string; file: string }[] }).cases
  .map(({ name, file }) => ({ name, file: Buffer.from(file, "base64") }));
const find = (name: string): Buffer => recorded.find((each) => each.name === name)!.file;

/** The message that decoding ends with; a crash of another kind is none. */
function refusal(bytes: Uint8Array, options: object = {}): string {
  try {
    decodeImage(bytes, options, "pic");
  } catch (error) {
    expect((error as Error).name).toBe("Error");
    return (error as Error).message;
  }
  return "accepted";
}

describe("PNG", () => {
  type Chunk = Parameters<typeof joinPngChunks>[0][number];
  const chunk = (type: string, content: Uint8Array | number[] = []): Chunk => ({
    type,
    content: Uint8Array.from(content),
  });
  const header = (
    width: number,
    height: number,
    depth: number,
    colour: number,
    interlace = 0,
    rest = [0, 0],
  ): Chunk => {
    const content = Buffer.alloc(13);
    content.writeUInt32BE(width);
    content.writeUInt32BE(height, 4);
    content.set([depth, colour, ...rest, interlace], 8);
    return chunk("IHDR", content);
  };
  const pixels = (...rows: number[]): Chunk => chunk("IDAT", deflateSync(Uint8Array.from(rows)));
  const grey = header(2, 1, 8, 0), colours = header(1, 1, 8, 2), indexed = header(1, 1, 8, 3);
  const end = chunk("IEND"), palette = chunk("PLTE", [1, 2, 3]);

  test.each(recorded.filter(({ name }) => name.includes("9x13")).map(({ name, file }) => [name, file] as const))(
    "%s: no bit that flips goes unnoticed",
    (_, file) => {
      for (let bit = 0; bit < 8 * file.length; bit++) {
        const damaged = Buffer.from(file);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(refusal(damaged), `bit ${bit}`).toMatch(/^pic: (the PNG file is (damaged|cut short)|neither)/);
      }
    },
  );

  test.each<[string, Chunk[], RegExp | "accepted"]>([
    ["whole", [grey, pixels(0, 1, 2), end], "accepted"],
    ["with chunks that are not needed", [grey, chunk("teXt", [1]), pixels(0, 1, 2), chunk("zzZz"), end], "accepted"],
    ["with a palette as a hint", [colours, palette, pixels(0, 1, 2, 3), end], "accepted"],
    ["of a palette", [indexed, palette, chunk("tRNS", [7]), pixels(0, 0), end], "accepted"],
    ["an unknown chunk that is needed", [grey, chunk("CgBI"), pixels(0, 1, 2), end], /"CgBI" is unknown, and needed/],
    ["a name that is none", [grey, chunk("t3Xt"), pixels(0, 1, 2), end], /no chunk at byte 33/],
    ["a name with the reserved bit", [grey, chunk("text"), pixels(0, 1, 2), end], /no chunk at byte 33/],
    ["no header first", [pixels(0, 1, 2), grey, end], /does not begin with its header/],
    ["two headers", [grey, grey, pixels(0, 1, 2), end], /two headers/],
    ["a long header", [chunk("IHDR", [...grey.content, 0]), pixels(0, 1, 2), end], /header has 14 bytes, not 13/],
    ["no pixels", [grey, end], /has no pixels/],
    ["pixels apart", [grey, pixels(0, 1, 2), chunk("teXt"), chunk("IDAT"), end], /other chunks come between/],
    ["a full end", [grey, pixels(0, 1, 2), chunk("IEND", [0])], /that ends it is not empty/],
    ["no end", [grey, pixels(0, 1, 2)], /cut short/],
    ["no palette", [indexed, pixels(0, 0), end], /palette is missing/],
    ["a palette too late", [indexed, pixels(0, 0), palette, end], /palette is missing|after the pixels/],
    ["Exif data twice", [grey, chunk("eXIf", [1]), chunk("eXIf", [1]), pixels(0, 1, 2), end], /Exif data comes twice/],
    ["two palettes", [indexed, palette, palette, pixels(0, 0), end], /comes twice/],
    ["a palette of grey", [grey, palette, pixels(0, 1, 2), end], /a grey picture has a palette/],
    ["a palette of grey and opacity", [header(1, 1, 8, 4), palette, pixels(0, 1, 2), end], /a grey picture has/],
    ["a palette of 4 bytes", [indexed, chunk("PLTE", [1, 2, 3, 4]), pixels(0, 0), end], /palette has 4 bytes/],
    ["a palette of nothing", [indexed, chunk("PLTE"), pixels(0, 0), end], /palette has 0 bytes/],
    [
      "a palette beyond its bits",
      [header(1, 1, 1, 3), chunk("PLTE", Array(9).fill(1)), pixels(0, 0), end],
      /palette has 9 bytes, which are not 3 for each of 1 to 2 colours/,
    ],
    ["a colour that is not there", [indexed, palette, pixels(0, 1), end], /colour 1 of a palette of 1/],
    ["more opacity than colours", [indexed, palette, chunk("tRNS", [1, 2]), pixels(0, 0), end], /opacity of 2 colours/],
    ["opacity before colours", [indexed, chunk("tRNS", [1]), palette, pixels(0, 0), end], /opacity of 1 colours/],
    ["a transparent colour of 3 bytes", [grey, chunk("tRNS", [1, 2, 3]), pixels(0, 1, 2), end], /transparency is no/],
    ["a filter of 5", [grey, pixels(5, 1, 2), end], /unknown filter 5/],
    ["3 bits", [header(2, 1, 3, 0), pixels(0, 1), end], /colour type 0 with 3 bits/],
    ["colours of 4 bits", [header(2, 1, 4, 2), pixels(0, 1), end], /colour type 2 with 4 bits/],
    ["a palette of 16 bits", [header(2, 1, 16, 3), palette, pixels(0, 1), end], /colour type 3 with 16 bits/],
    ["interlacing of 2", [header(2, 1, 8, 0, 2), pixels(0, 1, 2), end], /interlacing 2/],
    ["a compression of 1", [header(2, 1, 8, 0, 0, [1, 0]), pixels(0, 1, 2), end], /compression 1/],
    ["filters of 1", [header(2, 1, 8, 0, 0, [0, 1]), pixels(0, 1, 2), end], /filters 1/],
    ["a width of 0", [header(0, 1, 8, 0), pixels(0), end], /claims a size of 0×1/],
    ["a width of 2^31", [header(2 ** 31, 1, 8, 0), pixels(0), end], /claims 2147483648×1 pixels/],
    ["both of 2^32 - 1", [header(2 ** 32 - 1, 2 ** 32 - 1, 16, 6), pixels(0), end], /claims 4294967295×4294967295/],
    ["less data", [grey, pixels(0, 1), end], /lies about its size: 2×1 pixels take 3 bytes of data, it has 2/],
    ["more data", [grey, pixels(0, 1, 2, 3), end], /take 3 bytes of data, it has more/],
    ["no zlib stream", [grey, chunk("IDAT", [1, 2, 3, 4, 5, 6, 7]), end], /not a zlib stream/],
    [
      "a wrong sum of the data",
      [grey, chunk("IDAT", [...deflateSync(Uint8Array.of(0, 1, 2)).subarray(0, -1), 0]), end],
      /checksum/,
    ],
    [
      "data cut short",
      [grey, chunk("IDAT", deflateSync(Uint8Array.of(0, 1, 2)).subarray(0, -5)), end],
      /truncated or damaged/,
    ],
  ])("%s", (_, chunks, expected) => {
    const message = refusal(joinPngChunks(chunks));
    if (expected === "accepted") expect(message).toBe(expected);
    else {
      expect(message).toMatch(expected);
      expect(message).toMatch(/^pic: the (PNG file|picture)/);
    }
  });

  test("what stands behind the end does not matter", () => {
    expect(refusal(Buffer.concat([joinPngChunks([grey, pixels(0, 1, 2), end]), Buffer.alloc(100, 7)]))).toBe(
      "accepted",
    );
  });

  test("cut short anywhere", () => {
    const file = find("png, colour type 3, 8 bits, 9x13, interlaced, tRNS");
    for (let length = 0; length < file.length; length++) {
      expect(refusal(file.subarray(0, length))).toMatch(/^pic: (the PNG file is cut short|neither)/);
    }
  });

  test("a bomb is not unpacked beyond what the header says, nor before that can be true", () => {
    const zeros = deflateSync(Buffer.alloc(50_000_000), { level: 9 });
    expect(refusal(joinPngChunks([grey, chunk("IDAT", zeros), end]))).toMatch(/it has more/);
    const small = [header(8192, 8192, 16, 6), chunk("IDAT", zeros.subarray(0, 1000)), end];
    expect(refusal(joinPngChunks(small))).toMatch(/take 536879104 bytes of data, it has 1000, compressed/);
  });

  test("data in a hundred thousand chunks", () => {
    const rows = Buffer.alloc(1001 * 1000);
    for (let i = 0; i < rows.length; i++) rows[i] = i % 1001 === 0 ? 0 : Math.imul(i, 2654435761) >>> 24;
    const data = deflateSync(rows).subarray(0);
    const pieces = Array.from(
      { length: 100_000 },
      (_, i) => chunk("IDAT", i < 99_999 ? data.subarray(i, i + 1) : data.subarray(i)),
    );
    expect(refusal(joinPngChunks([header(1000, 1000, 8, 0), ...pieces, end]))).toBe("accepted");
  });
});

describe("JPEG", () => {
  const file = find("jpeg, 33x26, {'quality': 80, 'progressive': False, 'subsampling': 2}");
  const progressive = find("jpeg, 33x26, {'quality': 80, 'progressive': True, 'subsampling': 2}");
  const place = (bytes: Buffer, marker: number): number => bytes.indexOf(Buffer.from([0xff, marker]));
  const claiming = (bytes: Buffer, width: number, height: number): Buffer => {
    const frame = Math.max(place(bytes, 0xc0), place(bytes, 0xc2));
    const copy = Buffer.from(bytes);
    copy.writeUInt16BE(height, frame + 5);
    copy.writeUInt16BE(width, frame + 7);
    return copy;
  };

  test.each([["baseline", file], ["progressive", progressive]])("%s: more pixels than it can hold", (_, bytes) => {
    expect(refusal(claiming(bytes, 8192, 8192))).toMatch(
      /^pic: the JPEG file is damaged or of an unknown kind: it lies about its size: 8192×8192 pixels take at least \d+ bytes/,
    );
    expect(refusal(claiming(bytes, 65535, 65535))).toMatch(/claims 65535×65535 pixels/);
    expect(refusal(claiming(bytes, 33, 0))).toMatch(/claims a size of 33×0/);
    expect(refusal(claiming(bytes, 80, 80))).toMatch(/damaged/);
  });

  test("cut short anywhere", () => {
    for (const bytes of [file, progressive]) {
      for (let length = 3; length < bytes.length; length++) {
        expect(refusal(bytes.subarray(0, length)), `${length}`).toMatch(/^pic: the JPEG file is (cut short|damaged)/);
      }
    }
  });

  test("a bit that flips is an error of ours or another picture, never a crash", () => {
    for (const bytes of [file, progressive]) {
      for (let bit = 24; bit < 8 * bytes.length; bit += 5) {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(refusal(damaged), `bit ${bit}`).toMatch(/^(accepted$|pic: the (JPEG file|picture) )/);
      }
    }
  });

  /** The file with a segment's bytes changed, counted from its marker. */
  const changed = (marker: number, at: number, ...values: number[]): Buffer => {
    const copy = Buffer.from(file);
    copy.set(values, place(file, marker) + at);
    return copy;
  };
  test.each<[string, Buffer, RegExp]>([
    ["arithmetic codes", changed(0xc0, 1, 0xc9), /arithmetic JPEG is not supported/],
    ["lossless", changed(0xc0, 1, 0xc3), /lossless JPEG is not supported/],
    ["12 bits", changed(0xc0, 4, 12), /12 bits per sample/],
    ["2 components", changed(0xc0, 9, 2), /header has another length/],
    ["a sampling of 0", changed(0xc0, 11, 0x02), /impossible values/],
    ["a sampling of 15", changed(0xc0, 11, 0xff), /impossible values/],
    ["a sampling of 3 to 2", changed(0xc0, 11, 0x32, 0, 2, 0x21), /not multiples of each other/],
    ["a component twice", changed(0xc0, 13, 1), /two components have the same number/],
    ["a table that is not there", changed(0xc0, 12, 3), /quantisation table is missing/],
    ["a scan of component 9", changed(0xda, 5, 9), /component 9, which its header does not know/],
    ["a scan of a component twice", changed(0xda, 7, 1), /does not follow|twice/],
    ["a scan of another length", changed(0xda, 4, 2), /scan's header has another length/],
    ["a Huffman table that is not there", changed(0xda, 6, 0x33), /Huffman table is missing/],
    ["a Huffman table with too many codes", changed(0xc4, 5, 255), /Huffman table/],
    ["a quantisation table of 3 bytes a value", changed(0xdb, 4, 0x20), /quantisation table is cut short/],
    ["a segment of length 1", changed(0xdb, 2, 0, 1), /shorter than its own length/],
    ["a scan first", changed(0xc0, 1, 0xfe), /scan comes before/],
    [
      "a second picture",
      Buffer.concat([file.subarray(0, -2), file.subarray(place(file, 0xc0))]),
      /two pictures in one/,
    ],
    ["the same scan again", Buffer.concat([file.subarray(0, -2), file.subarray(place(file, 0xda))]), /does not follow/],
    ["no scan", Buffer.concat([file.subarray(0, place(file, 0xda)), Buffer.from([0xff, 0xd9])]), /data is missing/],
  ])("%s", (_, bytes, expected) => {
    expect(refusal(bytes)).toMatch(expected);
  });

  test("the scans of a progressive picture are few", () => {
    const start = place(progressive, 0xda), next = progressive.indexOf(Buffer.from([0xff, 0xc4]), start);
    const again = Buffer.concat([
      progressive.subarray(0, next),
      progressive.subarray(start, next),
      progressive.subarray(next),
    ]);
    expect(refusal(again)).toMatch(/does not follow from those before/);
  });

  test("fillings between segments, and rests behind a scan, are passed over as elsewhere", () => {
    const frame = place(file, 0xc0), rests = Buffer.from([1, 2, 3]);
    const filled = Buffer.concat([
      file.subarray(0, frame),
      Buffer.from([0xff, 0xff]),
      file.subarray(frame, -2),
      rests,
      file.subarray(-2),
    ]);
    expect(decodeImage(filled).equal(decodeImage(file))).toBe(true);
  });
});

test("orientation that is not well-formed is none", () => {
  const { turned } = JSON.parse(readFileSync(path, "utf8")) as { turned: { file: string }[] };
  const file = Buffer.from(turned[5]!.file, "base64");
  const exif = file.indexOf("Exif");
  expect(decodeImage(file, { orientation: true }).shape).toEqual([3, 17, 9]);
  for (let at = exif; at < exif + 30; at++) {
    for (const value of [0, 9, 0x7f, 0xff]) {
      const damaged = Buffer.from(file);
      damaged[at] = value;
      expect([[3, 17, 9], [3, 9, 17]]).toContainEqual(decodeImage(damaged, { orientation: true }).shape);
    }
  }
  expect(() => decodeImage(file, { maxPixels: NaN })).toThrow("maxPixels must be a number from 1, got NaN");
});

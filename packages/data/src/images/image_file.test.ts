import { Buffer } from "node:buffer";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { arange, rand, type Tensor, tensor, zeros } from "@heddle/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeImage, encodeImage, readImage, saveImage } from "./image_file.ts";
import { joinPngChunks, readPngChunks } from "./png_chunks.ts";

const bytes = (...shape: number[]): Tensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return arange(count, { dtype: "int32" }).mul(53).remainder(256).reshape(shape).to("uint8");
};

const chunk = (type: string, content: Uint8Array = new Uint8Array(0)) => ({ type, content });
/** A PNG file of rows that begin with their filter. */
function png(
  head: { width: number; height: number; depth?: number; colours?: number; interlace?: number },
  rows: Uint8Array,
  extra: ReturnType<typeof chunk>[] = [],
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(head.width);
  header.writeUInt32BE(head.height, 4);
  header.set([head.depth ?? 8, head.colours ?? 0, 0, 0, head.interlace ?? 0], 8);
  const content = deflateSync(rows);
  const pixels = [chunk("IDAT", content.subarray(0, 5)), chunk("IDAT", content.subarray(5))];
  return joinPngChunks([chunk("IHDR", header), ...extra, ...pixels, chunk("IEND")]);
}

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-images-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("PNG", () => {
  test.each([1, 2, 3, 4])("what was encoded comes back, with %i channels", (channels) => {
    const image = bytes(channels, 5, 7);
    expect(decodeImage(encodeImage(image)).equal(image)).toBe(true);
    // Rows of pixels, each behind a zero.
    const { header, data } = readPngChunks(encodeImage(image), "");
    expect(header).toMatchObject({ width: 7, height: 5, depth: 8, samples: channels, interlaced: false });
    const row = [...image.movedim(0, 2).at(1).reshape([-1]).toTypedArray("uint8")];
    expect([...inflateSync(data[0]!)].slice(1 + 7 * channels, 2 * (1 + 7 * channels))).toEqual([0, ...row]);
  });

  test("floats are rounded and kept within the range", () => {
    const out = decodeImage(encodeImage(tensor([[0, 0.5, 1, -3, 7, NaN, 0.25]])));
    expect(out.toArray()).toEqual([[[0, 128, 255, 0, 255, 0, 64]]]);
  });

  test("filters, fewer bits, more bits, palettes", () => {
    expect(decodeImage(png({ width: 3, height: 2 }, Uint8Array.of(1, 10, 5, 5, 2, 1, 1, 1))).toArray())
      .toEqual([[[10, 15, 20], [11, 16, 21]]]);
    expect(decodeImage(png({ width: 5, height: 1, depth: 2 }, Uint8Array.of(0, 0b00011011, 0b11000000))).toArray())
      .toEqual([[[0, 85, 170, 255, 255]]]);
    expect(decodeImage(png({ width: 9, height: 1, depth: 1 }, Uint8Array.of(0, 0b10000001, 0x80))).toArray())
      .toEqual([[[255, 0, 0, 0, 0, 0, 0, 255, 255]]]);
    expect(decodeImage(png({ width: 2, height: 1, depth: 16 }, Uint8Array.of(0, 0x12, 0x99, 0xff, 0x00))).toArray())
      .toEqual([[[0x12, 0xff]]]);
    const palette = chunk("PLTE", Uint8Array.of(1, 2, 3, 40, 50, 60, 7, 8, 9));
    expect(
      decodeImage(png({ width: 3, height: 1, colours: 3, depth: 4 }, Uint8Array.of(0, 0x20, 0x10), [palette]))
        .toArray(),
    )
      .toEqual([[[7, 1, 40]], [[8, 2, 50]], [[9, 3, 60]]]);
  });

  test("channels as asked for", () => {
    const colours = encodeImage(tensor([[[255, 0]], [[0, 255]], [[0, 0]], [[9, 9]]], { dtype: "uint8" }));
    expect(decodeImage(colours).shape).toEqual([4, 1, 2]);
    expect(decodeImage(colours, { mode: "rgb" }).toArray()).toEqual([[[255, 0]], [[0, 255]], [[0, 0]]]);
    expect(decodeImage(colours, { mode: "gray" }).toArray()).toEqual([[[76, 150]]]);
    const grey = encodeImage(tensor([[[1, 2]], [[9, 9]]], { dtype: "uint8" }));
    expect(decodeImage(grey, { mode: "rgb" }).toArray()).toEqual([[[1, 2]], [[1, 2]], [[1, 2]]]);
    expect(decodeImage(grey, { mode: "gray" }).toArray()).toEqual([[[1, 2]]]);
    expect(() => decodeImage(grey, { mode: "RGB" as "rgb" })).toThrow(/mode must be .*"rgb", got "RGB"/);
  });

  test("a file that lies about its size", () => {
    const rows = new Uint8Array(3 * 4);
    const lies = (width: number, height: number, options = {}): () => Tensor => () =>
      decodeImage(png({ width, height }, rows), options, "pic.png");
    expect(lies(3, 3)().shape).toEqual([1, 3, 3]);
    expect(lies(3, 4)).toThrow(
      "pic.png: the PNG file lies about its size: 3×4 pixels take 16 bytes of data, it has 12.",
    );
    expect(lies(3, 2)).toThrow(
      "pic.png: the PNG file lies about its size: 3×2 pixels take 8 bytes of data, it has more.",
    );
    expect(lies(50_000, 50_000)).toThrow(/claims 50000×50000 pixels.*more than the 67108864.*raise maxPixels/);
    expect(lies(4_000_000_000, 1)).toThrow(/claims 4000000000×1 pixels/);
    expect(lies(8000, 8000)).toThrow(
      /lies about its size: 8000×8000 pixels take 64008000 bytes of data, it has 11, compressed/,
    );
    expect(lies(3, 3, { maxPixels: 8 })).toThrow(/claims 3×3 pixels.*more than the 8/);
    expect(lies(0, 3)).toThrow(/claims a size of 0×3/);
    // 100 MB of zeros are 100 kB: no more is uncompressed than was declared.
    const bomb = png({ width: 2, height: 2 }, new Uint8Array(100_000_000));
    expect(() => decodeImage(bomb)).toThrow(/take 6 bytes of data, it has more/);
  });

  test("cut short or damaged", () => {
    const good = encodeImage(rand([3, 20, 20]));
    for (const length of [8, 30, 50, good.length - 1]) {
      expect(() => decodeImage(good.subarray(0, length), {}, "a.png")).toThrow(
        `a.png: the PNG file is cut short: ${length} bytes without the chunk that ends it.`,
      );
    }
    const damaged = Buffer.from(good);
    damaged[80]! ^= 0x55;
    expect(() => decodeImage(damaged, {}, "a.png")).toThrow(
      /a\.png: the PNG file is damaged: the CRC of its chunk "IDAT"/,
    );
    const header = Buffer.from(good);
    header[25] = 5;
    expect(() => decodeImage(header)).toThrow(/damaged: the CRC of its chunk "IHDR"/);
    expect(() => decodeImage(png({ width: 2, height: 1, colours: 5 }, new Uint8Array(3))))
      .toThrow(/damaged: colour type 5 with 8 bits/);
    // A wrong checksum alone: of the header, whose width is then not to be trusted.
    const sum = Buffer.from(good);
    sum[30]! ^= 1;
    expect(() => decodeImage(sum)).toThrow(/damaged: the CRC of its chunk "IHDR" at byte 8 is/);
  });
});

describe("JPEG", () => {
  // (3x, 200 − 4y, 90) in 40×24 pixels, written by Pillow.
  const file = Buffer.from(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsK" +
      "DAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAYACgD" +
      "ASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAUHCP/EABwQAAEFAQEBAAAAAAAAAAAAAAAFBiMxoREBA//EABgBAAMBAQAAAAAAAAAAAAAA" +
      "AAUGBwgJ/8QAIBEAAQQBBAMAAAAAAAAAAAAAAAMEBSExARJRYRMiI//aAAwDAQACEQMRAD8AkpzrqQup7rqXTF09195LpdT3XUuiG5h+jnlCQGKN" +
      "oT3XUulxPddS6YwnuupdLie66k0XnMP0WCEgMUbQnuupdBmic6698+gAakP74KkzgPhpRyCnuuu/XS6nuvnJdANBuWyPBJoRmhVFxPddSaXU511I" +
      "AL7lqjwWCEZoVRdT3XUugABqNkd+CpsmaHg0o//Z",
    "base64",
  );

  test("its colours, roughly", () => {
    const image = decodeImage(file);
    expect([image.shape, image.dtype]).toEqual([[3, 24, 40], "uint8"]);
    for (const [c, y, x, value] of [[0, 3, 10, 30], [0, 20, 39, 117], [1, 12, 5, 152], [2, 1, 1, 90]] as const) {
      expect(Math.abs(image.at(c, y, x).item() - value)).toBeLessThan(6);
    }
    expect(decodeImage(file, { mode: "gray" }).shape).toEqual([1, 24, 40]);
  });

  test("cut short, lying about its size, or above the limit", () => {
    for (const length of [3, 20, 200, file.length - 100, file.length - 2]) {
      expect(() => decodeImage(file.subarray(0, length), {}, "a.jpg")).toThrow(
        /a\.jpg: the JPEG file is (cut short or damaged: \d+ bytes without (a picture|the marker)|damaged .*ends early)/,
      );
    }
    const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
    const claims = (h: number, w: number): Buffer => {
      const copy = Buffer.from(file);
      copy.writeUInt16BE(h, frame + 5);
      copy.writeUInt16BE(w, frame + 7);
      return copy;
    };
    expect(() => decodeImage(claims(65_000, 65_000))).toThrow(/claims 65000×65000 pixels.*more than the 67108864/);
    expect(() => decodeImage(file, { maxPixels: 959 })).toThrow(/claims 40×24 pixels.*more than the 959/);
    expect(() => decodeImage(claims(240, 400), {}, "a.jpg")).toThrow(/a\.jpg: the JPEG file is damaged/);
    expect(() => decodeImage(claims(0, 40))).toThrow(/claims a size of 40×0/);
  });
});

describe("files", () => {
  test("saveImage and readImage", async () => {
    const image = bytes(3, 4, 6);
    const path = join(folder, "new/below/one.png");
    await saveImage(image, path);
    expect((await readImage(path)).equal(image)).toBe(true);
    await saveImage(zeros([2, 1, 3, 3]), path, { padding: 1, padValue: 1 }); // in its place
    expect((await readImage(path, { mode: "gray" })).toArray()).toEqual([[
      Array(9).fill(255),
      ...Array.from({ length: 3 }, () => [255, 0, 0, 0, 255, 0, 0, 0, 255]),
      Array(9).fill(255),
    ]]);
    expect(await readdir(join(folder, "new/below"))).toEqual(["one.png"]);
  });

  test("what fails leaves the file as it was", async () => {
    const path = join(folder, "a.png");
    await writeFile(path, "mine");
    await expect(saveImage(zeros([5, 3, 3]), path)).rejects.toThrow(
      /expected \[1 to 4 channels, height, width\].*\[5, 3, 3\]/,
    );
    await expect(saveImage(zeros([3, 3], { dtype: "int32" }), path)).rejects.toThrow(/got int32/);
    await expect(saveImage(zeros([3, 3]), join(folder, "a.jpg"))).rejects.toThrow(/ends in "\.png", not ".*a\.jpg"/);
    await expect(
      saveImage(zeros([3, 3]), folder + "/x.png/y.png").then(() => saveImage(zeros([3, 3]), folder + "/x.png")),
    )
      .rejects.toThrow();
    expect((await readFile(path)).toString()).toBe("mine");
    expect((await readdir(folder)).sort()).toEqual(["a.png", "x.png"]);
  });

  test("other files are refused by name", async () => {
    const path = join(folder, "text.png");
    await writeFile(path, "hello");
    await expect(readImage(path)).rejects.toThrow(
      /text\.png: neither a PNG nor a JPEG file: its 5 bytes begin with "68 65 6c 6c"/,
    );
    await expect(readImage(join(folder, "none.png"))).rejects.toThrow(/none\.png/);
    expect(() => decodeImage(new Uint8Array(0))).toThrow(/its 0 bytes/);
    expect(() => decodeImage(encodeImage(zeros([2, 2])), { grey: true } as object)).toThrow(/unknown option "grey"/);
    expect(() => encodeImage(zeros([2, 3, 4, 4]))).toThrow(/makeGrid makes one picture of many/);
    expect(() => encodeImage(zeros([3, 0, 4]))).toThrow(/got \[3, 0, 4\]/);
  });
});

test.each([null, undefined, "picture.png", 3, [137, 80], new ArrayBuffer(8)])(
  "decodeImage(%j) says what it takes",
  (wrong) => {
    expect(() => decodeImage(wrong as never)).toThrow(TypeError);
    expect(() => decodeImage(wrong as never)).toThrow(/^decodeImage: expected the file's bytes/);
  },
);

import { zlibSync } from "fflate";
import { MOST_FROM_ONE } from "../archive/gunzip.ts";
import { unzlib } from "../archive/unzlib.ts";
import { checkDeclaredSize, type Pixels } from "./pixels.ts";
import { joinPngChunks, type PngChunks, readPngChunks } from "./png_chunks.ts";
import { contentBytes, PngRows } from "./png_rows.ts";

/**
 * The pixels of a PNG file; 16 bits per channel become 8, and palettes are resolved. Takes little more memory than the
 * picture's, and none before it is known that the file can hold as many pixels as it declares.
 *
 * @returns the picture and its Exif data
 * @throws when the file is cut short or damaged, when its data is less or more than the size that it declares, or when
 *   that size is above `maxPixels`
 */
export function decodePng(
  bytes: Uint8Array,
  name: string,
  maxPixels: number,
): { pixels: Pixels; exif: Uint8Array | null } {
  const chunks = readPngChunks(bytes, name);
  checkDeclaredSize(name, chunks.header.width, chunks.header.height, maxPixels);
  return { pixels: readPixels(chunks, name), exif: chunks.exif };
}

function readPixels(chunks: PngChunks, name: string): Pixels {
  const { header } = chunks;
  const expected = contentBytes(header);
  const lies = (has: string): never => {
    throw new Error(
      `${name}: the PNG file lies about its size: ${header.width}×${header.height} pixels take ${expected} bytes of data, ` +
        `it has ${has}.`,
    );
  };
  const data = chunks.data.length === 1 ? chunks.data[0]! : joined(chunks.data);
  if (expected > data.length * MOST_FROM_ONE) lies(`${data.length}, compressed`);
  const rows = new PngRows(chunks);
  let actual = 0;
  try {
    for (const piece of unzlib(data)) {
      actual += piece.length;
      if (actual > expected) break;
      rows.push(piece);
    }
  } catch (cause) {
    throw new Error(`${name}: the PNG file's data is truncated or damaged (${(cause as Error).message}).`, { cause });
  }
  if (actual !== expected) lies(actual > expected ? "more" : String(actual));
  return rows.pixels;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A PNG file of pixels of 8 bits a channel. */
export function encodePng({ width, height, channels, planes }: Pixels): Uint8Array {
  const area = width * height, bytes = width * channels;
  // Each row begins with its filter; 0 is none.
  const rows = new Uint8Array(height * (1 + bytes));
  for (let c = 0; c < channels; c++) {
    for (let y = 0, from = c * area; y < height; y++) {
      let to = y * (1 + bytes) + 1 + c;
      for (let x = 0; x < width; x++, to += channels) rows[to] = planes[from++]!;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, [0, 4, 2, 6][channels - 1]!], 8);
  return joinPngChunks([
    { type: "IHDR", content: header },
    { type: "IDAT", content: zlibSync(rows) },
    { type: "IEND", content: new Uint8Array(0) },
  ]);
}

import { convertIndexedToRgb, decode, encode } from "fast-png";
import { node } from "../node.ts";
import { checkDeclaredSize, type Pixels } from "./pixels.ts";

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
// All that the pixels depend on; other chunks (texts, profiles) are not even given to the decoder.
const NEEDED = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];
/** Channels by colour type: grey, colours, palette, grey and opacity, colours and opacity. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

/**
 * The pixels of a PNG file; 16 bits a channel become 8, a palette its colours.
 *
 * @throws when the file is cut short or damaged, when its data is less or more than the size that it declares, or when
 *   that size is above `maxPixels`
 */
export function decodePng(bytes: Uint8Array, name: string, maxPixels: number): Pixels {
  const chunks = readChunks(bytes, name);
  const header = readHeader(chunks[0]!, bytes, name);
  checkDeclaredSize(name, header.width, header.height, maxPixels);
  checkContent(chunks, bytes, header, name);
  try {
    const needed = chunks.filter(({ type }) => NEEDED.includes(type));
    const whole = joined([bytes.subarray(0, 8), ...needed.map(({ start, end }) => bytes.subarray(start, end))]);
    const png = decode(whole, { checkCrc: true });
    if (png.palette !== undefined) {
      const channels = png.palette[0]?.length ?? 3;
      return { width: png.width, height: png.height, channels, data: convertIndexedToRgb(png) };
    }
    const { data } = png;
    const eight = data instanceof Uint16Array
      ? Uint8Array.from(data, (value) => value >> 8)
      : header.depth < 8
      ? unpacked(data as Uint8Array, header)
      : data as Uint8Array;
    return { width: png.width, height: png.height, channels: png.channels, data: eight };
  } catch (cause) {
    throw new Error(`${name}: the PNG file is damaged: ${(cause as Error).message}.`, { cause });
  }
}

/** A PNG file of pixels. */
export function encodePng({ width, height, channels, data }: Pixels): Uint8Array {
  return encode({ width, height, channels: channels as 1 | 2 | 3 | 4, depth: 8, data });
}

interface Chunk {
  readonly type: string;
  /** From its length field to the end of its checksum. */
  readonly start: number;
  readonly end: number;
}

function readChunks(bytes: Uint8Array, name: string): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let start = 8; start + 12 <= bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    const end = start + 12 + view.getUint32(start);
    if (end > bytes.length) break;
    chunks.push({ type, start, end });
    if (type === "IEND") return chunks;
    start = end;
  }
  throw new Error(`${name}: the PNG file is cut short: ${bytes.length} bytes without the chunk that ends it.`);
}

function readHeader({ type, start, end }: Chunk, bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + 8, end - start - 12);
  if (type !== "IHDR" || view.byteLength !== 13) {
    throw new Error(`${name}: the PNG file is damaged: it does not begin with its header.`);
  }
  const [depth, colours] = [view.getUint8(8), view.getUint8(9)];
  const channels = CHANNELS[colours];
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(depth) || (depth < 8 && channels !== 1)) {
    throw new Error(`${name}: the PNG file is damaged: colour type ${colours} with ${depth} bits.`);
  }
  return { width: view.getUint32(0), height: view.getUint32(4), depth, channels, interlaced: view.getUint8(12) === 1 };
}

/** Uncompresses the data once, with a limit: the decoder itself would neither stop at too much nor notice too little. */
function checkContent(chunks: readonly Chunk[], bytes: Uint8Array, header: Header, name: string): void {
  const data = joined(
    chunks.filter(({ type }) => type === "IDAT").map(({ start, end }) => bytes.subarray(start + 8, end - 4)),
  );
  const expected = contentBytes(header);
  let actual: string;
  try {
    const { length } = node.zlib.inflateSync(data, { maxOutputLength: expected });
    if (length === expected) return;
    actual = String(length);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_BUFFER_TOO_LARGE") {
      throw new Error(`${name}: the PNG file's data is truncated or damaged (${message}).`, { cause });
    }
    actual = "more";
  }
  throw new Error(
    `${name}: the PNG file lies about its size: ${header.width}×${header.height} pixels take ${expected} bytes of data, ` +
      `it has ${actual}.`,
  );
}

/** Bytes of all rows, each with a byte for its filter; of the seven smaller pictures where they are interlaced. */
function contentBytes({ width, height, depth, channels, interlaced }: Header): number {
  const rows = (w: number, h: number): number => w === 0 ? 0 : h * (1 + Math.ceil(w * depth * channels / 8));
  if (!interlaced) return rows(width, height);
  // Adam7: first column and row of each pass, and the steps.
  const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
  return passes.reduce((sum, [x, y, dx, dy]) => {
    return sum + rows(Math.ceil(Math.max(0, width - x!) / dx!), Math.ceil(Math.max(0, height - y!) / dy!));
  }, 0);
}

/** Grey values of fewer than 8 bits, spread over 0 to 255. */
function unpacked(data: Uint8Array, { width, height, depth }: Header): Uint8Array {
  const values = new Uint8Array(width * height);
  const rowBytes = Math.ceil(width * depth / 8);
  const most = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + (x * depth >> 3)]!;
      values[y * width + x] = (byte >> (8 - depth - x * depth % 8) & most) * (255 / most);
    }
  }
  return values;
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

/** The chunks of a PNG file (ISO/IEC 15948): their checksums, their order, and those that the pixels depend on. */
import { crc32 } from "@heddle/tensor/engine";

/** What the header of a PNG file says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** Samples of a pixel; a palette index is one. */
  readonly samples: number;
  readonly indexed: boolean;
  readonly interlaced: boolean;
}

/** The chunks of a PNG file. */
export interface PngChunks {
  readonly header: PngHeader;
  /** Red, green, blue of each colour; empty without a palette. */
  readonly palette: Uint8Array;
  /** Opacity of the palette's first colours; empty without one. */
  readonly opacity: Uint8Array;
  /** The compressed pixels, in chunks. */
  readonly data: readonly Uint8Array[];
  /** The Exif data. */
  readonly exif: Uint8Array | null;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const EMPTY = new Uint8Array(0);
/** Samples and depths by colour type: grey, colours, palette, grey and opacity, colours and opacity. */
const COLOURS: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

interface Chunk {
  readonly type: string;
  readonly content: Uint8Array;
}

/**
 * Reads the chunks of a file. Every chunk's checksum is compared, including those of skipped chunks (texts, profiles).
 *
 * @throws when the file is cut short, a sum is wrong, or chunks are missing, unknown though needed, or out of order
 */
export function readPngChunks(bytes: Uint8Array, name: string): PngChunks {
  const damaged = (what: string): never => {
    throw new Error(`${name}: the PNG file is damaged: ${what}.`);
  };
  let header: PngHeader | null = null;
  let palette: Uint8Array = EMPTY, opacity: Uint8Array = EMPTY, exif: Uint8Array | null = null, last = "";
  const data: Uint8Array[] = [];
  for (const { type, content } of chunksOf(bytes, damaged)) {
    if (header === null) {
      if (type !== "IHDR") return damaged("it does not begin with its header");
      header = readHeader(content, damaged);
    } else if (type === "IHDR") damaged("it has two headers");
    else if (type === "PLTE") {
      if (palette.length > 0 || data.length > 0) damaged("its palette comes twice, or after the pixels");
      if (header.samples % 2 === 0 && !header.indexed || header.samples === 1 && !header.indexed) {
        damaged("a grey picture has a palette");
      }
      const most = header.indexed ? 2 ** header.depth : 256;
      if (content.length === 0 || content.length % 3 !== 0 || content.length > 3 * most) {
        damaged(`its palette has ${content.length} bytes, which are not 3 for each of 1 to ${most} colours`);
      }
      palette = content;
    } else if (type === "tRNS") {
      if (opacity.length > 0 || data.length > 0) damaged("its transparency comes twice, or after the pixels");
      if (header.indexed) {
        if (content.length === 0 || content.length > palette.length / 3) {
          damaged(`it has the opacity of ${content.length} colours, and its palette ${palette.length / 3}`);
        }
        opacity = content;
      } // For other colour types it names one transparent colour, which affects no channel of the file.
      else if (header.samples % 2 === 0 || content.length !== 2 * header.samples) {
        damaged("its transparency is not a colour");
      }
    } else if (type === "IDAT") {
      if (data.length > 0 && last !== "IDAT") damaged("other chunks come between those of the pixels");
      if (header.indexed && palette.length === 0) damaged("its palette is missing");
      data.push(content);
    } else if (type === "eXIf") {
      if (exif !== null) damaged("its Exif data comes twice");
      exif = content;
    } else if (type === "IEND") {
      if (content.length > 0) damaged("the chunk that ends it is not empty");
      if (data.length === 0) damaged("it has no pixels");
      return { header, palette, opacity, data, exif };
    } // A capital first letter marks a chunk that is needed to read the pixels.
    else if (type[0]! < "a") damaged(`its chunk "${type}" is unknown, and needed to read it`);
    last = type;
  }
  throw new Error(`${name}: the PNG file is cut short: ${bytes.length} bytes without the chunk that ends it.`);
}

/** The chunks up to where the file ends; a last one that is cut short is left out. */
function* chunksOf(bytes: Uint8Array, damaged: (what: string) => never): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = SIGNATURE.length; start + 12 <= bytes.length;) {
    const length = view.getUint32(start);
    const end = start + 12 + length;
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    if (!/^[A-Za-z]{2}[A-Z][A-Za-z]$/.test(type) || length > 0x7fffffff) {
      damaged(`there is no chunk at byte ${start}, where one should begin`);
    }
    if (end > bytes.length) return;
    const [stored, actual] = [view.getUint32(end - 4), crc32(bytes.subarray(start + 4, end - 4))];
    if (stored !== actual) {
      const hex = (sum: number): string => sum.toString(16).padStart(8, "0");
      damaged(`the CRC of its chunk "${type}" at byte ${start} is ${hex(actual)}, and should be ${hex(stored)}`);
    }
    yield { type, content: bytes.subarray(start + 8, end - 4) };
    start = end;
  }
}

function readHeader(content: Uint8Array, damaged: (what: string) => never): PngHeader {
  if (content.length !== 13) damaged(`its header has ${content.length} bytes, not 13`);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [depth, colours, compression, filter, interlace] = content.subarray(8) as unknown as number[];
  const known = COLOURS[colours!];
  if (known === undefined || !known.depths.includes(depth!)) {
    return damaged(`colour type ${colours} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace! > 1) {
    damaged(`compression ${compression}, filters ${filter} and interlacing ${interlace} are unknown`);
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: depth!,
    samples: known.samples,
    indexed: colours === 3,
    interlaced: interlace === 1,
  };
}

/** A PNG file of chunks. */
export function joinPngChunks(chunks: readonly Chunk[]): Uint8Array {
  const file = new Uint8Array(chunks.reduce((sum, { content }) => sum + content.length + 12, SIGNATURE.length));
  const view = new DataView(file.buffer);
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, content } of chunks) {
    const end = at + 8 + content.length;
    view.setUint32(at, content.length);
    for (let i = 0; i < 4; i++) file[at + 4 + i] = type.charCodeAt(i);
    file.set(content, at + 8);
    view.setUint32(end, crc32(file.subarray(at + 4, end)));
    at = end + 4;
  }
  return file;
}

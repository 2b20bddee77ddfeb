import { type Orientation, orientationOf } from "../exif.ts";
import type { Pixels } from "../pixels.ts";
import { ZIGZAG } from "./block.ts";
import { type AdobeTransform, coloursOf, pixelsOf } from "./colours.ts";
import { type Frame, readFrame } from "./frame.ts";
import { HuffmanTable } from "./huffman.ts";
import { putBlock, readScan, type Tables } from "./scan.ts";

/** Whether bytes begin as a JPEG file does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

// Progressive encoders write about ten. A scan of a few bytes can cover all blocks.
const MOST_SCANS = 100;

/**
 * The pixels of a JPEG file (ITU-T T.81: baseline, extended and progressive, with Huffman codes and 8 bits a sample),
 * grey or in colours, with the same bits as libjpeg by default. Allocates memory for the picture only after its size
 * was checked against the limit and the file's size.
 *
 * @throws when the file is cut short or damaged, when the size that it declares is above `maxPixels` or more than it can
 *   hold, and for other kinds of JPEG
 */
export function decodeJpeg(
  bytes: Uint8Array,
  name: string,
  maxPixels: number,
): { pixels: Pixels; orientation: Orientation } {
  const reading = new Reading(bytes, name, maxPixels);
  let at = 2;
  try {
    for (let next = nextMarker(bytes, at); next !== null; next = nextMarker(bytes, at)) {
      if (next.marker === 0xd9) return reading.finish();
      at = reading.segment(next.marker, next.at);
      if (at > bytes.length) break;
    }
  } catch (cause) {
    const { message } = cause as Error;
    if (message.startsWith(`${name}: `)) throw cause;
    throw new Error(`${name}: the JPEG file is damaged or of an unknown kind: ${message}.`, { cause });
  }
  throw new Error(
    `${name}: the JPEG file is cut short or damaged: ${bytes.length} bytes without ` +
      `${reading.begun ? "the marker that ends it" : "a picture"}.`,
  );
}

/** The next marker at or after a place, and where what follows it begins. */
function nextMarker(bytes: Uint8Array, at: number): { marker: number; at: number } | null {
  for (; at + 1 < bytes.length; at++) {
    const marker = bytes[at + 1]!;
    if (bytes[at] === 0xff && marker !== 0xff && marker !== 0) return { marker, at: at + 2 };
  }
  return null;
}

/** What was found in a file so far. */
class Reading {
  private readonly bytes: Uint8Array;
  private readonly name: string;
  private readonly maxPixels: number;
  private readonly tables: Tables = { quantisation: [], dc: [], ac: [], restartInterval: 0 };
  private frame: Frame | null = null;
  private scans = 0;
  private jfif = false;
  private adobe: AdobeTransform = null;
  private orientation: Orientation = 1;

  constructor(bytes: Uint8Array, name: string, maxPixels: number) {
    this.bytes = bytes;
    this.name = name;
    this.maxPixels = maxPixels;
  }

  get begun(): boolean {
    return this.frame !== null;
  }

  /** Reads the segment of a marker; returns where the next may begin, which is beyond the end of a file that is cut short. */
  segment(marker: number, at: number): number {
    // Without content: restart markers after the last unit, and one for private use.
    if ((marker >= 0xd0 && marker <= 0xd7) || marker === 0x01) return at;
    if (at + 2 > this.bytes.length) return Infinity;
    const end = at + this.bytes[at]! * 256 + this.bytes[at + 1]!;
    if (end < at + 2) throw new Error("a segment is shorter than its own length");
    if (end > this.bytes.length) return Infinity;
    const content = this.bytes.subarray(at + 2, end);
    if (marker === 0xc4) this.huffmanTables(content);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (this.frame !== null) throw new Error("it has two pictures in one");
      this.frame = readFrame(content, marker, this.bytes.length, this.name, this.maxPixels);
    } else if (marker === 0xda) {
      if (this.frame === null) throw new Error("a scan comes before the picture's header");
      if (++this.scans > MOST_SCANS) throw new Error(`it has more than ${MOST_SCANS} scans`);
      return readScan(this.bytes, end, content, this.frame, this.tables);
    } else if (marker === 0xdb) this.quantisationTables(content);
    else if (marker === 0xdd) {
      if (content.length !== 2) throw new Error("its restart interval does not have 2 bytes");
      this.tables.restartInterval = content[0]! * 256 + content[1]!;
    } else if (marker === 0xe0) this.jfif ||= startsWith(content, "JFIF\0");
    else if (marker === 0xe1 && startsWith(content, "Exif\0\0")) this.orientation = orientationOf(content.subarray(6));
    else if (marker === 0xee && startsWith(content, "Adobe") && content.length >= 12) this.adobe = content[11]!;
    // Other applications' segments, comments and segments of hierarchical pictures are skipped.
    else if (marker < 0xe0 && marker !== 0xdc) throw new Error(`its marker ff ${marker.toString(16)} is unknown`);
    return end;
  }

  /** The picture, when the file is complete. */
  finish(): { pixels: Pixels; orientation: Orientation } {
    const { frame, name, bytes, orientation, jfif, adobe } = this;
    if (frame === null) {
      throw new Error(`${name}: the JPEG file is cut short or damaged: ${bytes.length} bytes without a picture.`);
    }
    const { components } = frame;
    if (components.some(({ known }) => known[0]! < 0)) throw new Error("a component's data is missing");
    if (frame.progressive) {
      for (const component of components) {
        const { blocksAcross, blocksDown, coefficients } = component;
        component.samples = new Uint8Array(64 * blocksAcross * blocksDown);
        for (let block = 0; block < blocksAcross * blocksDown; block++) {
          putBlock(component, block, coefficients!, 64 * block);
        }
        component.coefficients = component.busy = null;
      }
    }
    return { pixels: pixelsOf(frame, coloursOf(components, jfif, adobe)), orientation };
  }

  private huffmanTables(content: Uint8Array): void {
    for (let at = 0; at < content.length;) {
      const kind = content[at]!;
      const counts = content.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const symbols = content.subarray(at + 17, at + 17 + total);
      if ((kind & 0xec) !== 0 || counts.length < 16 || symbols.length < total || total > 256) {
        throw new Error("a Huffman table is cut short or has an impossible number");
      }
      this.tables[kind >> 4 === 0 ? "dc" : "ac"][kind & 15] = new HuffmanTable(counts, symbols);
      at += 17 + total;
    }
  }

  private quantisationTables(content: Uint8Array): void {
    for (let at = 0; at < content.length;) {
      const kind = content[at]!, bytes = (kind >> 4) + 1;
      const values = content.subarray(at + 1, at + 1 + 64 * bytes);
      if (bytes > 2 || (kind & 15) > 3 || values.length < 64 * bytes) {
        throw new Error("a quantisation table is cut short or has an impossible number");
      }
      const table = new Uint16Array(64);
      for (let k = 0; k < 64; k++) {
        table[ZIGZAG[k]!] = bytes === 1 ? values[k]! : values[2 * k]! * 256 + values[2 * k + 1]!;
      }
      this.tables.quantisation[kind & 15] = table;
      at += 1 + values.length;
    }
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

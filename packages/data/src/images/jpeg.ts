import jpeg from "jpeg-js";
import { checkDeclaredSize, type Pixels } from "./pixels.ts";

/** Whether bytes begin as a JPEG file does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * The pixels of a JPEG file, grey or in colours.
 *
 * @throws when the file is cut short or damaged, or when the size that it declares is above `maxPixels`
 */
export function decodeJpeg(bytes: Uint8Array, name: string, maxPixels: number): Pixels {
  const { width, height, components } = readFrame(bytes, name);
  checkDeclaredSize(name, width, height, maxPixels);
  let data: Uint8Array;
  try {
    // The limits are ours, so that errors are.
    const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
    const limits = { maxResolutionInMP: Infinity, maxMemoryUsageInMB: Infinity };
    data = jpeg.decode(bytes, { ...options, ...limits }).data;
  } catch (cause) {
    throw new Error(`${name}: the JPEG file is damaged: ${(cause as Error).message}.`, { cause });
  }
  if (components !== 1) return { width, height, channels: 3, data };
  return { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, p) => data[3 * p]!) };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

/** Walks through the markers to the end of the picture: the decoder takes what is missing for zeros. */
function readFrame(bytes: Uint8Array, name: string): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let frame: Frame | null = null;
  for (let at = 2; at + 1 < bytes.length;) {
    // Between segments: entropy-coded data, in which ff is followed by 00 or by a restart marker, and filling.
    if (bytes[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2;
    if (marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker === 0xd9) {
      if (frame === null) break;
      return frame;
    }
    if (at + 2 > bytes.length) break;
    const length = view.getUint16(at);
    // Start of frame; c4, c8 and cc among them are tables.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (length < 8 || at + 8 > bytes.length) break;
      frame = { height: view.getUint16(at + 3), width: view.getUint16(at + 5), components: bytes[at + 7]! };
    }
    at += length;
  }
  throw new Error(
    `${name}: the JPEG file is cut short or damaged: ${bytes.length} bytes without ` +
      `${frame === null ? "a picture" : "the marker that ends it"}.`,
  );
}

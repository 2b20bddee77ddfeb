import type { Pixels } from "./pixels.ts";

/** Exif's orientation, from 1 to 8: how to rotate or mirror the picture; 1 is as stored. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * The orientation in a block of Exif (a TIFF file's first directory). A missing or malformed one counts as 1: metadata
 * is no reason to refuse a picture.
 */
export function orientationOf(exif: Uint8Array | null): Orientation {
  if (exif === null || exif.length < 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const mark = view.getUint16(0);
  const little = mark === 0x4949;
  if ((!little && mark !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const start = view.getUint32(4, little);
  if (start + 2 > exif.length) return 1;
  const count = view.getUint16(start, little);
  for (let i = 0, at = start + 2; i < count && at + 12 <= exif.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const value = view.getUint16(at + 8, little);
    const fits = view.getUint16(at + 2, little) === SHORT && view.getUint32(at + 4, little) === 1;
    return fits && value >= 1 && value <= 8 ? value as Orientation : 1;
  }
  return 1;
}

/** The picture as it was taken (Pillow's `ImageOps.exif_transpose`). */
export function oriented(pixels: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return pixels;
  const { width, height, channels, planes } = pixels;
  // 5 to 8 swap rows and columns; 2, 3, 7 and 8 start at the right; 3, 4, 6 and 7 at the bottom.
  const swapped = orientation >= 5;
  const fromRight = [2, 3, 7, 8].includes(orientation), fromBottom = [3, 4, 6, 7].includes(orientation);
  const [newWidth, newHeight] = swapped ? [height, width] : [width, height];
  const turned = new Uint8Array(planes.length);
  let to = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < newHeight; y++) {
      for (let x = 0; x < newWidth; x++) {
        const column = swapped ? y : x, row = swapped ? x : y;
        const from = (fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column);
        turned[to++] = planes[c * width * height + from]!;
      }
    }
  }
  return { width: newWidth, height: newHeight, channels, planes: turned };
}

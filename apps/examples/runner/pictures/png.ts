/** Images as PNG. */
import { encode } from "fast-png";

/** Rows of pixels of 8-bit channels, one (grey), three (red, green, blue) or four (with opacity). */
export interface Pixels {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  /** `width × height × channels` values, channel innermost. */
  data: Uint8Array;
}

/**
 * The bytes of a PNG file.
 *
 * @throws RangeError when there are more or fewer values than the size needs.
 */
export function encodePng(pixels: Pixels): Uint8Array {
  const { width, height, channels, data } = pixels;
  if (data.length !== width * height * channels) {
    throw new RangeError(`encodePng: ${data.length} values for ${width} × ${height} pixels of ${channels} channels`);
  }
  return encode({ width, height, channels, data, depth: 8 });
}

/** The image as a `data:` address, for a page or a picture that holds it. */
export function pngDataUrl(pixels: Pixels): string {
  let binary = "";
  for (const byte of encodePng(pixels)) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

/** Grey pixels from intensities between 0 (black) and 1 (white); `invert` draws dark on light. */
export function greyPixels(
  values: ArrayLike<number>,
  size: { width: number; height: number },
  options: { invert?: boolean } = {},
): Pixels {
  const data = Uint8Array.from(values, (value) => {
    const level = Math.round(Math.min(1, Math.max(0, value)) * 255);
    return options.invert ? 255 - level : level;
  });
  return { ...size, channels: 1, data };
}
